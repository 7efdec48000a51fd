from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.meshes import SIDECAR, calling, said
from diagnose.pasting import pasted, refuses
from diagnose.shops import CLUSTER_IP, PORT, caller, route, service, shop

from lbdemo.diagnose.causes.port_not_grpc import cause
from lbdemo.diagnose.findings import CannotTell, Finding
from lbdemo.diagnose.looks import EnvoyRoute

SILENT = service(port=replace(PORT, name="pay", app_protocol=""))
EVERYWHERE = f"0.0.0.0_{PORT.number}"


def test_a_listener_that_passes_connections_on() -> None:
    (found,) = said(cause, shop(**calling(SIDECAR, 9, 0, 0), about=SILENT, routes=(route(SIDECAR, "tcp"),)))

    assert isinstance(found, Finding)
    assert f"listener {CLUSTER_IP}_8080 passes connections on" in found.evidence[1].text


def test_without_a_listener_the_counters_tell() -> None:
    (found,) = said(cause, shop(**calling(SIDECAR, 3, 0, 0, tcp=True), about=SILENT))

    assert isinstance(found, Finding)


def test_calls_that_never_end_are_counted_like_connections_and_are_calls() -> None:
    streams = calling(SIDECAR, 3, 3, 3, tcp=True)

    assert not said(cause, shop(**streams, about=SILENT, routes=(route(SIDECAR),)))
    assert not said(cause, shop(**streams))


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_the_listener_of_the_services_own_address_is_the_one_that_is_used(kind: str) -> None:
    other = EnvoyRoute(SIDECAR.name, EVERYWHERE, "tcp" if kind == "http" else "http")

    found = said(cause, shop(**calling(SIDECAR, 9, 9, 9), about=SILENT, routes=(other, route(SIDECAR, kind))))

    assert bool(found) is (kind == "tcp")


@pytest.mark.parametrize(
    ("protocol", "undone"),
    [("", {"port": 8080}), ("tcp", {"port": 8080, "appProtocol": "tcp"})],
)
def test_the_fix_names_the_port_and_its_undo_brings_back_what_was(protocol: str, undone: dict[str, Any]) -> None:
    about = service(port=replace(PORT, name="pay", app_protocol=protocol))

    (found,) = said(cause, shop(**calling(SIDECAR, 9, 0, 0), about=about, routes=(route(SIDECAR, "tcp"),)))

    assert isinstance(found, Finding)
    (fix,) = found.fixes
    before = {"spec": {"ports": {"0": undone}}}
    assert pasted(before, fix.commands) == {"spec": {"ports": {"0": {"port": 8080, "appProtocol": "grpc"}}}}
    assert pasted(pasted(before, fix.commands), fix.undo) == before
    moved = {"spec": {"ports": {"0": {"port": 443, "appProtocol": "grpc"}}}}
    assert refuses(moved, fix.commands)
    assert refuses(moved, fix.undo)
    assert fix.commands[0].startswith("kubectl -n shop patch service payments --type json -p ")


@pytest.mark.parametrize(("name", "protocol"), [("pay", "https"), ("tls-pay", "")])
def test_a_port_that_speaks_tls_is_not_to_be_called_grpc(name: str, protocol: str) -> None:
    about = service(port=replace(PORT, name=name, app_protocol=protocol))

    (found,) = said(cause, shop(**calling(SIDECAR, 9, 0, 0), about=about, routes=(route(SIDECAR, "tcp"),)))

    assert isinstance(found, Finding)
    assert not found.fixes[0].commands
    assert found.fixes[0].advice


def test_callers_that_read_calls_or_have_no_sidecar_are_other_cases() -> None:
    plain = caller("checkout")

    assert not said(cause, shop(**calling(SIDECAR, 9, 9, 9), routes=(route(SIDECAR),)))
    assert not said(cause, shop({"payments-a": {"10.0.1.1": 1}}, callers=[plain]))
    assert not said(cause, shop(**calling(SIDECAR, 9, 0, 0), routes=(route(SIDECAR, "tcp"),), headless=True))


def test_a_sidecar_that_nobody_could_ask_tells_nothing() -> None:
    (unknown,) = said(cause, shop({"payments-a": {"10.0.1.1": 1}}, callers=[SIDECAR]))

    assert isinstance(unknown, CannotTell)
    assert "checkout" in unknown.because
