"""What a summary says of a run, and against itself."""

from __future__ import annotations

import pytest

from lbdemo.records import Sample, Summary, Tally


def summed(*samples: Sample) -> Summary:
    tally = Tally()
    for sample in samples:
        tally.add(sample)
    return tally.summary()


def answer(seq: int, server: str = "a", *, latency: float = 0.01, lag: float = 0.0, attempts: int = 1) -> Sample:
    due = 1e9 + seq / 100
    return Sample(seq, due, due + lag, latency, server, "OK", attempts=attempts)


def test_attempts_and_the_calls_that_took_more_than_one_are_counted_apart() -> None:
    summary = summed(answer(0), answer(1, attempts=3), answer(2, attempts=2))

    assert (summary.attempts, summary.retried) == (6, 2)


def test_the_gate_is_no_part_of_the_rate_but_its_time_is_told() -> None:
    gate = Sample(0, 1e9 - 20, 1e9 - 20, 0.01, "a", "OK", gate=True)

    summary = summed(gate, *(answer(seq) for seq in range(1, 101)))

    assert summary.settling == pytest.approx(20.01)
    assert summary.seconds == pytest.approx(1.0)
    assert summary.calls_per_second == pytest.approx(100, rel=0.02)


def test_one_call_has_no_rate() -> None:
    assert summed(answer(0)).calls_per_second is None


def test_a_client_that_is_late_has_no_latency_and_says_so() -> None:
    summary = summed(*(answer(seq, lag=0.002 if seq < 2 else 0.0) for seq in range(100)))

    assert (summary.latency, summary.latency_missing) == (None, "late")
    assert [doubt.code for doubt in summary.doubts] == ["client_late"]


def test_of_two_servers_one_is_slower_only_where_that_is_proven() -> None:
    clearly = summed(*(answer(seq, "ab"[seq % 2], latency=(0.01, 0.02)[seq % 2]) for seq in range(200)))
    alike = summed(*(answer(seq, "ab"[seq % 2], latency=0.01 + seq % 7 / 1000) for seq in range(200)))

    assert clearly.counts.slower == (("b", "a"),)
    assert alike.counts.slower == ()


def test_calls_that_are_there_twice_have_no_order() -> None:
    once = [answer(seq, "ab"[seq % 2]) for seq in range(100)]

    assert summed(*once).counts.order is not None
    assert summed(*once, once[5]).counts.order is None
    assert [doubt.code for doubt in summed(*once, once[5]).doubts] == ["repeated_calls"]
