"""What kubectl's and Helm's own words mean for a person."""

from __future__ import annotations

import pytest
from fakes import FakeRun, failure

from lbdemo.errors import MissingProgramError
from lbdemo.tools.helm import Chart, Helm, Install, explain_helm
from lbdemo.tools.kubectl import Kubectl

VERSION = "helm version --short"
ROLLBACK = "helm rollback r"


@pytest.mark.parametrize(
    ("stderr", "hint"),
    [
        ('failed to perform "FetchReference" on source: x:9.9.9: not found', "--istio-version"),
        ('failed to perform "FetchReference" on source: dial tcp: connection refused', "cannot be reached"),
        ("http: server gave HTTP response to HTTPS client", "--plain-http"),
        ("another operation (install/upgrade/rollback) is in progress", "another helm"),
    ],
)
def test_helms_words(stderr: str, hint: str) -> None:
    assert hint in explain_helm(failure(stderr, "helm", "upgrade")).hint


def test_what_helm_warns_of_on_its_way_is_not_why_it_failed() -> None:
    warned = 'level=WARN msg="another operation (install) was in progress"'
    said = f"{warned}\nError: UPGRADE FAILED: invalid ownership metadata"

    assert "did not make" in explain_helm(failure(said, "helm", "upgrade")).hint


@pytest.mark.parametrize("said", ["v3.9.4+gdbc6d8e", "v2.17.0"])
def test_a_helm_that_is_too_old_is_refused(said: str) -> None:
    with pytest.raises(MissingProgramError, match="too old"):
        Helm(FakeRun().on(VERSION, answer=said)).version()


@pytest.mark.parametrize(("said", "forced"), [("v4.1.4+g05", True), ("v3.13.0+g1", False)])
def test_only_helm_4_is_told_to_force_conflicts(said: str, forced: bool) -> None:
    helm = Helm(FakeRun().on(VERSION, answer=said))

    argv = helm.install_argv(Install("r", "ns", Chart("chart"), values={"a": 1}))

    assert ("--force-conflicts" in argv) is forced
    assert ("--server-side=true" in argv) is forced, "a release of Helm 3's is applied by the client, where none can be"
    assert argv[-4:] == ["-f", "-", "-n", "ns"]


def test_only_helm_4_is_told_to_force_conflicts_when_it_rolls_back() -> None:
    with (
        FakeRun().on(VERSION, answer="v4.1.4") as run,
        run.on(f"{ROLLBACK} --server-side=true --force-conflicts -n ns"),
    ):
        Helm(run).rollback("r", "ns")

    with FakeRun().on(VERSION, answer="v3.13.0") as run, run.on(f"{ROLLBACK} -n ns"):
        Helm(run).rollback("r", "ns")


def test_a_helm_that_is_too_old_uninstalls_nothing() -> None:
    with pytest.raises(MissingProgramError, match="too old"):
        Helm(FakeRun().on(VERSION, answer="v3.9.4")).uninstall("r", "ns")


def test_the_context_reaches_both_programs() -> None:
    assert Kubectl(FakeRun(), "other").argv("get", "pods", namespace="n")[:5] == [
        "kubectl",
        "--context",
        "other",
        "-n",
        "n",
    ]
    assert Helm(FakeRun(), "other").argv("list")[-2:] == ["--kube-context", "other"]


def test_a_releases_own_values_are_read_and_none_are_none() -> None:
    helm = Helm(
        FakeRun()
        .on("helm get values r -o json -n ns", answer='{"replicas": 3}')
        .on("helm get values new -o json -n ns", answer="null")
    )

    assert helm.values("r", "ns") == {"replicas": 3}
    assert helm.values("new", "ns") == {}
