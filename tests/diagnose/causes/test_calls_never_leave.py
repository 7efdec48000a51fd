from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.causes.test_port_not_there import BATCH, STRICT, beside, told
from diagnose.shops import held, own_look, servers, shop

from lbdemo.diagnose.causes.calls_never_leave import cause
from lbdemo.diagnose.evidence import Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import SYN_SENT, TIME_WAIT, ClientLook, Complaint
from lbdemo.kube.records.pods import Container

POLICY = Complaint("policy", 9, "round_robbin")
REFUSED = Complaint("refused", 12)


def test_what_the_log_says_is_told_beside_others_who_call() -> None:
    said = found(cause, beside(BATCH, POLICY))

    assert said.severity is Severity.PROBLEM
    assert said.aside
    assert said.sentence == "Calls of batch end in the client: its gRPC takes no such service config."
    assert "batch says in 9 lines of the last 10 min: its gRPC knows no policy round_robbin" in texts(said)
    assert "no pod has a connection of batch" in texts(said)
    assert "round_robin" in said.fixes[0].advice
    assert "kubectl -n shop logs batch --tail=100" in commands(said)


def test_what_is_wrong_at_home_comes_first_however_often_the_rest_is_said() -> None:
    assert "service config" in found(cause, beside(BATCH, REFUSED, POLICY)).sentence


def test_calls_that_end_on_the_way_are_told_as_that() -> None:
    said = found(cause, beside(BATCH, REFUSED))

    assert said.sentence == "No call of batch reaches a pod."
    assert "nobody listens there" in texts(said)


def test_of_several_logs_of_one_pod_nothing_is_lost() -> None:
    seen = beside(BATCH, POLICY)

    assert found(cause, replace(seen, clients=(ClientLook(BATCH.name, sent_away=0), *seen.clients)))


def test_who_is_silent_and_complains_of_nothing_may_have_nothing_to_do() -> None:
    assert silent(cause, beside(BATCH))


def test_who_is_connected_or_was_does_reach_the_pods() -> None:
    seen = beside(BATCH, REFUSED)

    assert silent(cause, replace(seen, sockets=(*seen.sockets, *own_look(BATCH, ("10.96.3.7", 8080)))))
    assert silent(cause, replace(seen, sockets=(*seen.sockets, *own_look(BATCH, ("10.0.0.1", 9090), state=TIME_WAIT))))


def test_what_nobody_could_look_at_is_no_silence() -> None:
    seen = beside(BATCH, REFUSED)

    assert silent(cause, replace(seen, sockets=tuple(one for one in seen.sockets if one.pod != "shop/payments-b")))


def test_a_callers_own_sockets_tell_where_pods_cannot_be_looked_into() -> None:
    seen = replace(beside(BATCH, REFUSED), sockets=own_look(BATCH, ("10.96.9.9", 80)))

    assert "no pod has a connection of batch" in texts(found(cause, seen))
    assert found(cause, seen).evidence[-1].source == "callers' sockets"


@pytest.mark.parametrize("target", ["kubernetes:///payments:8080", "xds:///payments:8080"])
def test_who_has_pods_names_from_somebody_else_is_told_of_as_that(target: str) -> None:
    unknown = Complaint("name", 12)

    assert silent(cause, beside(told(target), unknown))
    assert found(cause, beside(told("dns:///payments:8080"), unknown))


def test_where_a_headless_service_translates_no_port_that_is_told() -> None:
    assert silent(cause, beside(BATCH, REFUSED, headless=True))
    assert found(cause, beside(told("payments:9090"), REFUSED, headless=True))


def test_who_calls_pods_that_are_gone_is_told_of_as_that() -> None:
    seen = beside(told("payments:9090"), Complaint("late", 3), headless=True)
    [look] = own_look(seen.callers[1], ("10.0.0.99", 9090), state=SYN_SENT)
    looks = [replace(look, turn=turn) for turn in range(3)]

    assert silent(cause, replace(seen, sockets=(*seen.sockets, *looks)))


def test_of_who_has_a_sidecar_it_is_told_where_a_name_is_not_found() -> None:
    assert BATCH.pod is not None
    sidecar = Container("istio-proxy", "proxyv2:1", running=True)
    meshed = replace(BATCH, pod=replace(BATCH.pod, containers=(*BATCH.pod.containers, sidecar)))

    assert silent(cause, beside(meshed, Complaint("late", 12)))
    assert found(cause, beside(meshed, Complaint("name", 12)))


def test_where_pods_want_mutual_tls_that_is_the_cause() -> None:
    late = Complaint("late", 4)
    strict = shop(held(1), callers=beside(BATCH).callers, pods=servers(proxy="istio-proxy"),
                  clients=(ClientLook(BATCH.name, complaints=(late,)),),
                  surroundings=Surroundings(peer_authentications=(STRICT,)))  # fmt: skip

    assert silent(cause, strict)
    assert found(cause, replace(strict, surroundings=Surroundings()))
