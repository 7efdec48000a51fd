"""Why the verdict is what it is: the headline first, then what differs from the promise, then what casts doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.measure.fingerprint import UNKNOWN, breaks_promise
from lbdemo.measure.names import NAMELESS
from lbdemo.measure.reason import Reason
from lbdemo.measure.spread import UNSEEN
from lbdemo.measure.verdict import Expectation, Outcome

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
    if outcome is not expectation.outcome:
        said.append(Reason("other_outcome", {"expected": expectation.outcome.value, "outcome": outcome.value}))
    return (*said, *_policy(spread, expectation), *_coming_and_going(spread), *counts.doubts)


def _beside_errors(counts: Counts, spread: Spread) -> Reason:
    """What the spread shows where calls failed; some errors are servers' own answers."""
    signed_errors = max(0, spread.calls - counts.answered)
    return Reason("spread_beside_errors", {"signed_errors": signed_errors, "spread": _spread(spread).to_dict()})


def _spread(spread: Spread) -> Reason:
    """What the answered calls show, errors left aside."""
    sentence = {
        Outcome.PINNED: _pinned,
        Outcome.BALANCED: _balanced,
        Outcome.UNBALANCED: _unbalanced,
    }.get(spread.outcome, _inconclusive)
    return sentence(spread)


def _pinned(spread: Spread) -> Reason:
    top = spread.top
    odds = {"log10_chance": spread.log10_top}
    return Reason("pinned", {"server": top.server, "calls": top.calls, "of": spread.calls, **odds})


def _balanced(spread: Spread) -> Reason:
    shares = sorted(interval.share for interval in spread.expected)
    figures = {"servers": len(spread.roster), "calls": spread.calls, "lowest": shares[0], "highest": shares[-1]}
    return Reason("balanced", {**figures, **_fair(spread)})


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
    return Reason("too_few_calls", {"calls": spread.calls, **_share(spread.worst), **_fair(spread)})


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
    return [Reason("more_calls", {"calls": more_calls}) if more_calls else Reason("no_sensible_number")]


def _policy(spread: Spread, expectation: Expectation) -> list[Reason]:
    seen, promised, dispersion = spread.fingerprint, expectation.policy, spread.dispersion
    if promised in (UNKNOWN, seen) or dispersion is None or spread.changed:
        return []
    figures = {"promised": promised, "seen": seen or None, "dispersion": dispersion}
    if seen == UNKNOWN:
        return [Reason("policy_unknown", figures)]
    return [Reason("promise_broken" if breaks_promise(promised, seen, dispersion) else "other_policy", figures)]


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
    return {"fair": 1 / len(spread.roster), "tolerance": spread.tolerance}
