"""A real Prometheus that reads made-up pods: what is asked of it, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from diagnose.shops import NAMES, SHOP, servers, shop
from fake_api import FakeApi
from real_prometheus import PROGRAM, Pages, pages, prometheus

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect.prometheus import Kept, Known, known, told
from lbdemo.diagnose.collect.prometheus_found import Finder
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.failures import failing_servers
from lbdemo.kube.answers import Why
from lbdemo.kube.records.pods import Container
from lbdemo.measure.verdict import Outcome

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(PROGRAM is None, reason="there is no program `prometheus` on the PATH"),
]
PODS = tuple(replace(pod, containers=(Container("app", "parcels:1"),)) for pod in servers())
WATCH = 3.5
STARTED = 'grpc_server_started_total{{grpc_service="{}",grpc_method="Track"}} {}\n'


def page(calls: int | None, checks: int = 0) -> str:
    """What a server tells; None: it has counted no call yet, and has no such line."""
    told = "go_goroutines 12\n" + STARTED.format("grpc.health.v1.Health", checks)
    return told if calls is None else told + STARTED.format("parcels.Parcels", calls)


class Traffic:
    """Calls that go on, so many a hundredth of a second to each pod."""

    def __init__(self, read: Pages, rates: Mapping[str, int]) -> None:
        self.read, self.rates, self.begun = read, rates, time.monotonic()

    def go_on(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ticks = int((time.monotonic() - self.begun) * 100)
            for name, rate in self.rates.items():
                self.read.texts[name] = page(rate * ticks if rate else None, checks=ticks)
            time.sleep(0.005)


def labelled(namespace: str, pod: str) -> dict[str, dict[str, str]]:
    return {name: {namespace: SHOP, pod: name, "instance": f"10.0.0.{n}:9100"} for n, name in enumerate(NAMES, 1)}


@pytest.fixture
def read() -> Iterator[Pages]:
    with pages(dict.fromkeys(NAMES, page(None))) as server:
        yield server


def watched(folder: Path, read: Pages, rates: Mapping[str, int], labels: Mapping[str, Mapping[str, str]]) -> Kept:
    """What is kept of a watch, of calls that began some scrapes before it."""
    with FakeApi() as api, prometheus(folder, read, labels) as url:
        traffic = Traffic(read, rates)
        traffic.go_on(1.5)
        found, began = known(Finder(api.api(), url), PODS), time.time()
        assert isinstance(found, Known), found
        traffic.go_on(WATCH)
        return told(found, began)


def test_calls_are_counted_as_they_were_made_and_health_checks_are_none(tmp_path: Path, read: Pages) -> None:
    kept = watched(tmp_path, read, dict.fromkeys(NAMES, 4), labelled("namespace", "pod"))

    assert kept.unseen == ()
    assert kept.scrapes is not None
    assert (kept.scrapes.source, round(kept.scrapes.step, 2)) == ("grpc_server_started_total", 0.25)
    seen = replace(shop(pods=PODS, scrapes=kept.scrapes), watched=WATCH)
    judged = Case(seen).judged
    assert judged.window is None, "there are scrapes enough while it was watched"
    assert judged.calls is not None
    total = judged.calls.whole.calls
    assert total == pytest.approx(3 * 400 * judged.calls.whole.seconds, rel=0.15)
    assert judged.outcome is Outcome.BALANCED


@pytest.mark.parametrize("labels", [("namespace", "pod"), ("team", "x")])
def test_pods_that_have_counted_nothing_got_nothing_whatever_labels_name_them(
    tmp_path: Path, read: Pages, labels: tuple[str, str]
) -> None:
    kept = watched(tmp_path, read, {NAMES[0]: 4, NAMES[1]: 0, NAMES[2]: 0}, labelled(*labels))

    judged = Case(replace(shop(pods=PODS, scrapes=kept.scrapes), watched=WATCH)).judged

    assert judged.outcome is Outcome.PINNED
    assert kept.scrapes is not None
    (period,) = kept.scrapes.history
    assert [pod for pod, calls in period.calls if calls] == [key(PODS[0])]


def test_what_it_does_not_read_is_not_taken_for_no_calls(tmp_path: Path, read: Pages) -> None:
    some = {name: told for name, told in labelled("namespace", "pod").items() if name != NAMES[2]}
    Traffic(read, dict.fromkeys(NAMES, 4)).go_on(0.2)
    with FakeApi() as api, prometheus(tmp_path, read, some) as url:
        time.sleep(2)
        found = known(Finder(api.api(), url), PODS)

    assert isinstance(found, Kept)
    (unseen,) = found.unseen
    assert (unseen.why, unseen.detail) == (Why.ABSENT, "it keeps grpc_server_started_total of 2 of 3 pods only")


HANDLED = 'grpc_server_handled_total{{grpc_service="{}",grpc_code="{}"}} {}\n'


def test_calls_that_a_server_fails_are_told_by_their_status(tmp_path: Path, read: Pages) -> None:
    """Those of one of three pods; health checks that fail are nobody's calls."""
    with FakeApi() as api, prometheus(tmp_path, read, labelled("namespace", "pod")) as url:
        begun = time.monotonic()

        def go_on(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                ticks = int((time.monotonic() - begun) * 100)
                for name in NAMES:
                    code = "Unavailable" if name == NAMES[1] else "OK"
                    read.texts[name] = (page(ticks) + HANDLED.format("parcels.Parcels", code, ticks)
                                        + HANDLED.format("grpc.health.v1.Health", "Unavailable", ticks))  # fmt: skip
                time.sleep(0.005)

        go_on(1.5)
        found, began = known(Finder(api.api(), url), PODS), time.time()
        assert isinstance(found, Known), found
        go_on(WATCH)
        kept = told(found, began)

    seen = replace(shop(pods=PODS, scrapes=kept.scrapes), watched=WATCH)
    [one] = failing_servers(Case(seen))
    assert (one.server, one.codes) == (key(PODS[1]), ("UNAVAILABLE",))
    assert one.failed == one.calls > 200
