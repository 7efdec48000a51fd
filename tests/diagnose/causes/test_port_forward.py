from __future__ import annotations

from dataclasses import replace

from diagnose.causes.said import found, silent
from diagnose.shops import LISTENS, caller, held, pod, servers, shop, socket_looks

from lbdemo.diagnose.causes.port_forward import cause
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import SocketLook
from lbdemo.kube.records.pods import Container, Pod


def within(one: Pod, *, port: int = LISTENS) -> tuple[SocketLook, ...]:
    return socket_looks(one, {"127.0.0.1": 1}, port=port)


def forwarded(pods: tuple[Pod, ...], *, to: int = 1, port: int = LISTENS) -> tuple[SocketLook, ...]:
    quiet = (look for one in pods[to:] for look in socket_looks(one, {}))
    return tuple([look for one in pods[:to] for look in within(one, port=port)] + list(quiet))


def test_a_lasting_connection_from_within_one_pod_is_a_port_forward() -> None:
    said = found(cause, shop(sockets=forwarded(servers())))

    assert (said.severity, said.explains, said.possible) == (Severity.PROBLEM, 1.0, False)
    assert "payments-a" in said.evidence[0].text


def test_beside_other_callers_it_is_a_note() -> None:
    looks = (*within(servers()[0]), *(look for one in servers()[1:] for look in socket_looks(one, {"10.0.1.1": 1})))

    assert found(cause, shop(sockets=looks, callers=[caller("checkout")])).severity is Severity.NOTE


def test_from_within_all_pods_it_is_their_own_doing() -> None:
    assert silent(cause, shop(sockets=forwarded(servers(), to=3)))


def test_another_port_is_another_matter() -> None:
    assert silent(cause, shop(sockets=forwarded(servers(), port=8081)))


def test_a_sidecar_calls_from_within() -> None:
    pods = servers(proxy="istio-proxy")

    assert silent(cause, shop(pods=pods, sockets=forwarded(pods)))


def test_with_other_containers_beside_it_is_possible_only() -> None:
    one = servers()[0]
    pods = (replace(one, containers=(*one.containers, Container("gateway", "gateway:1"))), *servers()[1:])

    assert found(cause, shop(pods=pods, sockets=forwarded(pods))).possible


def test_of_a_pod_alone_nobody_can_say_that_others_do_not() -> None:
    pods = (pod("payments-a", "10.0.0.1"),)

    assert found(cause, shop(pods=pods, sockets=forwarded(pods))).possible
    assert silent(cause, shop(held(1), pods=pods, callers=[caller("checkout")]))
