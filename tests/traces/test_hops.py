from dataclasses import replace

import pytest
from traced import MILLISECOND, called, meshed

from lbdemo.traces import Trace, joined
from lbdemo.traces.hops import hops, slowest
from lbdemo.traces.role import MESHED, Role


def some(calls: int) -> tuple[Trace, ...]:
    return joined(span for seq in range(calls) for span in meshed(seq, f"echo-server-{seq % 3}", at=seq * 20))


def slow(seq: int, extra: float) -> list[Trace]:
    """A call whose server takes some milliseconds more, and all above it as well."""
    return list(joined(replace(span, end=span.end + round(extra * MILLISECOND)) for span in called(seq, "a")))


def test_each_hop_of_the_way_has_its_own_time() -> None:
    found = hops(some(30))

    assert [hop.role for hop in found] == [*MESHED]
    assert [hop.calls for hop in found] == [30] * 5
    assert [hop.p50 for hop in found] == pytest.approx([0.002, 0.002, 0.001, 0.001, 0.004], rel=0.02)
    assert [hop.share for hop in found] == pytest.approx([0.2, 0.2, 0.1, 0.1, 0.4])


def test_with_few_calls_there_is_no_p99_but_the_longest() -> None:
    (*_, server) = hops([*some(498), *slow(498, 50)])

    assert (server.calls, server.p99) == (499, None)
    assert server.longest == pytest.approx(0.054)


def test_with_500_calls_p99_leaves_the_one_slow_call_out() -> None:
    (*_, server) = hops([*some(499), *slow(499, 50)])

    assert server.p50 == pytest.approx(0.004, rel=0.02)
    assert server.p99 == pytest.approx(0.004, rel=0.02)
    assert server.longest == pytest.approx(0.054)


def test_clocks_that_differ_change_nothing() -> None:
    late = [
        replace(span, begin=span.begin + 10**12, end=span.end + 10**12) if span.pod == "a" else span
        for span in meshed(0, "a")
    ]

    assert hops(joined(late)) == hops(joined(meshed(0, "a")))


def test_the_slowest_call_names_the_hop_that_its_time_went_to() -> None:
    found = slowest([*some(3), *slow(3, 50)])

    assert found is not None
    assert (found.trace.seq, found.span.pod) == (3, "a")
    assert found.own == pytest.approx(0.054)
    assert found.share == pytest.approx(54 / 60)


def test_without_traces_there_is_nothing_to_tell() -> None:
    assert hops([]) == ()
    assert slowest([]) is None


def test_what_took_no_time_has_no_share() -> None:
    (still,) = joined([replace(called(0, "a")[0], end=0)])

    assert [(hop.role, hop.share) for hop in hops([still])] == [(Role.CALLER, 0.0)]
    found = slowest([still])
    assert found is not None
    assert found.share == 0.0
