"""`up` before it looks at the cluster: which strategy is meant, and the command that is told in the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from echo_server import told

from lbdemo import errors
from lbdemo.cli.context import Globals
from lbdemo.cli.up import METRICS
from lbdemo.cluster.install.values import Values


@pytest.fixture(autouse=True)
def no_kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the options, that is the first error."""
    monkeypatch.setenv("PATH", str(tmp_path))


def ending(monkeypatch: pytest.MonkeyPatch, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code and what was said."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    code, _, said = told("up", *arguments)
    return code, said


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("--istio",), {"LBDEMO_STRATEGY": "envoy"}),
        (("--strategy", "envoy"), {"LBDEMO_ISTIO": "1"}),
        (("--strategy", "istio", "--istio"), {}),
    ],
)
def test_what_is_typed_has_precedence_over_the_other_ones_variable(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    assert ending(monkeypatch, *arguments, **environment)[0] == errors.MISSING_PROGRAM


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(("--istio", "--strategy", "envoy"), {}), ((), {"LBDEMO_ISTIO": "1", "LBDEMO_STRATEGY": "envoy"})],
)
def test_two_that_are_said_alike_contradict_each_other(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    code, said = ending(monkeypatch, *arguments, **environment)

    assert code == errors.BAD_INPUT
    assert "contradict" in said


@pytest.mark.parametrize(
    ("here", "other", "typed"),
    [
        (Globals(), "", "lbdemo"),
        (Globals(namespace="shop"), "", "lbdemo -n shop"),
        (Globals(context="kind a", namespace="shop"), "lbdemo", "lbdemo --context 'kind a'"),
        (Globals(context="kind-a"), "other", "lbdemo --context kind-a -n other"),
    ],
)
def test_a_command_that_is_told_names_the_place(here: Globals, other: str, typed: str) -> None:
    assert here.typed(other) == typed


def test_metrics_are_switched_on_by_values_that_the_chart_has() -> None:
    values = Values("server").to_values()
    off = [values[role][name] for role, name in (text.split("=")[0].split(".") for text in METRICS)]

    assert off
    assert not any(off)
