from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest
from diagnose.shops import LISTENS, SHOP, pod, servers, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.one_ready_endpoint import cause
from lbdemo.diagnose.findings import Finding
from lbdemo.diagnose.looks import ESTABLISHED, LISTEN, Socket, SocketLook
from lbdemo.kube.records.meta import Owner
from lbdemo.kube.records.pods import Container, Probe

WRONG = Probe("tcpSocket", 1)
DEPLOYED = {"owners": (Owner("ReplicaSet", "payments-1a", "u", True),), "labels": {"pod-template-hash": "1a"}}
OPEN = Socket("::", LISTENS, "", 0, LISTEN)
CALLS = Socket("10.0.0.2", 1, "10.0.9.9", 40000, ESTABLISHED)


def unready(
    probe: Probe | None = WRONG, sockets: tuple[Socket, ...] = (OPEN, CALLS), meta: dict[str, Any] | None = None,
) -> Finding:  # fmt: skip
    """A ready pod, and one whose probe asks like this, with these sockets."""
    ill = pod("payments-b", "10.0.0.2", ready=False, meta=DEPLOYED if meta is None else meta)
    ill = replace(ill, containers=(Container("app", "app:1", running=True, readiness=probe),))
    looks = (SocketLook(f"{SHOP}/payments-b", 0, 0.0, sockets),)
    (found,) = cause(Case(shop(pods=(servers()[0], ill), sockets=looks)))
    assert isinstance(found, Finding)
    return found


def test_a_probe_that_asks_where_nobody_listens_is_sent_to_where_the_program_does() -> None:
    found = unready()

    [fix, _] = found.fixes
    *words, patch = shlex.split(fix.commands[0])
    assert words == ["kubectl", "-n", SHOP, "patch", "deployment/payments", "-p"]
    container = {"name": "app", "readinessProbe": {"tcpSocket": {"port": LISTENS}}}
    assert json.loads(patch) == {"spec": {"template": {"spec": {"containers": [container]}}}}
    assert fix.undo == (fix.commands[0].replace(str(LISTENS), "1"),)
    assert "asks at port 1, where nobody listens; the program listens at 9090" in found.evidence[-1].text


@pytest.mark.parametrize(
    "told",
    [{"probe": None}, {"probe": Probe("httpGet", 1)}, {"probe": Probe("grpc", LISTENS)}, {"sockets": ()},
     {"sockets": (OPEN, replace(OPEN, local_port=1))}, {"sockets": (replace(OPEN, local_port=9),)}, {"meta": {}}],
)  # fmt: skip
def test_what_nobody_can_tell_or_is_in_order_is_left_to_who_looks(told: dict[str, Any]) -> None:
    assert [fix.title for fix in unready(**told).fixes] == ["see why it does not become ready"]
