"""Two Services of the same pods: calls by the one are never taken for calls by the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from diagnose.shops import LISTENS, NAMES, PORT, SECONDS, caller, even, held, pod, service, shop, socket_looks

from lbdemo.diagnose.apart import apart
from lbdemo.diagnose.called import services_called
from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Caller, Evidence, Surroundings
from lbdemo.diagnose.looks import (
    ESTABLISHED,
    TIME_WAIT,
    EnvoyHost,
    EnvoyLook,
    MetricsLook,
    Socket,
    SocketLook,
)
from lbdemo.kube.records.pods import Container
from lbdemo.kube.records.services import Service, ServicePort
from lbdemo.render.diagnosis_line import line
from lbdemo.render.whose_calls import whose_calls

OWN = {"app": "payments"}
HEADLESS = replace(service("payments-headless", headless=True), selector=OWN)
SECOND_IP = "10.96.4.4"
SECOND = replace(service("payments-old", port=ServicePort(80, "http", LISTENS)), selector=OWN, cluster_ips=(SECOND_IP,))
CHECKOUT, BATCH = caller("checkout"), caller("batch", 2)
OF_BOTH = {"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}}


def own(who: Caller, *peers: tuple[str, int], state: str = ESTABLISHED, first: int = 40000) -> SocketLook:
    """What the caller's own sockets lead to."""
    sockets = tuple(Socket(who.addresses[0], first + n, *peer, state, 7 + n) for n, peer in enumerate(peers))
    return SocketLook(who.name, 0, 0.0, sockets)


BY_ADDRESS, BY_SECOND, BY_POD = ("10.96.3.7", 8080), (SECOND_IP, 80), ("10.0.0.1", LISTENS)


def told(who: Caller, target: str) -> Caller:
    assert who.pod is not None
    container = Container("app", "app:1", running=True, args=(f"--target={target}",))
    return replace(who, pod=replace(who.pod, containers=(container,)))


def beside(*others: Service, some: Sequence[Service] = (), mode: str = "iptables") -> Surroundings:
    return Surroundings(services=others, others=tuple(some), proxy_mode=mode)


def two(
    *looks: SocketLook, around: Surroundings, callers: Sequence[Caller] = (CHECKOUT, BATCH), **more: Any
) -> Evidence:
    segments = {"payments-a": {"10.0.1.1": 50, "10.0.1.2": 20}}
    return shop(OF_BOTH, callers=callers, surroundings=around, segments=segments, sockets=looks, **more)


def record(seen: Evidence) -> dict[str, Any]:
    return diagnose(seen).to_dict()


def calls(of: Mapping[str, Any]) -> dict[str, int]:
    return {one["caller"]: sum(a["calls"] for a in one["arrivals"]) for one in of["callers"]}


def test_calls_by_another_services_address_are_left_out_and_shown_as_what_they_are() -> None:
    found = record(two(own(CHECKOUT, BY_ADDRESS), own(BATCH, BY_SECOND), around=beside(SECOND)))

    assert calls(found) == {"shop/checkout": 550}
    assert found["verdict"]["calls"] == 550
    (other,) = found["others"]
    assert (other["caller"], other["service"], other["address"]) == ("shop/batch", "payments-old", SECOND_IP)
    assert (other["choice"]["who"], other["choice"]["per"]) == ("kube-proxy", "connection")


def test_a_caller_by_an_address_beside_a_headless_service_is_not_said_to_choose() -> None:
    around = beside(SECOND, mode="")
    found = record(two(own(CHECKOUT, BY_POD), own(BATCH, BY_SECOND), around=around, headless=True))

    assert [(one["caller"], one["choice"]["who"]) for one in found["callers"]] == [("shop/checkout", "the client")]
    assert [(one["caller"], one["choice"]["who"]) for one in found["others"]] == [("shop/batch", "kube-proxy")]
    assert [finding["code"] for finding in found["findings"]] == ["LB103"]


def test_where_all_call_by_the_other_service_of_the_same_pods_that_one_is_judged_and_it_is_said() -> None:
    seen = shop(held(1), callers=[CHECKOUT], headless=True, segments=even(50, "payments-a"),
                surroundings=beside(SECOND, mode=""), sockets=(own(CHECKOUT, BY_SECOND),))  # fmt: skip

    found = record(seen)

    assert (found["service"]["name"], found["called_by"]) == ("payments", "payments-old")
    assert [finding["code"] for finding in found["findings"]] == ["LB101"], "and not the default of a headless one"
    assert found["callers"][0]["address"] == SECOND_IP
    assert (found["others"], len(found["servers"])) == ([], 3)


def test_after_the_fix_callers_by_the_headless_service_are_judged_as_its() -> None:
    seen = shop(held(1, 1, 1), callers=[CHECKOUT], segments=even(400), surroundings=beside(HEADLESS),
                sockets=(own(CHECKOUT, BY_POD),))  # fmt: skip

    found = record(seen)

    assert (found["called_by"], found["callers"][0]["choice"]["who"]) == ("payments-headless", "the client")
    assert (found["findings"], found["verdict"]["calls"]) == ([], 3 * 11 * 400)


def test_of_a_service_of_other_pods_nothing_is_judged_in_this_ones_place() -> None:
    narrow = replace(SECOND, selector={**OWN, "version": "2"})
    labels = [{**OWN, "version": "2"}, OWN, OWN]
    pods = tuple(pod(name, f"10.0.0.{n}", meta={"labels": marks})
                 for n, (name, marks) in enumerate(zip(NAMES, labels, strict=True), 1))  # fmt: skip
    seen = shop(held(1), callers=[CHECKOUT], pods=pods, segments=even(50, "payments-a"),
                surroundings=beside(some=(narrow,)), sockets=(own(CHECKOUT, BY_SECOND),))  # fmt: skip

    found = record(seen)

    assert (found["called_by"], found["callers"]) == ("payments", [])
    assert [finding["code"] for finding in found["findings"]] == ["LB901"]
    assert "Nobody called by payments" in found["findings"][0]["sentence"]
    assert not any("no connection" in line["text"] for line in found["findings"][0]["evidence"])
    assert found["others"][0]["choice"]["among"] == 1, "of the pods it selects one"


def counters(rates: Sequence[int]) -> tuple[MetricsLook, ...]:
    return tuple(MetricsLook(f"shop/{name}", turn, float(turn), "grpc_server_started_total", rate * turn)
                 for name, rate in zip(NAMES, rates, strict=True) for turn in range(12))  # fmt: skip


def test_counters_that_know_no_callers_are_not_used_where_others_call_too() -> None:
    looks = (own(CHECKOUT, BY_ADDRESS), own(BATCH, BY_SECOND))
    found = record(two(*looks, around=beside(SECOND), metrics=counters((900, 900, 900))))

    assert found["verdict"]["source"] == "server sockets (TCP_INFO)"
    assert found["verdict"]["outcome"] == "PINNED"


@pytest.mark.parametrize(("looks", "counted_too"), [((), True), ((own(CHECKOUT, BY_ADDRESS),), False)])
def test_counters_are_said_to_have_others_calls_unless_all_callers_are_known(looks: Any, counted_too: bool) -> None:
    seen = shop(held(1, 1, 1), callers=[CHECKOUT], surroundings=beside(SECOND), sockets=looks,
                metrics=counters((900, 900, 900)))  # fmt: skip

    found = record(seen)

    assert found["verdict"]["source"].startswith("servers' metrics")
    assert found["services_beside"]["counted_too"] is counted_too
    assert found["services_beside"]["unknown"] == ([] if looks else ["shop/checkout"])


def test_of_one_that_calls_by_both_each_connection_is_counted_where_it_belongs() -> None:
    seen = two(own(CHECKOUT, BY_ADDRESS), around=beside(SECOND))
    server = seen.servers[0] if isinstance(seen.servers, tuple) else pod("x")
    both = socket_looks(server, {"10.0.1.1": 2}, segments={"10.0.1.1": 50})
    looks = (own(CHECKOUT, BY_ADDRESS, BY_SECOND), *both)
    found = record(replace(seen, callers=(CHECKOUT,), sockets=looks))

    assert found["callers"][0]["connections"] == 1
    assert found["others"][0]["connections"] == 1
    assert found["others"][0]["caller"] == "shop/checkout"


@pytest.mark.parametrize(
    ("who", "look", "around", "by"),
    [
        (CHECKOUT, own(CHECKOUT, BY_ADDRESS), beside(HEADLESS), {"payments"}),
        (CHECKOUT, own(CHECKOUT, BY_POD), beside(HEADLESS), {"payments-headless"}),
        (CHECKOUT, own(CHECKOUT, BY_POD), beside(HEADLESS, mode=""), set()),
        (told(CHECKOUT, "dns:///payments-headless.shop.svc:9090"), own(CHECKOUT, BY_POD), beside(HEADLESS, mode=""),
         {"payments-headless"}),
        (told(CHECKOUT, "payments:8080"), own(CHECKOUT, BY_POD), beside(HEADLESS, mode=""), {"payments"}),
        (told(CHECKOUT, "xds:///payments"), own(CHECKOUT, BY_POD), beside(HEADLESS), {"payments"}),
        (told(CHECKOUT, "payments:8080"), own(CHECKOUT, BY_SECOND), beside(SECOND), {"payments-old"}),
        (CHECKOUT, own(CHECKOUT, BY_SECOND, state=TIME_WAIT), beside(SECOND), {"payments-old"}),
        (CHECKOUT, own(CHECKOUT, (SECOND_IP, 81)),
         beside(replace(SECOND, ports=(*SECOND.ports, ServicePort(81, "also", LISTENS)))), {"payments-old"}),
        (CHECKOUT, own(CHECKOUT, ("10.96.9.9", 80)), beside(SECOND), set()),
        (CHECKOUT, own(CHECKOUT, (SECOND_IP, 443)), beside(SECOND), set()),
        (CHECKOUT, own(CHECKOUT, (SECOND_IP, 8080)),
         beside(replace(SECOND, ports=(ServicePort(8080, "metrics", 9100),))), set()),
        (CHECKOUT, replace(own(CHECKOUT, BY_ADDRESS), sockets=(
            *own(CHECKOUT, BY_ADDRESS).sockets, *own(CHECKOUT, BY_SECOND, state=TIME_WAIT, first=41000).sockets)),
         beside(SECOND), {"payments"}),
    ],
    ids=["its address", "pods, and kube-proxy translates", "pods, and who knows", "pods, and told of the headless",
         "pods, and told of the address", "pods, by xDS", "sockets before words", "closed a moment ago",
         "a second port for the same", "somewhere else", "another port", "a port of other things",
         "what is there before what was closed"],
)  # fmt: skip
def test_by_which_service_somebody_calls(who: Caller, look: SocketLook, around: Surroundings, by: set[str]) -> None:
    seen = shop(held(1), callers=[who], surroundings=around, sockets=(look,))

    assert services_called(seen, who) == by


def envoy(who: Caller, *hosts: tuple[Service, int, int]) -> tuple[EnvoyLook, ...]:
    """Looks at an Envoy with so many calls to the Service at first, and so many more each turn."""

    def seen(turn: int) -> tuple[EnvoyHost, ...]:
        return tuple(
            EnvoyHost(f"outbound|{one.ports[0].number}||{one.meta.name}.shop.svc.cluster.local", "10.0.0.1", LISTENS,
                      calls_total=first + more * turn, calls_ok=first + more * turn)
            for one, first, more in hosts
        )  # fmt: skip

    return tuple(EnvoyLook(who.name, turn, turn * SECONDS / 11, seen(turn)) for turn in range(12))


def test_an_envoy_tells_by_which_service_its_caller_calls() -> None:
    meshed = caller("checkout", proxy="istio-proxy")
    looks = envoy(meshed, (service(), 70, 0), (SECOND, 0, 30))
    seen = two(own(BATCH, BY_ADDRESS), callers=[meshed, BATCH], around=beside(SECOND), envoys=looks)

    found = record(seen)

    assert calls(found) == {"shop/batch": 220}
    assert [(one["caller"], one["service"], one["choice"]["who"]) for one in found["others"]] == [
        ("shop/checkout", "payments-old", "its sidecar")
    ]


def test_without_another_service_nothing_is_taken_away() -> None:
    seen = two(around=Surroundings())

    assert apart(seen).judged is seen
    assert seen.port == PORT


def test_a_line_says_by_which_name_its_callers_call() -> None:
    seen = shop(held(1, 1, 1), callers=[CHECKOUT], segments=even(400), surroundings=beside(HEADLESS),
                sockets=(own(CHECKOUT, BY_POD),))  # fmt: skip

    assert "(called by the name payments-headless)  nothing found" in line(record(seen))
    assert "called by" not in line(record(replace(seen, surroundings=Surroundings())))


def test_one_that_is_connected_to_all_pods_alike_most_likely_knows_them_by_the_headless_service() -> None:
    seen = shop(held(1, 1, 1), callers=[CHECKOUT], surroundings=beside(HEADLESS, mode=""))
    few = replace(seen, sockets=shop(held(1)).sockets)

    found, unsure = record(seen), record(few)

    assert found["services_beside"]["likely"] == {"shop/checkout": "payments-headless"}
    assert found["services_beside"]["unknown"] == []
    assert found["callers"][0]["choice"]["who"] == "the client, by payments-headless"
    assert "checkout most likely calls by Service payments-headless" in " ".join(whose_calls(found))
    assert unsure["services_beside"]["unknown"] == ["shop/checkout"]
    assert "Nobody can tell by which Service checkout calls" in " ".join(whose_calls(unsure))


def test_of_callers_that_were_asked_about_nobody_says_what_others_do() -> None:
    asked = replace(CHECKOUT, found_by="asked")
    seen = shop(held(1), callers=[asked], segments=even(50, "payments-a"), surroundings=beside(SECOND),
                sockets=(own(CHECKOUT, BY_SECOND),))  # fmt: skip

    assert "Those who were asked about use payments-old" in " ".join(whose_calls(record(seen)))
    every = replace(seen, callers=(CHECKOUT,))
    assert "Nobody uses the name payments: all callers use payments-old" in " ".join(whose_calls(record(every)))
