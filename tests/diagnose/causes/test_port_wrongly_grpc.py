from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.meshes import HOST, SIDECAR, calling, encrypting, inside, refusing, said
from diagnose.shops import PORT, caller, envoy_looks, route, servers, service, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.no_traffic import cause as no_traffic
from lbdemo.diagnose.causes.port_wrongly_grpc import cause
from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import CannotTell
from lbdemo.diagnose.looks import EnvoyCluster
from lbdemo.diagnose.path import Per, ways
from lbdemo.measure.verdict import Outcome
from lbdemo.render.flow_sentences import flow_reasons

BREAKING = refusing(shop(**calling(SIDECAR, 9, 9, 9)))


def test_servers_without_a_sidecar_break_the_connections_of_their_callers() -> None:
    one = found(cause, BREAKING)

    assert "payments-a: 99 calls, none answered, broke 99 connections" in texts(one)
    assert {line.source for line in one.evidence[1:]} == {"callers' proxies"}
    assert (one.explains, one.possible) == (1.0, False)


def test_servers_with_a_sidecar_break_its_connections_and_not_their_callers() -> None:
    one = found(cause, inside("payments-a", "payments-b"))

    assert "payments-a: 40 calls, none answered, broke 40 connections" in texts(one)
    assert {line.source for line in one.evidence[1:]} == {"servers' proxies"}


def test_calls_that_share_a_connection_break_it_together() -> None:
    assert found(cause, inside("payments-a", calls=40, connections=4))


@pytest.mark.parametrize(
    "evidence",
    [
        refusing(shop(**calling(SIDECAR, 9, 9, 9)), lasting=True),
        refusing(shop(**calling(SIDECAR, 9, 9, 9), pods=servers(proxy="istio-proxy"))),
        inside("payments-a", connections=3),
        inside("payments-a", ok=1),
        inside("payments-a", calls=4, connections=4),
        inside("payments-a", port=9191),
        shop(**calling(SIDECAR, 9, 9, 9)),
        replace(BREAKING, clusters=(EnvoyCluster(SIDECAR.name, f"outbound|8080||{HOST}", "EDS", "RANDOM",
                                                 max_requests_per_connection=1),)),
        replace(BREAKING, service=service(port=replace(PORT, name="http", app_protocol="")),
                port=replace(PORT, name="http", app_protocol="")),
    ],
    ids=[
        "errors that a program answers", "sidecars that refuse their callers", "a server that keeps connections",
        "a call that is answered", "hardly a call", "another port", "calls that are answered",
        "a rule that ends connections", "a port that does not say gRPC",
    ],
)  # fmt: skip
def test_calls_that_fail_otherwise_are_other_cases(evidence: Evidence) -> None:
    assert not [one for one in said(cause, evidence) if not isinstance(one, CannotTell)]


def test_connections_that_could_not_be_opened_tell_of_no_protocol() -> None:
    looks = tuple(
        replace(look, hosts=tuple(replace(host, connect_failures=look.turn) for host in look.hosts))
        for look in BREAKING.envoys
    )

    assert silent(cause, replace(BREAKING, envoys=looks))


def test_callers_outside_of_the_mesh_are_other_cases() -> None:
    assert silent(cause, shop({"payments-a": {"10.0.1.1": 1}}, callers=[caller("checkout")]))


def test_a_server_whose_sidecar_nobody_could_ask_is_named() -> None:
    (unknown,) = said(cause, inside())

    assert isinstance(unknown, CannotTell)
    assert "payments-a, payments-b and payments-c could not be asked" in unknown.because


def test_a_client_that_speaks_tls_to_a_sidecar_that_reads_calls() -> None:
    one = found(cause, encrypting(0, 0, 0))

    assert one.possible
    assert '"value":"tls"' in commands(one)
    assert "checkout says so 7 times" in texts(one)
    assert silent(no_traffic, encrypting(0, 0, 0)), "it did call"


@pytest.mark.parametrize(
    "evidence",
    [encrypting(9, 9, 9), encrypting(0, 0, 0, logged=0), encrypting(0, 0, 0, logged=None),
     encrypting(0, 0, 0, kind="tcp")],
    ids=["its calls are sent", "its log says nothing", "its log could not be read", "its sidecar passes it on"],
)  # fmt: skip
def test_failed_handshakes_may_be_of_another_service(evidence: Evidence) -> None:
    assert silent(cause, evidence)


def test_the_fix_says_another_protocol_and_its_undo_takes_that_back() -> None:
    one = found(cause, BREAKING)

    assert '"value":"http"' in one.fixes[0].commands[0]
    assert '"op":"add","path":"/spec/ports/0/appProtocol","value":"grpc"' in one.fixes[0].undo[0]
    assert one.fixes[1].advice


def test_of_calls_that_nobody_answered_none_is_said_to_be_balanced() -> None:
    record = diagnose(BREAKING).to_dict()

    assert record["verdict"]["outcome"] == Outcome.INCONCLUSIVE
    assert flow_reasons(record["verdict"]) == ["None of 297 calls was answered: there is nothing to judge."]
    assert diagnose(refusing(shop(**calling(SIDECAR, 99, 99, 99)), lasting=True)).case.judged.outcome is (
        Outcome.BALANCED
    ), "errors that a program answers are answers"


def test_connections_to_all_pods_settle_nothing_while_no_call_is_answered() -> None:
    broken, failing = (replace(seen, routes=(route(SIDECAR),)) for seen in (inside("payments-a"), inside()))

    seen = diagnose(broken, ["LB302"])

    assert (seen.findings, seen.connected_everywhere, seen.undecided) == ((), False, True)
    assert diagnose(failing).connected_everywhere, "a program may answer with errors"


def test_others_whose_calls_are_answered_are_judged_all_the_same() -> None:
    other = caller("batch", 2, proxy="istio-proxy")
    more = envoy_looks(other, dict.fromkeys(("10.0.0.1", "10.0.0.2", "10.0.0.3"), 99), HOST)
    seen = replace(BREAKING, callers=(SIDECAR, other), envoys=BREAKING.envoys + more)

    assert found(cause, seen).explains == 0.5
    assert Case(seen).judged.calls is not None


def test_connections_that_break_are_not_taken_for_tcp() -> None:
    (way,) = ways(Case(BREAKING))

    assert (way.choice.who, way.choice.among) == ("its sidecar", 3)
    assert way.choice.per is not Per.CONNECTION


def test_who_was_only_told_of_the_service_and_then_called_is_known_to_call() -> None:
    seen = refusing(shop(**calling(replace(SIDECAR, found_by="environment"), 9, 9, 9)))

    (way,) = ways(Case(seen))

    assert (way.found_by, way.arrivals) == ("proxy", ())
