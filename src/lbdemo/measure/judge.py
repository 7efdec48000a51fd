"""From counts to a verdict: pure, and never asked again until it pleases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.measure.fingerprint import breaks_promise
from lbdemo.measure.reasons import reasons
from lbdemo.measure.spread import Spread, spread
from lbdemo.measure.verdict import Expectation, Outcome, Verdict

if TYPE_CHECKING:
    from lbdemo.measure.counts import Counts


def judge(counts: Counts, expectation: Expectation) -> Verdict:
    """Judges a block of calls.

    In this order: FAILING when a larger part of the calls failed than allowed (the spread is reported all the
    same). INCONCLUSIVE when nothing was answered, when there are not two servers to share, or when most
    answers do not say who gave them. PINNED when one server answered at least 99 %. UNBALANCED when the
    interval of an expected server lies wholly outside its fair share ± tolerance. (Both only if an exact binomial tail
    excludes a fair choice at `alpha`.) BALANCED when all intervals lie inside and nobody else answered.
    Otherwise INCONCLUSIVE. The intervals are Wilson's, simultaneous by Bonferroni.

    It is as expected when the outcome is, and when a promised round robin is not clearly contradicted (D of
    0.3 or more): that policy is exact, so a merely random spread is another policy's. Other fingerprints
    are named, not judged.
    """
    seen = spread(counts, expectation)
    outcome = _outcome(counts, seen, expectation)
    more_calls = seen.more_calls if outcome is Outcome.INCONCLUSIVE else None
    broken = outcome is Outcome.BALANCED and breaks_promise(expectation.policy, seen.fingerprint, seen.dispersion)
    return Verdict(
        outcome=outcome,
        as_expected=outcome is expectation.outcome and not broken,
        expected=expectation.outcome,
        shares=seen.shares,
        dispersion=seen.dispersion,
        fingerprint=seen.fingerprint,
        expected_fingerprint=expectation.policy,
        reasons=reasons(counts, seen, expectation, outcome, more_calls),
        more_calls=more_calls,
        strangers=seen.strangers,
        silent=seen.silent,
        tolerance=expectation.tolerance,
        alpha=expectation.alpha,
    )


def _outcome(counts: Counts, seen: Spread, expectation: Expectation) -> Outcome:
    # Compared as counts: 3 errors in 100 calls are 3 %, whatever 3 / 100 is in binary.
    if counts.failed > expectation.max_error_ratio * counts.sent * (1 + 1e-12):
        return Outcome.FAILING
    return seen.outcome
