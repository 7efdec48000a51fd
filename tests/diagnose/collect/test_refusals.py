"""What is looked at where calls through sidecars are not answered, and only there."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from diagnose.meshes import SIDECAR, calling, inside, refusing
from diagnose.shops import PORT, servers, service, shop
from fake_api import FakeApi
from fakes import FakeStreams

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.port_wrongly_grpc import cause
from lbdemo.diagnose.collect.asked import Means
from lbdemo.diagnose.collect.envoy_hosts import SHELL
from lbdemo.diagnose.collect.refusals import looked
from lbdemo.diagnose.collect.watching import Watched
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Finding
from lbdemo.diagnose.looks import ClientLook
from lbdemo.tools.kubectl import Kubectl

WEB = replace(PORT, name="http", app_protocol="")
COUNTED = "@look\n@clusters\n" + "\n".join(
    f"inbound|9090||::10.0.0.1:9090::{name}::{{{name}}}" for name in ("rq_total", "rq_error", "rq_success", "cx_total")
)


def counted(calls: int) -> bytes:
    return f"{COUNTED.format(rq_total=calls, rq_error=calls, rq_success=0, cx_total=calls)}\n".encode()


def inside_of(name: str) -> str:
    words = " ".join(map(shlex.quote, ("sh", "-c", SHELL, "sh", "2", "1.000", "inbound|9090||")))
    return f"kubectl -n shop exec {name} -c istio-proxy -- {words}"


def asked(evidence: Evidence, run: FakeStreams, log: bytes | None = None) -> Watched:
    with FakeApi() as server:
        server.add({"kind": "Pod", "metadata": {"name": "checkout", "namespace": "shop"}})
        if log is not None:
            server.logs["checkout", "app"] = [log]
        return looked(Means(server.api(), Kubectl(run)), evidence, evidence.callers, Watched(envoys=evidence.envoys))


def test_the_servers_own_sidecars_are_asked_twice_where_all_calls_of_a_caller_fail() -> None:
    with FakeStreams() as run:
        for name in ("payments-a", "payments-b", "payments-c"):
            run.on_stream(inside_of(name), [counted(10), counted(50)])
        seen = asked(inside(), run)

    assert [(look.pod, look.turn) for look in seen.envoys] == [
        (f"shop/payments-{end}", turn) for end in "abc" for turn in (0, 1)
    ]
    (one,) = cause(Case(replace(inside(), envoys=inside().envoys + seen.envoys)))
    assert isinstance(one, Finding)


@pytest.mark.parametrize(
    "evidence",
    [
        shop(**calling(SIDECAR, 9, 9, 9), pods=servers(proxy="istio-proxy")),
        refusing(shop(**calling(SIDECAR, 9, 9, 9))),
        replace(inside(), port=WEB, service=service(port=WEB)),
        shop({"payments-a": {"10.0.1.1": 1}}),
    ],
    ids=["calls are answered", "servers without a sidecar", "a port that does not say gRPC", "nobody calls"],
)
def test_nobody_is_asked_anything_where_that_would_settle_nothing(evidence: Evidence) -> None:
    with FakeStreams() as run:
        assert asked(evidence, run) == Watched()


def test_logs_are_read_of_callers_whose_sidecars_were_given_no_call() -> None:
    log = b'connection error: desc = "transport: authentication handshake failed: EOF"\nSSLHandshakeException\n'

    with FakeStreams() as run:
        seen = asked(shop(**calling(SIDECAR, 0, 0, 0)), run, log)

    assert seen == Watched(clients=(ClientLook(SIDECAR.name, no_tls=2),))
