from __future__ import annotations

from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import CLUSTER_IP, PORT, caller, held, servers, shop, socket_looks

from lbdemo.diagnose.causes.connection_per_call import cause
from lbdemo.diagnose.evidence import Caller
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import TIME_WAIT, Socket, SocketLook

CHECKOUT = caller("checkout")
A, *OTHERS = servers()


def fleeting(address: str = "10.0.1.1") -> tuple[SocketLook, ...]:
    return (*socket_looks(A, {address: 1}, new_each_turn=True), *(e for o in OTHERS for e in socket_looks(o, {})))


def test_another_connection_in_each_look_is_one_for_each_call() -> None:
    said = found(cause, shop(callers=[CHECKOUT], sockets=fleeting()))

    assert (said.severity, said.explains) == (Severity.RISK, 0.0)
    assert "12 connections in 12 looks, none in two of them" in texts(said)
    assert "kubectl -n shop rollout restart deployment/checkout" in commands(said)


def test_many_that_ended_just_now_are_too() -> None:
    over = tuple(Socket("10.0.1.1", 41000 + n, CLUSTER_IP, PORT.number, TIME_WAIT) for n in range(30))

    said = found(cause, shop({}, callers=[CHECKOUT], sockets=(SocketLook("shop/checkout", 12, 10.0, over),)))

    assert "30 connections of checkout ended" in texts(said)


def test_connections_that_stay_are_another_case() -> None:
    assert silent(cause, shop(held(1, 1, 1), callers=[CHECKOUT]))


def test_a_sidecar_has_a_setting_of_its_own_for_that() -> None:
    assert silent(cause, shop(callers=[caller("checkout", proxy="istio-proxy")], sockets=fleeting()))


def test_who_is_no_pod_that_could_be_seen_may_be_a_kubelet() -> None:
    assert silent(cause, shop(callers=[Caller("10.0.9.9", ("10.0.9.9",), "sockets")], sockets=fleeting("10.0.9.9")))
