"""What tells sidecars of listeners is asked for where one takes for TCP what says gRPC, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from diagnose.meshes import HOST, SIDECAR
from diagnose.shops import PORT, envoy_looks, route, service, shop
from fake_api import FakeApi

from lbdemo.diagnose.collect.listener_rules import listener_rules
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.looks import EnvoyRoute
from lbdemo.kube.answers import Unseen

TCP = route(SIDECAR, "tcp")
KINDS = {"sidecars": "Sidecar", "serviceentries": "ServiceEntry", "envoyfilters": "EnvoyFilter"}


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        for kind in KINDS.values():
            for namespace in ("shop", "istio-system", "elsewhere"):
                fake.add({"kind": kind, "metadata": {"name": "one", "namespace": namespace}})
        yield fake


def test_those_are_found_that_may_hold_for_the_caller(server: FakeApi) -> None:
    found = listener_rules(server.api(), shop(callers=[SIDECAR]), [TCP])

    assert isinstance(found, tuple)
    assert {(rule.meta.kind, rule.meta.namespace) for rule in found} == {
        *((kind, namespace) for kind in KINDS.values() for namespace in ("shop", "istio-system")),
        ("ServiceEntry", "elsewhere"),
    }


@pytest.mark.parametrize(("evidence", "routes"), [
    (shop(callers=[SIDECAR]), []),
    (shop(callers=[SIDECAR]), [route(SIDECAR)]),
    (shop(callers=[SIDECAR], about=service(headless=True)), [TCP]),
    (replace(shop(callers=[SIDECAR]), port=replace(PORT, name="web", app_protocol="")), [TCP]),
], ids=["no listener", "requests are read", "a headless Service", "a port that does not say gRPC"])  # fmt: skip
def test_nobody_is_asked_elsewhere(server: FakeApi, evidence: Evidence, routes: list[EnvoyRoute]) -> None:
    assert listener_rules(server.api(), evidence, routes) == ()
    assert server.asked == []


@pytest.mark.parametrize("plural", KINDS)
def test_what_may_not_be_seen_is_named(server: FakeApi, plural: str) -> None:
    server.forbid("*", f"{plural}.networking.istio.io")

    found = listener_rules(server.api(), shop(callers=[SIDECAR]), [TCP])

    assert isinstance(found, Unseen)
    assert plural in found.what


@pytest.mark.parametrize(("address", "asked"), [("10.0.0.1", False), ("10.0.9.9", True)])
def test_entries_are_asked_for_where_a_sidecar_calls_what_is_no_pod(server: FakeApi, address: str, asked: bool) -> None:
    looks = envoy_looks(SIDECAR, {address: 9}, HOST)

    found = listener_rules(server.api(), shop(callers=[SIDECAR]), [route(SIDECAR)], looks)

    assert isinstance(found, tuple)
    assert {rule.meta.kind for rule in found} == ({"ServiceEntry"} if asked else set())
    assert len(server.asked) == int(asked)
