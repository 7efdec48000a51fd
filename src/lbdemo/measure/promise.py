"""Is it as promised? A policy promises more than an outcome, and least request promises another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.measure.fingerprint import LEAST_REQUEST, RANDOM_LIKE, ROUND_ROBIN, STICKY, UNKNOWN
from lbdemo.measure.verdict import Expectation, Outcome

if TYPE_CHECKING:
    from lbdemo.measure.counts import Counts
    from lbdemo.measure.spread import Spread


def kept(outcome: Outcome, seen: Spread, counts: Counts, expectation: Expectation) -> bool | None:
    """Whether what was promised was kept; None when the calls cannot tell.

    Round robin is exact: calls that look like another policy break it, however even their totals; but what is
    steadier than independent calls may be several round robins, or least request. Least request
    promises that all servers take part, steadily, and that those get less that are slower; not that all get the same.
    Other fingerprints are named, not judged.
    """
    if expectation.policy == LEAST_REQUEST and expectation.outcome is Outcome.BALANCED:
        return _least_request(outcome, seen, counts)
    if outcome is not expectation.outcome:
        return None if outcome is Outcome.INCONCLUSIVE else False
    if expectation.policy == ROUND_ROBIN and outcome is Outcome.BALANCED:
        return None if _may_be_several(seen) else seen.fingerprint == ROUND_ROBIN
    return True


def breaks_round_robin(seen: Spread, expectation: Expectation) -> bool:
    """Whether round robin was promised, and the calls are another policy's."""
    if expectation.policy != ROUND_ROBIN or seen.fingerprint == ROUND_ROBIN:
        return False
    return not _may_be_several(seen)


def _may_be_several(seen: Spread) -> bool:
    """Not exact, and yet steadier than independent calls: least request, or many short round robins side by side."""
    return seen.fingerprint == UNKNOWN or (
        seen.fingerprint == RANDOM_LIKE and seen.order is not None and seen.order.surely_steady
    )


def unexplained(seen: Spread, counts: Counts) -> tuple[str, ...]:
    """The servers that least request gives provably too little although they are not slower, or too much although they
    are not faster, than some other."""
    slow, fast = {pair[0] for pair in counts.slower}, {pair[1] for pair in counts.slower}
    return tuple(
        share.server
        for share in seen.expected
        if seen.accused(share) and share.server not in (slow if share.share < share.expected_share else fast)
    )


def _least_request(outcome: Outcome, seen: Spread, counts: Counts) -> bool | None:
    if outcome not in (Outcome.BALANCED, Outcome.UNBALANCED, Outcome.INCONCLUSIVE):
        return False
    if seen.changed or not seen.can_settle or not seen.calls:
        return None
    if seen.strangers or seen.fingerprint == STICKY or unexplained(seen, counts):
        return False
    if all(share.low > 0 for share in seen.expected):
        return True
    return False if outcome is Outcome.UNBALANCED else None
