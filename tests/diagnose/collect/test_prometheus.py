"""What is asked of a Prometheus, and what becomes of its answers: those of a real one, and some of others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from diagnose.shops import NAMES, SHOP, servers, shop
from fake_api import FakeApi
from fakes import FakeStreams

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect.asked import Asked, Means
from lbdemo.diagnose.collect.prometheus import Kept, Known, known, sought, told
from lbdemo.diagnose.collect.prometheus_found import Finder
from lbdemo.diagnose.collect.prometheus_rows import looks, targets, with_failures
from lbdemo.diagnose.collect.prometheus_series import PLACES, Targets, failures, growth, samples, what_there_is
from lbdemo.diagnose.series import SERIES
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.pods import Container
from lbdemo.measure.verdict import Outcome
from lbdemo.promql import quoted
from lbdemo.tools.kubectl import Kubectl

REAL = json.loads((Path(__file__).parent / "prometheus_answers.json").read_text())
"""Answers of a Prometheus 2.42 that read three pods each second, of which only the first was called: before, and after
a watch of 10 s."""
NOW = REAL["there"][0]["value"][0]
WATCH = 10.0
PODS = tuple(replace(pod, containers=(Container("app", "parcels:1"),)) for pod in servers())
WHERE = "monitoring/prometheus:9090"
PATH = "prometheus:9090/proxy/api/v1/"
Query = Mapping[str, str]


def good(rows: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"status": "success", "data": {"resultType": "any", "result": rows}}).encode()


def answers(query: Query) -> tuple[int, bytes]:
    """As the real one did."""
    if "grpc_response_status" in query["query"]:
        return good([])
    if query["query"].startswith("max by"):
        return good(REAL["there"] if 'namespace="shop"' in query["query"] else [])
    return good(REAL["recent"] if "time" in query else REAL["first"])


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        fake.passed[f"{PATH}query"] = answers
        fake.passed[f"{PATH}query_range"] = good(REAL["history"])
        yield fake


def kept(api: FakeApi, pods: Sequence[Any] = PODS) -> Kept:
    """What there is after the watch; our clock is half a minute behind its clock."""
    found = known(Finder(api.api(), WHERE), pods, lambda: NOW - 30)
    return told(found, NOW - 30, lambda: NOW - 30 + WATCH)


def test_the_calls_of_a_watch_by_its_clock(api: FakeApi) -> None:
    found = kept(api)

    assert found.unseen == ()
    assert found.scrapes is not None
    scrapes = found.scrapes
    assert (scrapes.where, scrapes.source, scrapes.step) == (WHERE, "grpc_server_started_total", 1.0)
    seen = [look for look in scrapes.looks if look.pod == "shop/payments-a" and 0 <= look.at <= WATCH]
    assert len(seen) == 10
    assert seen[-1].calls - seen[0].calls == 3604
    judged = Case(replace(shop(pods=PODS, scrapes=scrapes), watched=WATCH)).judged
    assert (judged.outcome, judged.window) == (Outcome.PINNED, None)


def test_pods_without_the_counter_that_are_read_have_counted_nothing(api: FakeApi) -> None:
    scrapes = kept(api).scrapes

    assert scrapes is not None
    assert {look.calls for look in scrapes.looks if look.pod != "shop/payments-a"} == {0}
    assert [period.calls for period in scrapes.history] == [
        (("shop/payments-a", 5201), ("shop/payments-b", 0), ("shop/payments-c", 0))
    ]


def test_all_that_is_asked_is_a_get_and_named_in_words(api: FakeApi) -> None:
    kept(api)

    assert all(asked.startswith("GET ") for asked in api.asked)
    proxied = [asked for asked in api.asked if "/services/prometheus:9090/proxy/" in asked]
    assert len(proxied) == 5, "which counters, how far apart; the watch, its failures, the history"


def test_a_pod_is_there_in_the_periods_that_began_after_it_was_made(api: FakeApi) -> None:
    a_minute_ago = datetime.fromtimestamp(NOW - 60, UTC).isoformat()
    meta = replace(PODS[2].meta, created=a_minute_ago)
    young = (*PODS[:2], replace(PODS[2], meta=meta))

    scrapes = kept(api, young).scrapes

    assert scrapes is not None
    ((first, _), (second, _)) = scrapes.history[0].calls
    assert (first, second) == ("shop/payments-a", "shop/payments-b")


@pytest.mark.parametrize(
    ("answer", "why", "detail"),
    [
        ((200, b"<html>"), Why.DAMAGED, "no Prometheus"),
        ((401, b"login"), Why.REFUSED, "HTTP 401"),
        (good([]), Why.ABSENT, "no counter of gRPC's calls"),
        (good([{"metric": {"pod": "payments-a"}}]), Why.DAMAGED, "KeyError"),
        (good(REAL["there"][:2]), Why.ABSENT, "it keeps grpc_server_started_total of 2 of 3 pods only"),
    ],
)
def test_one_that_cannot_tell_is_unseen_and_never_zero(
    api: FakeApi, answer: tuple[int, bytes], why: Why, detail: str
) -> None:
    api.passed[f"{PATH}query"] = answer

    found = kept(api)

    assert found.scrapes is not None
    assert (found.scrapes.looks, found.scrapes.asked) == ((), (WHERE,))
    (unseen,) = found.unseen
    assert unseen.why is why
    assert detail in unseen.detail


def test_who_may_not_ask_is_told_which_right_is_missing(api: FakeApi) -> None:
    api.forbid("get", "services/proxy")

    (unseen,) = kept(api).unseen

    assert unseen.why is Why.FORBIDDEN
    assert str(unseen.right) == "get services/proxy in namespace monitoring"


def test_without_history_the_watch_is_judged_all_the_same(api: FakeApi) -> None:
    api.passed[f"{PATH}query_range"] = 422, b'{"status":"error","error":"exceeded maximum resolution"}'

    found = kept(api)

    assert found.scrapes is not None
    assert (len(found.scrapes.looks) > 30, found.scrapes.history) == (True, ())
    assert [unseen.detail for unseen in found.unseen] == ["exceeded maximum resolution"]


def test_one_that_was_read_too_seldom_says_so(api: FakeApi) -> None:
    once = [{**row, "values": row["values"][:1]} for row in REAL["first"]]
    api.passed[f"{PATH}query"] = lambda query: answers(query) if query["query"].startswith("max") else good(once)

    assert kept(api).unseen[0].detail == "it has read each pod less than twice in 300 s"


def evidence(**more: Any) -> Any:
    return shop(pods=PODS, **more)


def test_it_is_asked_for_all_callers_only_and_where_there_is_something_to_compare(api: FakeApi) -> None:
    with FakeStreams() as run:
        means = Means(api.api(), Kubectl(run), finder=Finder(api.api(), WHERE))
        bare, found = replace(means, finder=None), replace(means, finder=Finder(api.api()))

        assert isinstance(sought(Asked(SHOP, "payments"), means, evidence()), Known)
        assert sought(Asked(SHOP, "payments"), bare, evidence()) == Kept()
        assert sought(Asked(SHOP, "payments"), means, shop(pods=PODS[:1])) == Kept()
        some = Asked(SHOP, "payments", callers=("checkout",))
        assert sought(some, found, evidence()) == Kept()
        answer = sought(some, means, evidence())
        assert isinstance(answer, Kept)
        assert [unseen.detail for unseen in answer.unseen] == ["it counts everybody's calls, whoever is asked about"]


def row(name: str, pod: int, job: str = "pods", port: int = 9100, value: float = 1) -> dict[str, Any]:
    told = {"__name__": name, "job": job, "instance": f"10.0.0.{pod + 1}:{port}", "namespace": SHOP, "pod": NAMES[pod]}
    return {"metric": told, "value": [NOW, str(value)]}


def chosen(*rows: dict[str, Any], pods: Sequence[Any] = PODS) -> tuple[str, str] | tuple[str, int]:
    found = targets(rows, PLACES[0], pods)
    return (found.series.name, found.job) if isinstance(found, Targets) else found


GO, ISTIO = "grpc_server_started_total", "istio_requests_total"


def test_the_series_of_most_pods_is_taken_and_of_those_the_surest() -> None:
    three = [row(GO, pod) for pod in range(3)]
    mesh = [row(ISTIO, pod, "envoy-stats", 15090) for pod in range(3)]

    assert chosen(*three, *mesh) == (ISTIO, "envoy-stats")
    assert chosen(*three, *mesh[:2]) == (GO, "pods")
    assert chosen(*three[:2], *mesh[:1]) == (GO, 2)
    assert chosen() == ("", 0)


def test_a_page_without_the_counter_is_none_of_a_call_only_where_the_pod_is_like_those_that_have_it() -> None:
    rows = [row(GO, 0), row("up", 0), row("up", 1), row("up", 2)]
    other = (*PODS[:2], replace(PODS[2], containers=(Container("app", "parcels:2"),)))

    assert chosen(*rows) == (GO, "pods")
    assert chosen(*rows, pods=other) == (GO, 2), "another image may count nothing at all"
    assert chosen(*rows[:3], row("up", 2, port=8080)) == (GO, 2), "another page of the pod"
    assert chosen(*rows[:3], row("up", 2, job="others")) == (GO, 2), "another job"
    assert chosen(*rows[:3], row("up", 2, value=0)) == (GO, 2), "a page that did not come"


def known_targets() -> Targets:
    found = targets([row(GO, pod) for pod in range(3)], PLACES[0], PODS)
    assert isinstance(found, Targets)
    return found


def values(name: str, pod: int, *told: tuple[float, float], port: int = 9100, **labels: str) -> dict[str, Any]:
    return {"metric": row(name, pod, port=port)["metric"] | labels, "values": [[at, str(value)] for at, value in told]}


def test_scrapes_of_a_turn_lie_within_one_step_and_one_that_is_missing_moves_no_other() -> None:
    rows = [
        values(GO, 0, (100, 1), (115, 2), (130, 3), (145, 4)),
        values(GO, 1, (109, 10), (139, 30)),  # one did not come
        values(GO, 2, (97, 100), (112, 200), (127, 300)),  # the last one did not
    ]

    seen, step = looks(rows, known_targets(), PODS, 100)

    assert step == 15
    turns: dict[int, dict[str, int]] = {}
    for look in seen:
        turns.setdefault(look.turn, {})[look.pod[-1]] = look.calls
    assert turns == {
        0: {"a": 1, "c": 100}, 1: {"a": 2, "b": 10, "c": 200}, 2: {"a": 3, "c": 300}, 3: {"a": 4, "b": 30},
    }  # fmt: skip
    assert [look.at for look in seen if look.pod.endswith("-a")] == [0, 15, 30, 45]


def test_methods_are_added_up_and_pages_of_other_ports_are_not() -> None:
    rows = [values("up", 0, (100, 1), (115, 1), (130, 0)), values(GO, 0, (100, 1), (115, 5), grpc_method="A"),
            values(GO, 0, (115, 3), grpc_method="B"), values(GO, 0, (100, 70), (115, 90), port=8080)]  # fmt: skip

    seen, _ = looks(rows, known_targets(), PODS, 100)

    assert [look.calls for look in seen] == [1, 8]


def test_what_is_older_than_the_pod_was_somebody_elses_with_its_address() -> None:
    young = (replace(PODS[0], meta=replace(PODS[0].meta, created="1970-01-01T00:01:50Z")), *PODS[1:])

    seen, _ = looks([values(GO, 0, (100, 9), (115, 1), (130, 2))], known_targets(), young, 100)

    assert [look.calls for look in seen] == [1, 2]


HANDLED = "grpc_server_handled_total"


def test_failures_are_those_of_the_same_scrapes_by_status_of_the_surest_series() -> None:
    seen, _ = looks([values(GO, 0, (100, 10), (115, 20))], known_targets(), PODS, 90)
    rows = [
        values(HANDLED, 0, (100, 1), (115, 4), grpc_code="Unavailable", grpc_method="A"),
        values(HANDLED, 0, (115, 2), grpc_code="Unavailable", grpc_method="B"),
        values(HANDLED, 0, (115, 3), grpc_code="Internal"),
        values(HANDLED, 0, (115, 70), grpc_code="NotFound"),
        values(HANDLED, 0, (115, 70), grpc_code="Unavailable", port=8080),
        values(HANDLED, 1, (115, 70), grpc_code="Unavailable"),
        values("rpc_server_duration_count", 0, (115, 70), rpc_grpc_status_code="14"),
        values("response_total", 0, (115, 70)),
    ]

    found = with_failures(seen, rows, known_targets(), PODS, 90)

    assert [look.failed for look in found] == [(("UNAVAILABLE", 1),), (("UNAVAILABLE", 6), ("INTERNAL", 3))]
    assert [(look.at, look.calls) for look in found] == [(10, 10), (25, 20)]


def test_only_statuses_are_asked_for_by_which_servers_fail() -> None:
    asked = failures(known_targets(), PODS, 61.4)

    assert 'grpc_code=~"(?i:2|4|12|13|14|15|UNKNOWN|DEADLINE_?EXCEEDED|' in asked
    assert 'direction=~"inbound|"' in asked
    assert 'rpc_method!~"^/?grpc' in asked
    assert asked.endswith("[61s]")
    assert "started" not in asked


def test_names_and_words_are_quoted() -> None:
    asked = what_there_is(PLACES[0], PODS)
    assert 'namespace="shop",pod=~"payments\\\\-a|payments\\\\-b|payments\\\\-c"' in asked
    assert 'reporter=~"destination|"' in asked
    assert 'instance=~"(10\\\\.0\\\\.0\\\\.1|10\\\\.0\\\\.0\\\\.2|10\\\\.0\\\\.0\\\\.3):[0-9]+"' in what_there_is(
        PLACES[-1], PODS
    )
    assert quoted('a"b\\') == '"a\\"b\\\\"'
    v6 = (replace(PODS[0], addresses=("fd00::1",)),)
    assert PLACES[-1].pod_of({"instance": "[fd00::1]:9100"}, v6) == "shop/payments-a"


def test_each_series_is_asked_for_with_its_own_labels_and_without_health_checks() -> None:
    each = {series.name: replace(known_targets(), series=series) for series in SERIES}

    assert 'grpc_service!~"^/?grpc\\\\.(health|reflection|channelz)\\\\..*"' in samples(each[GO], PODS, 60)
    assert 'reporter="destination"' in growth(each[ISTIO], PODS, 300)
    assert 'direction="inbound"' in growth(each["request_total"], PODS, 300)
    assert samples(each[GO], PODS, 61.4).endswith("[61s]")
    assert "reporter" not in samples(each[GO], PODS, 60)


def test_the_one_that_knows_the_pods_is_taken_of_several() -> None:
    two = [{"kind": "Service", "metadata": {"name": name, "namespace": "monitoring", "labels": {"app": "prometheus"}},
            "spec": {"ports": [{"name": "web", "port": 9090}]}} for name in ("empty", "prometheus")]  # fmt: skip
    with FakeApi().add(*two) as api:
        api.passed["empty:9090/proxy/api/v1/query"] = good([])
        api.passed[f"{PATH}query"] = answers
        found = known(Finder(api.api()), PODS)
        api.passed[f"{PATH}query"] = good([])
        nobody = known(Finder(api.api()), PODS)

    assert isinstance(found, Known)
    assert found.prometheus.where == WHERE
    assert isinstance(nobody, Kept)
    assert [str(unseen.why) for unseen in nobody.unseen] == ["not there", "not there"]
    assert nobody.scrapes is not None
    assert nobody.scrapes.asked == ("monitoring/empty:9090", WHERE)
    assert all(isinstance(unseen, Unseen) for unseen in nobody.unseen)
