"""Why the verdict is what it is: the headline first, then what differs from the promise, then what casts doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lbdemo.measure.advice import POWER, planned_block
from lbdemo.measure.fingerprint import LEAST_REQUEST, ROUND_ROBIN, UNKNOWN
from lbdemo.measure.names import NAMELESS
from lbdemo.measure.promise import breaks_round_robin, unexplained
from lbdemo.measure.reason import Reason
from lbdemo.measure.roster import UNSEEN
from lbdemo.measure.verdict import TOO_FEW_CALLS, Expectation, Outcome
from lbdemo.measure.watch import PLANNED_POWER

if TYPE_CHECKING:
    from lbdemo.measure.counts import Counts
    from lbdemo.measure.spread import Spread
    from lbdemo.measure.verdict import ShareInterval


def reasons(
    counts: Counts, spread: Spread, expectation: Expectation, outcome: Outcome, more_calls: int | None
) -> tuple[Reason, ...]:
    """The reasons in the order in which they should be told."""
    if outcome is Outcome.FAILING:
        said = [_failed("failing", counts, expectation)]
        said += [_beside_errors(counts, spread)] if spread.calls else []
    else:
        said = [_spread(spread), *_settling(spread, outcome, more_calls)]
        said += [_failed("errors_allowed", counts, expectation)] if counts.errors else []
    if outcome is not expectation.outcome and expectation.policy != LEAST_REQUEST:
        said.append(Reason("other_outcome", {"expected": expectation.outcome.value, "outcome": outcome.value}))
    return (*said, *_policy(counts, spread, expectation), *_coming_and_going(spread), *counts.doubts)


def _beside_errors(counts: Counts, spread: Spread) -> Reason:
    """What the spread shows where calls failed; some errors are servers' own answers."""
    signed_errors = max(0, spread.calls - counts.answered)
    return Reason("spread_beside_errors", {"signed_errors": signed_errors, "spread": _spread(spread).to_dict()})


def _spread(spread: Spread) -> Reason:
    """What the answered calls show, errors left aside."""
    sentence = {
        Outcome.PINNED: _pinned,
        Outcome.IN_TURNS: _in_turns,
        Outcome.BALANCED: _balanced,
        Outcome.UNBALANCED: _unbalanced,
    }.get(spread.outcome, _inconclusive)
    return sentence(spread)


def _pinned(spread: Spread) -> Reason:
    if connections := spread.pinned_connections:
        servers = sum(1 for interval in spread.shares if interval.calls)
        return Reason("pinned_connections", {"connections": connections, "servers": servers, "calls": spread.calls})
    top = spread.top
    odds = {"log10_chance": spread.log10_top}
    return Reason("pinned", {"server": top.server, "calls": top.calls, "of": spread.calls, **odds})


def _in_turns(spread: Spread) -> Reason:
    order = spread.order
    figures = {"phi": order.phi, "stickiness": order.stickiness} if order else {}
    return Reason("in_turns", {"calls": spread.calls, "servers": len(spread.roster), **figures})


def _balanced(spread: Spread) -> Reason:
    shares = sorted(interval.share for interval in spread.expected)
    fair = {interval.expected_share for interval in spread.expected}
    figures = {"servers": len(spread.roster), "calls": spread.calls, "tolerance": spread.tolerance}
    if max(fair) - min(fair) > 1e-9:
        parts = {i.server: {"share": i.share, "expected": i.expected_share} for i in spread.expected}
        return Reason("as_weighted", {**figures, "shares": parts})
    return Reason("balanced", {**figures, "lowest": shares[0], "highest": shares[-1], "fair": fair.pop()})


def _unbalanced(spread: Spread) -> Reason:
    return Reason(
        "unbalanced",
        {**_share(spread.worst), "of": spread.calls, **_fair(spread), "log10_chance": spread.log10_worst,
         "servers": len(spread.roster), "unseen": spread.worst.server.startswith(UNSEEN)},
    )  # fmt: skip


def _inconclusive(spread: Spread) -> Reason:
    if not spread.calls:
        return Reason("no_answers")
    if spread.mostly_nameless:
        return Reason("mostly_nameless", {"nameless": spread.nameless, "calls": spread.calls})
    if len(spread.roster) < 2:
        return Reason("nothing_to_balance", {"servers": list(spread.roster), "others_answered": bool(spread.strangers)})
    if spread.strangers:
        return Reason("servers_changed")
    figures = {"calls": spread.calls, "effective_calls": spread.effective, **_share(spread.worst), **_fair(spread)}
    if spread.unsigned and replace(spread, unsigned=0).outcome is not Outcome.INCONCLUSIVE:
        return Reason("failures_hide", {"unsigned": spread.unsigned, **figures})
    return Reason(TOO_FEW_CALLS, figures)


def _share(interval: ShareInterval) -> dict[str, object]:
    return {
        "server": interval.server,
        "answered": interval.calls,
        "share": interval.share,
        "low": interval.low,
        "high": interval.high,
    }


def _failed(code: str, counts: Counts, expectation: Expectation) -> Reason:
    figures = {"failed": counts.failed, "sent": counts.sent, "codes": dict(counts.errors)}
    return Reason(code, {**figures, "allowed": expectation.max_error_ratio})


def _settling(spread: Spread, outcome: Outcome, more_calls: int | None) -> list[Reason]:
    if outcome is not Outcome.INCONCLUSIVE or not spread.can_settle:
        return []
    if not more_calls:
        return [Reason("no_sensible_number")]
    if spread.calls < more_calls == planned_block(spread):
        return [Reason("planned_block", {"calls": more_calls, "power": PLANNED_POWER})]
    return [Reason("fresh_block", {"calls": more_calls, "power": POWER})]


def _policy(counts: Counts, spread: Spread, expectation: Expectation) -> list[Reason]:
    seen, promised, dispersion = spread.fingerprint, expectation.policy, spread.dispersion
    if promised in (UNKNOWN, seen) or dispersion is None or spread.changed:
        return []
    phi = spread.order.phi if spread.order else None
    figures = {"promised": promised, "seen": seen or None, "dispersion": dispersion, "phi": phi}
    if promised == LEAST_REQUEST:
        odd = unexplained(spread, counts)
        return [Reason("uneven_without_cause", {"servers": list(odd)}) if odd else Reason("least_request", figures)]
    if breaks_round_robin(spread, expectation):
        return [Reason("promise_broken", figures)]
    unclear = seen == UNKNOWN or promised == ROUND_ROBIN
    return [Reason("policy_unknown" if unclear else "other_policy", figures)]


def _coming_and_going(spread: Spread) -> list[Reason]:
    strangers = {i.server: i.calls for i in spread.shares if i.server in spread.strangers and i.server not in NAMELESS}
    unseen = sum(name.startswith(UNSEEN) for name in spread.silent)
    silent = [name for name in spread.silent if name not in spread.vanished and not name.startswith(UNSEEN)]
    found = (
        (strangers, Reason("strangers", {"servers": strangers})),
        (spread.nameless, Reason("nameless_answers", {"calls": spread.nameless})),
        (silent, Reason("silent", {"servers": silent})),
        (unseen, Reason("unseen", {"unseen": unseen, "servers": len(spread.roster)})),
        (spread.vanished, Reason("vanished", {"servers": list(spread.vanished)})),
    )
    return [reason for there, reason in found if there]


def _fair(spread: Spread) -> dict[str, object]:
    return {"fair": spread.worst.expected_share, "tolerance": spread.tolerance}
