"""Which looks of a Prometheus are judged, and beside which other source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from diagnose.shops import NAMES, SECONDS, caller, held, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.counting import Judged, judged
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.looks import MetricsLook
from lbdemo.diagnose.scrapes import TURNS, Scrapes, judged_looks
from lbdemo.measure.verdict import Outcome

SOURCE = "grpc_server_started_total"
WHERE = "monitoring/prometheus:9090"


def scrapes(step: float, turns: int, *calls: int, ends: float = SECONDS) -> Scrapes:
    """So many looks, the last one at `ends` seconds of the watch, with so many calls to each pod between two."""
    looks = tuple(
        MetricsLook(f"shop/{name}", turn, ends - (turns - 1 - turn) * step, SOURCE, rate * turn)
        for turn in range(turns) for name, rate in zip(NAMES, calls, strict=True)
    )  # fmt: skip
    return Scrapes(WHERE, (WHERE,), SOURCE, step, looks)


def metrics(*rates: int) -> tuple[MetricsLook, ...]:
    return tuple(MetricsLook(f"shop/{name}", turn, float(turn), SOURCE, rate * turn)
                 for turn in range(10) for name, rate in zip(NAMES, rates, strict=True))  # fmt: skip


def told(kept: Scrapes, **more: Any) -> Judged:
    return judged(Case(shop(callers=[caller("checkout")], scrapes=kept, **more)))


def test_looks_of_the_watch_are_judged_where_there_are_enough() -> None:
    kept = scrapes(1.0, 20, 90, 90, 90)

    looks, window = judged_looks(kept, SECONDS)

    assert window is None
    assert {look.turn for look in looks} == set(range(9, 20)), "those from the beginning of the watch"
    assert told(kept).outcome is Outcome.BALANCED
    assert told(kept).source == f"Prometheus {WHERE} ({SOURCE})"


def test_where_scrapes_are_too_seldom_the_last_ones_are_judged_and_it_is_said_of_when() -> None:
    kept = scrapes(15.0, 40, 900, 900, 900, ends=8)

    looks, window = judged_looks(kept, SECONDS)

    assert {look.turn for look in looks} == set(range(40 - TURNS, 40))
    assert window is not None
    assert (window.start, window.end, window.seconds, window.step) == (-172, 8, 180, 15)
    found = told(kept)
    assert (found.outcome, found.window) == (Outcome.BALANCED, window)


def test_with_one_look_less_than_tells_how_much_a_total_varies_the_last_ones_are_judged() -> None:
    enough, fewer = (judged_looks(scrapes(1.2, 30, 9, 9, 9, ends=ends), SECONDS) for ends in (9.9, 9.5))

    assert len({look.turn for look in enough[0]}) == 9
    assert enough[1] is None
    assert len({look.turn for look in fewer[0]}) == TURNS
    assert fewer[1] is not None


def test_a_prometheus_that_knows_nothing_judges_nothing() -> None:
    assert judged_looks(Scrapes(), SECONDS) == ((), None)
    assert told(Scrapes(asked=(WHERE,))).known is False


def test_a_look_that_lacks_a_pod_is_left_out() -> None:
    kept = scrapes(15.0, 14, 900, 900, 900)
    without = replace(kept, looks=tuple(look for look in kept.looks if (look.turn, look.pod) != (5, "shop/payments-b")))

    found = told(without)

    assert found.calls is not None
    assert found.calls.whole.intervals == 11


def test_a_counter_that_begins_anew_costs_one_interval() -> None:
    kept = scrapes(15.0, 13, 900, 900, 900)
    again = tuple(
        replace(look, calls=look.calls - 6300) if look.turn >= 7 and look.pod == "shop/payments-b" else look
        for look in kept.looks
    )

    found = told(replace(kept, looks=again))

    assert found.calls is not None
    assert (found.outcome, found.calls.whole.intervals, found.calls.whole.calls) == (Outcome.BALANCED, 11, 11 * 2700)


def test_servers_own_counters_come_first_and_what_the_prometheus_says_stands_beside_them() -> None:
    same = told(scrapes(1.0, 20, 900, 0, 0), metrics=metrics(900, 0, 0))
    other = told(scrapes(1.0, 20, 900, 900, 900), metrics=metrics(900, 0, 0))

    assert same.source == f"servers' metrics ({SOURCE})"
    assert same.beside is not None
    assert (same.beside.outcome, same.agrees) == (Outcome.PINNED, True)
    assert (other.outcome, other.agrees) == (Outcome.PINNED, False)


def segmented(kept: Scrapes) -> Evidence:
    each = {name: {"10.0.1.1": 400} for name in NAMES}
    return shop(held(1, 1, 1), callers=[caller("checkout")], segments=each, scrapes=kept)


def test_what_it_counted_in_the_watch_is_better_than_an_estimate_and_what_it_counted_before_is_not() -> None:
    now, before = (
        judged(Case(segmented(scrapes(1.0, 20, 900, 0, 0)))),
        judged(Case(segmented(scrapes(15, 40, 900, 0, 0)))),
    )

    assert now.source.startswith("Prometheus")
    assert now.beside is not None
    assert (now.beside.source, now.agrees) == ("server sockets (TCP_INFO)", False)
    assert before.source == "server sockets (TCP_INFO)"
    assert before.beside is not None
    assert (before.beside.outcome, before.beside.window is None) == (Outcome.PINNED, False)


def test_what_was_counted_before_is_better_than_connections() -> None:
    seen = shop(held(1), callers=[caller("checkout")], scrapes=scrapes(15, 40, 900, 0, 0))

    found = judged(Case(seen))

    assert found.source.startswith("Prometheus")
    assert found.beside is not None
    assert (found.beside.source, found.agrees) == ("server sockets", True)


def test_two_sources_agree_on_nothing_that_one_of_them_leaves_open() -> None:
    open_ = told(scrapes(1.0, 20, 1, 1, 1), metrics=metrics(900, 900, 900))

    assert open_.beside is not None
    assert (open_.beside.outcome, open_.agrees) == (Outcome.INCONCLUSIVE, None)


def test_without_a_prometheus_nothing_stands_beside() -> None:
    found = judged(Case(shop(callers=[caller("checkout")], metrics=metrics(900, 900, 900))))

    assert (found.beside, found.agrees) == (None, None)
