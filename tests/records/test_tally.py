from __future__ import annotations

import json
import math
import random
from dataclasses import replace

import pytest

from lbdemo.records import Sample, Summary, Tally

SAMPLE = Sample(0, due=100.0, sent=100.0, latency=0.001, server="a", code="OK")


def tally_of(*samples: Sample) -> Tally:
    tally = Tally()
    for sample in samples:
        tally.add(sample)
    return tally


def random_samples(seed: int, count: int) -> list[Sample]:
    rng = random.Random(seed)
    return [
        Sample(
            seq,
            due := 1_700_000_000 + rng.random() * 60,
            due + rng.expovariate(200),
            rng.expovariate(100),
            rng.choice(["a", "b", "c", ""]),
            rng.choice(["OK", "OK", "OK", "UNAVAILABLE", "DEADLINE_EXCEEDED"]),
            gate=rng.random() < 0.1,
        )
        for seq in range(count)
    ]


def side_by_side(summary: Summary) -> Summary:
    """Without what tells runs side by side from one run: the order of the calls, and their numbers."""
    return replace(summary, order=None, missing=0, repeated=0)


def test_nothing_sums_up_to_nothing() -> None:
    summary = Tally().summary()

    assert (summary.sent, summary.answered, summary.servers, summary.latency) == (0, 0, (), None)
    assert (summary.seconds, summary.calls_per_second, summary.slowest) == (0.0, None, None)
    json.dumps(summary.to_dict(), allow_nan=False)


def test_calls_are_counted_by_server_in_order_of_their_names() -> None:
    summary = tally_of(*(replace(SAMPLE, server=name) for name in "bbab")).summary()

    assert [(s.server, s.calls, s.share) for s in summary.servers] == [("a", 1, 0.25), ("b", 3, 0.75)]
    assert (summary.sent, summary.answered) == (4, 4)


def test_errors_are_counted_by_code_in_order_of_their_names() -> None:
    codes = ["UNAVAILABLE", "OK", "INTERNAL", "UNAVAILABLE"]

    summary = tally_of(*(replace(SAMPLE, code=code) for code in codes)).summary()

    assert summary.errors == (("INTERNAL", 1), ("UNAVAILABLE", 2))
    assert (summary.sent, summary.answered, summary.failed) == (4, 1, 3)


def test_an_error_that_a_server_answered_is_part_of_its_share() -> None:
    summary = tally_of(SAMPLE, replace(SAMPLE, code="UNAVAILABLE")).summary()

    assert [(s.server, s.calls) for s in summary.servers] == [("a", 2)]


def test_a_call_that_nobody_answered_counts_with_the_time_that_the_user_waited() -> None:
    stall = replace(SAMPLE, server="", code="DEADLINE_EXCEEDED", latency=0.5)

    summary = tally_of(*[SAMPLE] * 40, *[stall] * 60).summary()

    assert summary.latency is not None
    assert summary.latency.p50 == pytest.approx(0.5, rel=0.01)
    assert summary.latency.at_least == ("p50", "p90", "max")
    assert summary.answered_latency is not None
    assert summary.answered_latency.max == 0.001
    assert [(server.server, server.calls) for server in summary.servers] == [("a", 40)]


def test_a_call_that_failed_at_once_is_no_lower_bound() -> None:
    summary = tally_of(replace(SAMPLE, server="", code="UNAVAILABLE")).summary()

    assert summary.latency is not None
    assert (summary.latency.max, summary.latency.at_least) == (0.001, ())


def test_a_good_answer_without_a_name_is_not_lost() -> None:
    summary = tally_of(replace(SAMPLE, server="")).summary()

    assert [(s.server, s.calls) for s in summary.servers] == [("(unnamed)", 1)]


def test_a_stream_is_one_call_however_much_is_answered_on_it() -> None:
    stream = replace(SAMPLE, answers=500, lasted=30.0)
    tally = tally_of(stream, replace(stream, seq=1, server="b", answers=1))
    tally.merge(tally_of(replace(stream, seq=2, answers=7)))
    summary = tally.summary()

    assert [(server.server, server.calls, server.answers) for server in summary.servers] == [("a", 2, 507), ("b", 1, 1)]
    assert (summary.sent, summary.stream_answers) == (3, 508)
    assert summary.counts.servers == (("a", 2), ("b", 1)), "what is judged are streams"
    assert summary.seconds == 30
    assert summary.latency
    assert summary.latency.max == 0.001, "that of the first answer"


def test_single_calls_have_no_answers_on_streams() -> None:
    summary = tally_of(SAMPLE).summary()

    assert summary.stream_answers is None
    assert summary.servers[0].answers is None


def test_a_stream_that_fell_silent_after_its_first_answer_is_no_lower_bound_of_a_latency() -> None:
    stream = replace(SAMPLE, answers=2, lasted=9.0, code="DEADLINE_EXCEEDED")
    latency = tally_of(stream, replace(stream, seq=1, latency=0.5, answers=0, server="")).summary().latency

    assert latency
    assert "max" in latency.at_least
    assert "p50" not in latency.at_least


def test_calls_of_the_gate_are_counted_apart() -> None:
    gate = replace(SAMPLE, gate=True, server="g", due=0.0, sent=50.0, latency=9.0)

    summary = tally_of(gate, replace(gate, code="UNAVAILABLE", server=""), SAMPLE).summary()

    assert (summary.gate_calls, summary.gate_errors, summary.gate_servers) == (2, 1, ("g",))
    assert (summary.sent, summary.errors, summary.late) == (1, (), 0)
    assert [s.server for s in summary.servers] == ["a"]
    assert summary.latency is not None
    assert summary.latency.max == 0.001


def test_the_time_runs_from_the_first_due_call_to_the_last_answer() -> None:
    early = replace(SAMPLE, due=99.0, sent=99.0, latency=0.5)
    slow = replace(SAMPLE, due=100.0, sent=100.0, latency=3.0)
    last = replace(SAMPLE, due=102.0, sent=102.0, latency=0.1)

    summary = tally_of(slow, last, early).summary()

    assert summary.seconds == pytest.approx(4.0)
    assert summary.calls_per_second == pytest.approx(3 / 4)


def test_calls_sent_more_than_1_ms_after_they_were_due_are_late() -> None:
    lags = [-0.001, 0.0, 0.0009, 0.0011, 0.5]

    summary = tally_of(*(replace(SAMPLE, sent=SAMPLE.due + lag) for lag in lags)).summary()

    assert summary.late == 2
    assert summary.max_lag == pytest.approx(0.5)
    assert summary.lag is not None
    assert summary.lag.p50 == pytest.approx(0.0009, rel=0.01)


@pytest.mark.parametrize(("late", "missing"), [(5, ""), (6, "late")])
def test_with_more_than_1_percent_of_late_calls_there_is_no_latency(late: int, missing: str) -> None:
    tardy = replace(SAMPLE, sent=SAMPLE.due + 0.002, latency=0.003)

    summary = tally_of(*[SAMPLE] * (500 - late), *[tardy] * late).summary()

    assert summary.latency_missing == missing
    assert (summary.latency is None, summary.answered_latency is None) == (bool(missing), bool(missing))
    assert summary.servers[0].service is not None
    assert summary.servers[0].service.max == pytest.approx(0.001)


def test_a_servers_time_counts_from_when_the_call_was_sent() -> None:
    queued = replace(SAMPLE, sent=SAMPLE.due + 1.0, latency=1.002)

    summary = tally_of(queued).summary()

    assert summary.servers[0].service is not None
    assert summary.servers[0].service.max == pytest.approx(0.002)


def test_a_p99_needs_500_calls() -> None:
    few, enough = tally_of(*[SAMPLE] * 499).summary().latency, tally_of(*[SAMPLE] * 500).summary().latency

    assert few is not None
    assert enough is not None
    assert (few.p99, enough.p99) == (None, 0.001)


def test_a_slowest_server_is_named_only_when_its_interval_is_apart() -> None:
    rng = random.Random(1)
    samples = [
        replace(SAMPLE, latency=rng.expovariate(1000), server=server) for _ in range(1000) for server in ("a", "b")
    ]

    alike = tally_of(*samples).summary()
    slower = tally_of(*(replace(s, latency=s.latency * (1.5 if s.server == "b" else 1)) for s in samples)).summary()

    assert alike.slowest is None
    assert slower.slowest is not None
    assert slower.slowest.server == "b"


def test_unknown_lines_are_counted() -> None:
    tally = Tally()

    tally.count_unknown()
    tally.count_unknown(2)

    assert tally.unknown_lines == tally.summary().unknown_lines == 3


def test_merging_in_any_order_equals_adding_all() -> None:
    a, b, c = random_samples(1, 500), random_samples(2, 30), random_samples(3, 200)

    left = tally_of(*a)
    left.merge(tally_of(*b))
    left.merge(tally_of(*c))
    right = tally_of(*c)
    right.count_unknown(0)
    right.merge(tally_of(*b))
    nested = tally_of(*a)
    nested.merge(right)

    assert left.summary() == nested.summary()
    assert side_by_side(left.summary()) == side_by_side(tally_of(*a, *b, *c).summary())


def test_merging_takes_over_unknown_lines_and_leaves_the_other_as_it_was() -> None:
    one, other = tally_of(SAMPLE), tally_of(replace(SAMPLE, server="b"))
    other.count_unknown(4)
    before = other.summary()

    one.merge(other)
    one.add(replace(SAMPLE, server="b"))

    assert one.unknown_lines == 4
    assert other.summary() == before


def test_merging_with_itself_counts_twice() -> None:
    samples = random_samples(5, 50)
    tally = tally_of(*samples)

    tally.merge(tally)

    assert side_by_side(tally.summary()) == side_by_side(tally_of(*samples, *samples).summary())


def test_endless_names_stay_bounded_and_no_call_is_lost() -> None:
    tally = Tally()
    for n in range(3000):
        tally.add(replace(SAMPLE, server=f"s{n}", code="OK" if n % 2 else f"CODE{n}"))
        tally.add(replace(SAMPLE, server=f"g{n}", gate=True))

    summary = tally.summary()

    assert len(summary.servers) == 1001
    assert sum(server.calls for server in summary.servers) == 3000
    assert {s.server: s.calls for s in summary.servers}["(other)"] == 2000
    assert len(summary.errors) == 33
    assert summary.failed == 1500
    assert len(summary.gate_servers) == 1001


def test_a_merge_stays_bounded_too() -> None:
    one = tally_of(*(replace(SAMPLE, server=f"s{n}") for n in range(800)))

    one.merge(tally_of(*(replace(SAMPLE, server=f"t{n}") for n in range(800))))

    assert len(one.summary().servers) == 1001
    assert sum(server.calls for server in one.summary().servers) == 1600


def test_names_are_made_short_and_fit_for_a_terminal() -> None:
    summary = tally_of(replace(SAMPLE, server="\x1b[2Jevil\n"), replace(SAMPLE, server="x" * 10_000)).summary()

    assert [server.server for server in summary.servers] == ["\\x1b[2Jevil\\n", "x" * 253]


def test_a_latency_that_is_none_is_refused_and_counted_nowhere() -> None:
    tally = tally_of(SAMPLE)

    with pytest.raises(ValueError, match="finite"):
        tally.add(replace(SAMPLE, latency=float("nan")))

    assert tally.summary() == tally_of(SAMPLE).summary()


def test_the_summary_is_json_with_units_in_its_names() -> None:
    samples = [SAMPLE, replace(SAMPLE, code="UNAVAILABLE", server=""), replace(SAMPLE, gate=True)]

    figures = json.loads(json.dumps(tally_of(*samples).summary().to_dict(), allow_nan=False))

    assert figures["servers"][0]["service_ms"] == figures["answered_latency_ms"]
    assert figures["latency_ms"] == {
        "p50": 1.0, "p90": 1.0, "p99": None, "max": 1.0, "calls": 2, "at_least": [],
        "intervals": {"p50": [1.0, None], "p90": [1.0, None], "p99": None},
    }  # fmt: skip
    assert figures["histogram"]["buckets"] == [[345, 2]]
    assert figures["timeline"]["cells"] == [
        {"at_s": 0.0, "calls": 2, "failed": 1, "p50_ms": 1.0, "p99_ms": 1.0, "max_ms": 1.0}
    ]
    assert figures["batches"] == {"servers": ["a"], "counts": [[1]]}
    assert (figures["slowest_server"], figures["latency_missing"], figures["settling_s"]) == (None, None, 0.0)


@pytest.mark.parametrize("latency", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize(
    ("server", "code", "gate"), [("b", "OK", False), ("", "UNAVAILABLE", False), ("b", "OK", True)]
)
def test_a_call_that_is_refused_leaves_the_tally_as_it_was(latency: float, server: str, code: str, gate: bool) -> None:
    for first in (), (Sample(0, 1.0, 1.0, 0.001, "a", "OK"),):
        tally = Tally()
        for sample in first:
            tally.add(sample)
        before = tally.summary()

        with pytest.raises(ValueError, match="a duration is"):
            tally.add(Sample(1, 1.0, 1.0, latency, server, code, gate))

        assert tally.summary() == before


def test_a_call_that_was_sent_before_it_was_due_was_not_late_and_took_no_negative_time() -> None:
    early = replace(SAMPLE, due=100.0, sent=99.9, latency=0.5)
    ended_first = replace(SAMPLE, due=100.0, sent=100.3, latency=0.2)

    summary = tally_of(early, ended_first).summary()

    assert summary.service is not None
    assert summary.lag is not None
    assert tally_of(early).summary().max_lag == 0
    assert summary.service.max == pytest.approx(0.6)
    assert summary.service.p50 == 0
