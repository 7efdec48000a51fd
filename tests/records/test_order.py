"""The order of calls, as it is counted while they come back."""

from __future__ import annotations

from collections.abc import Iterable

from lbdemo.measure.order import Order
from lbdemo.records import Sample, Tally

CALLS = 2048


def call(seq: int, server: str, connection: int = 0) -> Sample:
    return Sample(seq, 1e9 + seq / 1000, 1e9 + seq / 1000, 0.01, server, "OK", connection=connection)


def turns(length: int, calls: int = CALLS) -> list[Sample]:
    """Two servers that take turns of this length."""
    return [call(seq, "ab"[seq // length % 2]) for seq in range(calls)]


def tallied(calls: Iterable[Sample]) -> Tally:
    tally = Tally()
    for each in calls:
        tally.add(each)
    return tally


def order(calls: Iterable[Sample]) -> Order:
    return ordered(tallied(calls))


def ordered(tally: Tally) -> Order:
    found = tally.summary().order
    assert found is not None
    return found


def test_neighbours_are_those_that_were_sent_one_after_another_not_those_that_came_back_so() -> None:
    bursts = [[call(seq, "abc"[seq % 3]) for seq in range(start, start + 48)] for start in range(0, CALLS, 48)]
    back = [each for burst in bursts for each in sorted(burst, key=lambda sample: sample.server)]

    found = order(back)

    assert found.stickiness is not None
    assert found.stickiness < -0.4, "a round robin calls another server each time"


def test_neighbours_are_those_on_one_connection() -> None:
    # Each connection keeps to its server, and they take turns.
    found = order(call(seq, "ab"[seq % 2], connection=seq % 2) for seq in range(100))

    assert (found.pairs, found.same) == (98, 98)
    assert found.connections == ((50, 0), (0, 50))


def test_batches_go_by_sequence_number_whatever_came_back_first() -> None:
    sent = turns(256)

    late = order(sorted(sent, key=lambda sample: (sample.seq // 50, -sample.seq)))

    assert late.batches == order(sent).batches
    assert set(late.batches) == {(32, 0), (0, 32)}


def test_calls_that_come_back_long_after_later_ones_count_at_the_beginning() -> None:
    overdue = [call(seq, "b") for seq in range(5)]

    found = order([*(call(seq, "a") for seq in range(100, CALLS)), *overdue])

    assert [batch[1] for batch in found.batches] == [5] + [0] * (len(found.batches) - 1)


def test_however_many_calls_there_are_none_is_lost() -> None:
    found = order(turns(8, 16 * CALLS))

    assert found.totals == (8 * CALLS, 8 * CALLS)
    assert set(map(sum, found.batches)) == {16 * CALLS // 64}


def test_a_merge_has_the_order_of_both() -> None:
    sent = turns(256)

    one = tallied(sent[::2])
    one.merge(tallied(sent[1::2]))

    assert ordered(one).batches == order(sent).batches
