from __future__ import annotations

from dataclasses import replace

from diagnose.meshes import SIDECAR, calling, said
from diagnose.shops import PORT, route, service, shop

from lbdemo.diagnose.causes import port_not_grpc, port_number_conflict
from lbdemo.diagnose.findings import Finding

SILENT = service(port=replace(PORT, name="pay", app_protocol=""))
TCP = (route(SIDECAR, "tcp"),)


def test_a_port_that_says_grpc_and_is_taken_for_tcp_is_no_matter_of_what_it_says() -> None:
    evidence = shop(**calling(SIDECAR, 9, 0, 0), routes=TCP)

    (found,) = said(port_number_conflict.cause, evidence)

    assert isinstance(found, Finding)
    assert found.possible
    assert found.fixes[1].commands == ("kubectl -n shop rollout restart deployment/checkout",)
    assert not said(port_not_grpc.cause, evidence)


def test_a_port_that_says_nothing_or_is_read_is_another_case() -> None:
    assert not said(port_number_conflict.cause, shop(**calling(SIDECAR, 9, 0, 0), about=SILENT, routes=TCP))
    assert not said(port_number_conflict.cause, shop(**calling(SIDECAR, 9, 9, 9), routes=(route(SIDECAR),)))
    assert not said(port_number_conflict.cause, shop(**calling(SIDECAR, 9, 9, 9, tcp=True)))
