"""The verdict in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.measure.fingerprint import ROUND_ROBIN, UNKNOWN, breaks_promise
from lbdemo.measure.names import LATE
from lbdemo.measure.spread import NAMELESS, UNSEEN
from lbdemo.measure.verdict import Expectation, Outcome
from lbdemo.words import count, duration, figure, listing, number, once_in, percent

if TYPE_CHECKING:
    from lbdemo.measure.spread import Spread
    from lbdemo.records.summary import Summary

LATE_SHARE = 0.01
"""From this share of late calls on, the client could not keep its schedule."""


def reasons(
    summary: Summary, spread: Spread, expectation: Expectation, outcome: Outcome, more_calls: int
) -> tuple[str, ...]:
    """Plain sentences, the headline first: what was seen, what differs from the promise, what casts doubt."""
    if outcome is Outcome.FAILING:
        allowed = percent(expectation.max_error_ratio) if expectation.max_error_ratio else "none"
        said = [f"{_failed(summary)}; allowed: {allowed}."]
        said += [f"{_apart(summary, spread)}: {_spread(spread)}"] if spread.calls else []
    else:
        said = [_spread(spread), *_settling(spread, outcome, more_calls)]
        said += [f"{_failed(summary)}; so many are allowed."] if summary.errors else []
    if outcome is not expectation.outcome:
        said.append(f"{expectation.outcome} was expected, and it is {outcome}.")
    return (*said, *_policy(spread, expectation), *_coming_and_going(spread), *_doubts(summary))


def _apart(summary: Summary, spread: Spread) -> str:
    """What the spread counts beside the errors: some of them are servers' own answers."""
    signed = spread.calls - summary.answered
    return f"Counting {count(signed, 'error')} with a server's name, too" if signed > 0 else "Apart from the errors"


def _spread(spread: Spread) -> str:
    """What the answered calls show, errors left aside."""
    sentence = {
        Outcome.PINNED: _pinned,
        Outcome.BALANCED: _balanced,
        Outcome.UNBALANCED: _unbalanced,
    }.get(spread.outcome, _inconclusive)
    return sentence(spread)


def _pinned(spread: Spread) -> str:
    top, all_calls = spread.top, number(spread.calls)
    part = f"all {all_calls}" if top.calls == spread.calls else f"{number(top.calls)} of {all_calls}"
    return f"{top.server} answered {part} calls; a fair choice does that {once_in(spread.log10_top)}."


def _balanced(spread: Spread) -> str:
    shares = sorted(interval.share for interval in spread.expected)
    low, high = percent(shares[0]), percent(shares[-1])
    each = low if low == high else f"{low} to {high}"
    return (
        f"Each of the {len(spread.roster)} servers answered its part of {count(spread.calls, 'call')}: "
        f"{each}, where {_fair(spread)} is fair; none is off by more than {_effect(spread)} of that."
    )


def _unbalanced(spread: Spread) -> str:
    worst, calls = spread.worst, count(spread.calls, "call")
    who = f"One of the {len(spread.roster)} servers" if worst.server.startswith(UNSEEN) else worst.server
    part = f"{number(worst.calls)} of {calls} ({percent(worst.share)})" if worst.calls else f"none of {calls}"
    return (
        f"{who} answered {part}, where {_fair(spread)} is fair; "
        f"a fair choice strays that far {once_in(spread.log10_worst)}."
    )


def _inconclusive(spread: Spread) -> str:
    if not spread.calls:
        return "No call was answered, so there is no spread to judge."
    if spread.mostly_nameless:
        return f"{number(spread.nameless)} of {count(spread.calls, 'answer')} cannot be told apart by server."
    if len(spread.roster) < 2:
        return _nothing_to_balance(spread)
    if spread.strangers:
        return "Servers came or went during the block, so the shares have no fixed measure."
    worst = spread.worst
    return (
        f"{count(spread.calls, 'call')} cannot tell whether the servers share fairly: "
        f"{worst.server} answered {percent(worst.share)}, which may stand for anything "
        f"from {percent(worst.low)} to {percent(worst.high)}; "
        f"{_fair(spread)} is fair, give or take {_effect(spread)} of that."
    )


def _nothing_to_balance(spread: Spread) -> str:
    if spread.strangers:
        expected = listing(spread.roster) or "one server"
        return f"Only {expected} was expected, so there is nothing to balance; but others answered."
    return f"There is only one server, {listing(spread.roster)}: nothing to balance."


def _failed(summary: Summary) -> str:
    codes = listing([f"{code} {number(calls)}" for code, calls in summary.errors])
    return f"{number(summary.failed)} of {count(summary.sent, 'call')} failed ({codes})"


def _settling(spread: Spread, outcome: Outcome, more_calls: int) -> list[str]:
    if outcome is not Outcome.INCONCLUSIVE or not spread.can_settle:
        return []
    if not more_calls:
        return ["A share this close to the limit is not settled by any sensible number of calls."]
    if spread.strangers or not spread.calls:
        return [f"A fresh block of {count(more_calls, 'call')} would settle it."]
    return [f"About {count(more_calls, 'more call')} would settle it if it goes on like this."]


def _policy(spread: Spread, expectation: Expectation) -> list[str]:
    seen, promised, dispersion = spread.fingerprint, expectation.policy, spread.dispersion
    if promised in (UNKNOWN, seen) or dispersion is None:
        return []
    if spread.changed:
        return []
    if seen == UNKNOWN:
        return [f"The calls are too few to tell {promised} from other policies."]
    shown = f"(D = {figure(dispersion)})"
    if breaks_promise(promised, seen, dispersion):
        return [f"Round robin was promised, which is exact, but the spread is {seen} {shown}."]
    if promised == ROUND_ROBIN:
        return [f"Round robin was promised; the spread is not exact, but does not contradict it {shown}."]
    return [f"The spread looks {seen}, where {promised} was expected {shown}."]


def _coming_and_going(spread: Spread) -> list[str]:
    strangers = [i for i in spread.shares if i.server in spread.strangers and i.server not in NAMELESS]
    unseen = sum(name.startswith(UNSEEN) for name in spread.silent)
    silent = [name for name in spread.silent if name not in spread.vanished and not name.startswith(UNSEEN)]
    said = []
    if strangers:
        told = listing([f"{i.server} ({count(i.calls, 'call')})" for i in strangers])
        said.append(f"Answered without being expected: {told}.")
    if spread.nameless:
        said.append(f"{count(spread.nameless, 'answer')} without a usable server name.")
    if silent:
        said.append(f"Never answered, though expected: {listing(silent)}.")
    if unseen:
        said.append(f"{unseen} of the {len(spread.roster)} expected servers never answered.")
    if spread.vanished:
        said.append(f"Answered before the block, and not in it: {listing(spread.vanished)}.")
    return said


def _doubts(summary: Summary) -> list[str]:
    said = []
    if summary.late > LATE_SHARE * summary.sent:
        said.append(
            f"The client could not keep its schedule: it sent {count(summary.late, 'call')} more than "
            f"{duration(LATE)} late, at most {duration(summary.max_lag)}; the latencies contain that."
        )
    if summary.gate_errors:
        said.append(f"Before the block, {count(summary.gate_errors, 'call')} failed.")
    if summary.unknown_lines:
        said.append(f"{count(summary.unknown_lines, 'line')} could not be read as a call.")
    return said


def _fair(spread: Spread) -> str:
    return percent(1 / len(spread.roster))


def _effect(spread: Spread) -> str:
    return f"{spread.effect * 100:g} %"
