from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.causes.test_port_not_there import BATCH, STRICT
from diagnose.shops import CLUSTER_IP, LISTENS, PORT, at_once, caller, even, held, servers, shop, slices

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes import calls_never_leave, connection_per_call
from lbdemo.diagnose.causes.handshakes_fail import cause
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import TIME_WAIT, ClientLook, Complaint, Socket, SocketLook
from lbdemo.kube.records.pods import Container, Probe

OTHER = caller("checkout")
NO_TLS, CERTIFICATE, RESET = Complaint("no TLS", 7), Complaint("certificate", 4), Complaint("reset", 3)


def ended(by_pods: int = 30, by_itself: int = 0, *said: Complaint, who: str = "batch") -> Evidence:
    """A caller beside one that is answered: so many of its connections have ended, and none lasts."""
    mine = caller(who, 2)
    there = tuple(Socket("10.0.0.1", LISTENS, "10.0.1.2", 41000 + n, TIME_WAIT) for n in range(by_pods))
    own = tuple(Socket("10.0.1.2", 51000 + n, CLUSTER_IP, PORT.number, TIME_WAIT) for n in range(by_itself))
    looks = (SocketLook("shop/payments-a", 12, 10.0, there), SocketLook(mine.name, 12, 10.0, own))
    seen = shop(held(1), callers=[OTHER, mine], segments=even(50, "payments-a"))
    clients = (ClientLook(mine.name, complaints=said),) if said else ()
    return replace(seen, sockets=(*seen.sockets, *looks), clients=clients)


def test_connections_that_pods_end_before_a_call_are_told_and_no_side_is_blamed() -> None:
    said = found(cause, ended())

    assert (said.severity, said.aside, said.possible) == (Severity.PROBLEM, True, True)
    assert said.sentence == ("Connections of batch end before a call: one side speaks TLS, and the other does not.")
    assert "30 connections of batch ended within a minute, 30 of them by pods; none lasts" in texts(said)
    assert "kubectl -n shop logs batch --tail=100" in commands(said)
    assert silent(connection_per_call.cause, ended())


def test_who_ends_its_connections_itself_makes_one_for_each_call() -> None:
    seen = ended(by_pods=0, by_itself=30)

    assert silent(cause, seen)
    assert found(connection_per_call.cause, seen)


@pytest.mark.parametrize(
    ("by_pods", "by_itself", "told"), [(5, 35, True), (5, 36, False), (4, 0, False), (4, 30, False)]
)
def test_pods_have_to_end_an_eighth_of_them_and_five(by_pods: int, by_itself: int, told: bool) -> None:
    assert bool(list(cause(Case(ended(by_pods, by_itself))))) is told


@pytest.mark.parametrize(
    ("said", "sentence", "certain"),
    [
        (NO_TLS, "The pods speak plain text, and batch asked for TLS: connections end before a call.", True),
        (CERTIFICATE, "No TLS comes about between batch and the pods: one side does not take the other's certificate.",
         True),
        (RESET, "The pods want TLS, and batch sent plain text: connections end before a call.", False),
    ],
)  # fmt: skip
def test_the_log_says_which_side_is_wrong(said: Complaint, sentence: str, certain: bool) -> None:
    told = found(cause, ended(1, 1, said))

    assert (told.sentence, told.possible) == (sentence, not certain)
    assert f"batch says in {said.times} lines of the last 10 min" in texts(told)
    assert silent(connection_per_call.cause, ended(1, 30, said))


def test_a_certificate_explains_more_than_what_follows_from_it() -> None:
    assert "certificate" in found(cause, ended(9, 0, RESET, CERTIFICATE)).sentence


@pytest.mark.parametrize("said", [NO_TLS, CERTIFICATE, RESET])
def test_of_connections_that_left_no_trace_the_log_tells_alone(said: Complaint) -> None:
    seen = ended(0, 0)
    lost = replace(seen, callers=(OTHER, BATCH), clients=(ClientLook(BATCH.name, complaints=(said,)),))

    assert "batch" in found(cause, lost).sentence
    assert silent(calls_never_leave.cause, lost)


def test_a_log_that_complains_mostly_of_something_else_is_of_another_fault() -> None:
    seen = ended(0, 0)
    lost = replace(seen, callers=(OTHER, BATCH),
                   clients=(ClientLook(BATCH.name, complaints=(Complaint("late", 9), RESET)),))  # fmt: skip

    assert silent(cause, lost)
    assert found(calls_never_leave.cause, lost)


def test_resets_of_who_ended_all_its_connections_itself_are_of_somewhere_else() -> None:
    assert silent(cause, ended(0, 30, RESET))


def test_who_holds_a_connection_has_come_to_calls() -> None:
    seen = ended(30, 0, NO_TLS)
    lasting = shop(held(1, address="10.0.1.2"), callers=seen.callers).sockets

    assert silent(cause, replace(seen, sockets=(*lasting, *(s for s in seen.sockets if s.turn == 12))))


@pytest.mark.parametrize(("minutes", "told"), [(1.1, False), (1.2, True), (60, True)])
def test_pods_that_came_up_just_now_have_ended_connections_with_what_was_before(minutes: float, told: bool) -> None:
    young = replace(ended(), servers=at_once(60, 60, minutes))

    assert bool(list(cause(Case(young)))) is told
    assert silent(connection_per_call.cause, young)
    assert found(cause, replace(young, clients=(ClientLook("shop/batch", complaints=(NO_TLS,)),))), "that is no guess"


def test_without_a_ready_pod_nobody_speaks_anything() -> None:
    down = tuple(replace(one, conditions=()) for one in servers())

    assert silent(cause, replace(ended(), servers=down, slices=slices(down)))


def probed(seen: Evidence, port: int) -> Evidence:
    """The same with pods that are ready by a probe that calls this port."""
    probe = Container("app", "app:1", running=True, readiness=Probe("grpc", port))
    return replace(seen, servers=tuple(replace(one, containers=(probe,)) for one in servers()))


def test_probes_in_plain_text_tell_that_pods_speak_it() -> None:
    told = found(cause, probed(ended(), LISTENS))

    assert "The pods speak plain text" in told.sentence
    assert told.possible
    assert "pods are ready by probes that call this port in plain text (gRPC)" in texts(told)
    assert "one side" in found(cause, probed(ended(), 8086)).sentence, "another port"


def test_who_is_refused_for_want_of_mutual_tls_or_has_a_sidecar_is_told_of_by_others() -> None:
    seen = ended(30, 0, RESET)
    mesh = Surroundings(peer_authentications=(STRICT,))
    meshed = caller("batch", 2, proxy="istio-proxy")

    assert silent(cause, replace(seen, surroundings=mesh, servers=servers(proxy="istio-proxy")))
    assert silent(cause, replace(seen, callers=(OTHER, meshed)))
