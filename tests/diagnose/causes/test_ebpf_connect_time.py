from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.meshes import SIDECAR, calling, passed_through
from diagnose.shops import CLUSTER_IP, LISTENS, PORT, caller, even, held, service, shop

from lbdemo.diagnose.causes.ebpf_connect_time import cause
from lbdemo.diagnose.causes.passthrough_from_the_start import cause as passthrough
from lbdemo.diagnose.evidence import Caller, Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import ESTABLISHED, Socket, SocketLook
from lbdemo.kube.answers import Unseen, Why

BESIDE = Surroundings(services=(service("payments-headless", headless=True),))
HIDDEN = Surroundings(services=Unseen("services", Why.FORBIDDEN))


def told(who: Caller, *words: str, **env: str) -> Caller:
    """The caller with these arguments and variables."""
    assert who.pod is not None
    containers = tuple(
        replace(one, args=words, env=env) if one.name == "app" else one for one in who.pod.containers
    )  # fmt: skip
    return replace(who, pod=replace(who.pod, containers=containers))


MESHED = told(SIDECAR, "--target=payments:8080")


def through(who: Caller = MESHED, address: str = "10.0.0.1", port: int = LISTENS, **more: Any) -> Evidence:
    return shop(held(1), callers=[who], envoys=passed_through(who, address, port), segments=even(50), **more)


def test_a_sidecar_that_saw_a_pod_though_the_service_was_called() -> None:
    said = found(cause, through())

    assert (said.severity, said.explains, said.possible) == (Severity.PROBLEM, 1.0, False)
    assert "10.0.0.1:9090 in PassthroughCluster" in texts(said)
    assert "bpf-lb-sock-hostns-only" in commands(said)
    assert '"bpfConnectTimeLoadBalancing":null' in said.fixes[1].undo[0]


def test_it_is_told_instead_of_a_connection_that_the_sidecar_does_not_know() -> None:
    assert silent(passthrough, through())
    assert not silent(passthrough, through(SIDECAR)), "somebody may dial pods by their addresses"
    assert found(cause, through(SIDECAR)).possible


@pytest.mark.parametrize(
    "seen",
    [
        through(address=CLUSTER_IP, port=PORT.number),
        through(port=PORT.number),
        through(surroundings=BESIDE),
        through(surroundings=HIDDEN),
        through(headless=True),
        through(told(SIDECAR, "--target=payments:8080", GRPC_XDS_BOOTSTRAP="/b.json")),
        through(told(SIDECAR, "kubernetes:///payments:8080")),
        shop(held(1), **calling(MESHED, 9, 0, 0), segments=even(50)),
    ],
)
def test_whoever_can_know_pods_by_himself_and_what_the_sidecar_knows_prove_nothing(seen: Evidence) -> None:
    assert silent(cause, seen)


def plain(who: Caller, peer: str, port: int, *connections: int, **more: Any) -> Evidence:
    """A caller without a sidecar whose own sockets lead there."""
    own = SocketLook(who.name, 0, 0.0, (Socket("10.0.1.1", 40000, peer, port, ESTABLISHED, 5),))
    return shop(held(*connections or (1,)), callers=[who], sockets=(own,), segments=even(50, "payments-a"), **more)


DIALS = told(caller("checkout"), "--target=payments.shop:8080")


def test_without_a_sidecar_it_is_a_note_for_who_will_add_one() -> None:
    said = found(cause, plain(DIALS, "10.0.0.1", LISTENS))

    assert (said.severity, said.explains) == (Severity.NOTE, 0.0)
    assert "checkout was told payments:8080, and is connected to 10.0.0.1:9090" in texts(said)


@pytest.mark.parametrize(
    "seen",
    [
        plain(DIALS, CLUSTER_IP, PORT.number),
        plain(caller("checkout"), "10.0.0.1", LISTENS),
        plain(DIALS, "10.0.0.1", LISTENS, surroundings=BESIDE),
        plain(DIALS, "10.0.0.1", LISTENS, 1, 1, 1),
    ],
)
def test_the_services_own_address_other_names_and_connections_to_all_are_no_note(seen: Evidence) -> None:
    assert silent(cause, seen)


def test_the_name_is_of_this_service() -> None:
    assert silent(cause, plain(told(caller("checkout"), "--target=parcels:8080"), "10.0.0.1", LISTENS))
