from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import NAMES, PORT, caller, dialling, held, servers, shop, socket_looks

from lbdemo.diagnose.causes.no_traffic import cause
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import TIME_WAIT, MetricsLook, Socket, SocketLook

TOLD = replace(caller("checkout"), found_by="environment")


def counted(rate: int, names: tuple[str, ...] = NAMES) -> tuple[MetricsLook, ...]:
    return tuple(MetricsLook(f"shop/{name}", turn, float(turn), "request_total", 7 + rate * turn)
                 for name in names for turn in range(12))  # fmt: skip


def test_silence_is_told_with_who_could_call() -> None:
    said = found(cause, shop({}, callers=[TOLD]))

    assert said.severity is Severity.NOTE
    assert "no connection to any pod" in texts(said)
    assert "checkout is told of it, and did not call" in texts(said)
    assert said.fixes[0].title.endswith("or name who calls (--from)")
    assert [fix.commands for fix in said.fixes[1:]] == [("kubectl -n shop logs checkout --tail=100",)]


def test_who_was_named_is_not_asked_to_be_named() -> None:
    said = found(cause, shop({}, callers=[replace(TOLD, found_by="asked")]))

    assert "--from" not in said.fixes[0].title


def test_other_ports_are_named() -> None:
    seen = shop({}, callers=[TOLD])
    ports = (*seen.service.ports, replace(PORT, name="rpc", number=50051), replace(PORT, name="", number=9100))

    said = found(cause, replace(seen, service=replace(seen.service, ports=ports)))

    assert said.fixes[1].title == "look at another port of the Service with --port: 50051 (rpc) and 9100"


def test_counters_that_stand_still_are_silence() -> None:
    assert "no pod counted a call" in texts(found(cause, shop(metrics=counted(0))))


def test_who_is_connected_may_call_what_no_counter_counts() -> None:
    said = found(cause, shop(callers=[TOLD], sockets=dialling(TOLD), metrics=counted(0)))

    assert said.sentence.startswith("No pod counted a call of those who are connected")
    assert "checkout is connected, and no pod counted a call" in texts(said)
    assert "did not call" not in texts(said)


def test_counters_that_grow_are_not() -> None:
    assert silent(cause, shop(metrics=counted(5)))


def test_the_counter_of_one_pod_tells_nothing_of_the_others() -> None:
    assert silent(cause, shop(metrics=counted(0, NAMES[:1])))


def test_what_could_not_be_seen_is_no_silence() -> None:
    assert silent(cause, shop(None, callers=[TOLD]))


def test_an_idle_connection_is_somebody() -> None:
    assert silent(cause, shop(held(1), callers=[caller("checkout")]))


def test_others_who_are_connected_are_not_nobody() -> None:
    said = found(cause, shop(held(1, address="10.0.1.9"), callers=[replace(TOLD, found_by="asked")]))

    assert said.sentence.startswith("None of those who were asked about called")
    assert "10.0.1.9" in texts(said)


def test_connections_that_are_over_were_calls() -> None:
    over = SocketLook("shop/payments-a", 12, 10.0, (Socket("10.0.0.1", 9090, "10.0.1.1", 41000, TIME_WAIT),))

    assert silent(cause, shop({}, callers=[TOLD], sockets=(over,)))


@pytest.mark.parametrize(("pods", "told"), [(3, True), (1, False)], ids=["each of them", "one: a port-forward"])
def test_pods_that_call_themselves_only_call_nobody(pods: int, told: bool) -> None:
    looks = (look for one in servers() for look in
             socket_looks(one, {"127.0.0.1": 1} if one in servers()[:pods] else {}))  # fmt: skip
    seen = shop(sockets=tuple(looks))

    assert silent(cause, seen) is not told
    if told:
        text = texts(found(cause, seen))
        assert "are connected to their own port, each within itself" in text
        assert "no connection to any pod" not in text
