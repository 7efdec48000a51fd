"""How calls were spread before the watch, and since when they are uneven."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from diagnose.shops import MADE, NAMES, SECONDS, caller, shop
from diagnose.test_scrapes import SOURCE, WHERE

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.diagnosis import history_record
from lbdemo.diagnose.history import History, history
from lbdemo.diagnose.scrapes import Period, Scrapes
from lbdemo.measure.verdict import Outcome
from lbdemo.render.history_line import history_line

EVEN, ODD, FEW = (3000, 3010, 2990), (9000, 0, 0), (1, 0, 1)


def period(back: int, calls: Sequence[int], pods: Sequence[str] = NAMES) -> Period:
    """Five minutes, `back` of those before the last ones."""
    end = SECONDS - 300 * back
    return Period(end - 300, end, tuple((f"shop/{pod}", many) for pod, many in zip(pods, calls, strict=True)))


def past(*periods: Sequence[int]) -> History:
    """The oldest first."""
    kept = tuple(period(len(periods) - 1 - index, calls) for index, calls in enumerate(periods))
    found = history(
        Case(shop(callers=[caller("checkout")], scrapes=Scrapes(WHERE, (WHERE,), SOURCE, 15, history=kept)))
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("periods", "since", "said"),
    [
        ((EVEN, EVEN, ODD, ODD), "2026-11-26T11:50:00+00:00", "uneven since 11:50 UTC (10 min 0 s), even before"),
        ((EVEN, FEW, ODD, FEW), "2026-11-26T11:50:00+00:00", "uneven since 11:50 UTC (10 min 0 s), even before"),
        ((FEW, ODD, ODD, ODD), "2026-11-26T11:45:00+00:00", "(15 min 0 s), nobody knows of before"),
        ((ODD, ODD, ODD), "2026-11-26T11:45:00+00:00", "11:45 UTC at the least, as far back as it is known"),
        ((ODD, EVEN, ODD, EVEN), "", "even in the end"),
        ((FEW, FEW, FEW), "", "too few calls to say since when"),
    ],
)  # fmt: skip
def test_since_when_it_is_uneven(periods: Sequence[Sequence[int]], since: str, said: str) -> None:
    found = past(*periods)

    assert found.uneven_since == since
    record = history_record(found)
    assert said in history_line(record or {})


def test_the_shares_are_of_all_of_it_the_largest_first() -> None:
    record = history_record(past(EVEN, ODD))
    assert record is not None

    assert record["seconds"] == 600
    assert [each["outcome"] for each in record["periods"]] == ["BALANCED", "PINNED"]
    assert history_line(record) == (
        "over 10 min 0 s: payments-a 66.7 %, payments-b 16.7 % and payments-c 16.6 % of about 18,000 calls; "
        f"uneven since 11:55 UTC (5 min 0 s), even before (Prometheus {WHERE} ({SOURCE}))"
    )


def test_a_pod_that_was_not_there_yet_is_not_missed_before() -> None:
    kept = (period(1, (3000, 3000), NAMES[:2]), period(0, (4500, 4500, 0)))

    found = history(Case(shop(scrapes=Scrapes(WHERE, (WHERE,), SOURCE, 15, history=kept))))

    assert found is not None
    assert [each.outcome for each in found.stretches] == [Outcome.BALANCED, Outcome.UNBALANCED]
    assert found.uneven_since == "2026-11-26T11:55:00+00:00"


def test_pods_that_are_not_ready_any_more_are_left_out() -> None:
    kept = (period(0, (3000, 3000, 3000, 9), (*NAMES, "payments-gone")),)

    found = history(Case(shop(scrapes=Scrapes(WHERE, (WHERE,), SOURCE, 15, history=kept))))

    assert found is not None
    assert [pod for pod, _ in found.calls] == [f"shop/{name}" for name in NAMES]


def test_where_nobody_kept_any_there_is_none() -> None:
    assert history(Case(shop())) is None
    assert history(Case(shop(scrapes=Scrapes(asked=(WHERE,))))) is None
    assert history_record(None) is None
    assert MADE.startswith("2026-11-26T12:00")
