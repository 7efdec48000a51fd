from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.meshes import said
from diagnose.shops import PORT, caller, pod, service, shop

from lbdemo.diagnose.causes.linkerd_opaque import cause, listed
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Finding

OPAQUE, SKIP = "config.linkerd.io/opaque-ports", "config.linkerd.io/skip-outbound-ports"
H2C = "kubernetes.io/h2c"


def seen(
    protocol: str = H2C, proxy: str = "linkerd-proxy", mine: dict[str, str] | None = None, **more: Any
) -> Evidence:
    who = caller("checkout", proxy=proxy, meta={"annotations": mine or {}})
    about = service(port=replace(PORT, app_protocol=protocol), meta={"annotations": more.pop("marks", {})})
    return shop({"payments-a": {"10.0.1.1": 1}}, callers=[who], about=about, **more)


@pytest.mark.parametrize(
    ("ports", "expected"),
    [("8080", True), ("25, 8080", True), ("8000-8100", True), ("80", False), ("8081-8090", False), ("", False),
     ("mysql", False)],
)  # fmt: skip
def test_ports_are_listed_one_by_one_and_as_ranges(ports: str, expected: bool) -> None:
    assert listed(ports, 8080) is expected


@pytest.mark.parametrize(
    "evidence",
    [seen(marks={OPAQUE: "8080"}), seen(mine={SKIP: "8000-8100"}),
     seen(pods=[pod("payments-a", "10.0.0.1", meta={"annotations": {OPAQUE: "9090"}}), pod("payments-b", "10.0.0.2")])],
    ids=["service", "caller", "server"],
)  # fmt: skip
def test_an_annotation_that_holds_the_port(evidence: Evidence) -> None:
    (found,) = said(cause, evidence)

    assert isinstance(found, Finding)
    assert not found.possible
    assert found.explains == 1.0


def test_an_app_protocol_that_linkerd_does_not_know_is_a_possibility_with_its_undo() -> None:
    (found,) = said(cause, seen("grpc"))

    assert isinstance(found, Finding)
    assert found.possible
    assert f'"value":"{H2C}"' in found.fixes[0].commands[0]
    assert '"value":"grpc"' in found.fixes[0].undo[0]


@pytest.mark.parametrize(
    "evidence",
    [seen(), seen(""), seen(marks={OPAQUE: "3306"}), seen("grpc", "istio-proxy"), seen("grpc", "")],
    ids=["h2c", "nothing said", "other port", "Istio", "no mesh"],
)
def test_ports_that_linkerd_reads_and_callers_without_it_are_other_cases(evidence: Evidence) -> None:
    assert not said(cause, evidence)
