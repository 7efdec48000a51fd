"""The status as a person reads it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from lbdemo.render.status import print_status

SERVER = "https://10.96.0.1:443"
RECORD: dict[str, Any] = {
    "context": {"name": "kind-a", "server": SERVER},
    "namespace": {"name": "shop", "state": "adopted", "injection": "enabled"},
    "strategy": None,
    "istio": "",
    "releases": [{"name": "echo-server", "status": "deployed", "revision": 3}],
    "unseen": ["secrets: forbidden", "istio: timed out"],
    "pods": [
        {"name": "a", "image": "echo:1", "state": "Ready", "sidecar": True, "restarts": 2, "node": "n1"},
        {"name": "b", "image": "echo:1", "state": "Pending", "sidecar": False, "restarts": 0, "node": ""},
    ],
}  # fmt: skip


def shown(record: dict[str, Any]) -> list[str]:
    out = io.StringIO()
    print_status(Console(file=out, width=80), record)
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("name", "told"), [("kind-a", f"kind-a ({SERVER})"), ("", f"this pod's own cluster ({SERVER})")]
)
def test_the_cluster_has_a_name_also_where_no_context_names_it(name: str, told: str) -> None:
    record = {**RECORD, "context": {"name": name, "server": SERVER}}

    assert shown(record)[0] == f"context    {told}"


def test_what_could_not_be_seen_is_a_line_of_its_own_and_what_is_empty_is_none() -> None:
    lines = shown(RECORD)

    assert "unseen     secrets: forbidden; istio: timed out" in lines
    assert not any(line.startswith("istio") for line in lines)
    assert "namespace  shop (adopted), injection enabled" in lines
    assert "strategy   nothing installed; `lbdemo up` installs it" in lines


def test_each_pod_is_a_row() -> None:
    rows = [line.split() for line in shown(RECORD)[-2:]]

    assert rows == [["a", "Ready", "yes", "2", "n1"], ["b", "Pending", "no", "0"]]
