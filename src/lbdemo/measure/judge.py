"""From counts to a verdict: pure, and never asked again until it pleases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.measure import promise
from lbdemo.measure.advice import fresh_block
from lbdemo.measure.reasons import reasons
from lbdemo.measure.spread import Spread, spread
from lbdemo.measure.verdict import Expectation, Outcome, Verdict

if TYPE_CHECKING:
    from lbdemo.measure.counts import Counts


def judge(counts: Counts, expectation: Expectation, look: int = 1) -> Verdict:
    """Judges a block of calls; with `look` 2 both blocks of a plan for two, as one.

    In this order: FAILING when a larger part of the calls failed than allowed (the spread is reported all the
    same). INCONCLUSIVE when nothing was answered, when there are not two servers to share, or when most answers do not
    say who gave them. PINNED when one server answered at least 99 %, or each of several connections has one server.
    IN TURNS when one server at a time has the calls. UNBALANCED when an expected server's share is proven to be outside
    of its expected one ± tolerance, BALANCED when all are proven to be inside and nobody else answered.
    Otherwise INCONCLUSIVE.

    Proven is by exact binomial tests with an error of alpha, on as many independent calls as these are worth: their
    number over phi. Calls that no server signed are given to each in turn; what is said holds for all of that.

    It is as expected when the outcome is, and the promised policy is not broken (`promise`).
    """
    alpha = expectation.alpha_at(look)
    seen = spread(counts, expectation, alpha)
    outcome = _outcome(counts, seen, expectation)
    kept = promise.kept(outcome, seen, counts, expectation)
    more_calls = fresh_block(seen) if outcome is Outcome.INCONCLUSIVE else None
    order = seen.order
    return Verdict(
        outcome=outcome,
        as_expected=kept is True,
        undecided=kept is None,
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
        phi=order.phi if order else None,
        stickiness=order.stickiness if order else None,
        effective_calls=seen.effective,
        pinned_connections=seen.pinned_connections,
        look=look,
        looks=expectation.looks,
        look_alpha=alpha,
    )


def _outcome(counts: Counts, seen: Spread, expectation: Expectation) -> Outcome:
    # Compared as counts: 3 errors in 100 calls are 3 %, whatever 3 / 100 is in binary.
    if counts.failed > expectation.max_error_ratio * counts.sent * (1 + 1e-12):
        return Outcome.FAILING
    return seen.outcome
