from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import LISTENS, caller, held, shop

from lbdemo.diagnose.causes.old_proxy_generation import cause
from lbdemo.diagnose.evidence import Caller, Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import ESTABLISHED, TIME_WAIT, Socket, SocketLook
from lbdemo.kube.records.pods import Container

GONE = "10.0.0.99"
APP = caller("front")


def runs(image: str) -> Caller:
    assert APP.pod is not None
    return replace(APP, pod=replace(APP.pod, containers=(Container("main", image, running=True),)))


NGINX = runs("registry.example/ingress-nginx/controller-nginx:1")


def seen(*gone: str, who: Caller = NGINX, peer: str = GONE, port: int = LISTENS, state: str = ESTABLISHED) -> Evidence:
    look = SocketLook(who.name, 0, 0.0, (Socket("10.0.1.1", 41000, peer, port, state, 9),))
    return shop(held(1, 1, 1), callers=[who], headless=True, sockets=(look,), gone=gone)


def test_a_proxy_with_a_connection_to_what_no_pod_has() -> None:
    said = found(cause, seen(GONE))

    assert (said.severity, said.explains, said.possible) == (Severity.RISK, 0.0, True)
    assert f"front is connected to {GONE}, which no pod has" in texts(said)
    assert commands(said) == "kubectl -n shop rollout restart deployment/front"


@pytest.mark.parametrize(
    "evidence",
    [
        seen(),
        seen("10.0.0.98"),
        seen(GONE, who=runs("app:1")),
        seen(GONE, port=LISTENS + 1),
        seen(GONE, state=TIME_WAIT),
        seen(GONE, peer="10.0.0.1"),
    ],
)
def test_other_services_pods_ports_and_callers_and_what_is_closed_prove_nothing(evidence: Evidence) -> None:
    assert silent(cause, evidence)
