"""From flows to verdicts: each caller by itself, and all together on what they are worth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lbdemo.measure.bands import Source
from lbdemo.measure.counts import Counts
from lbdemo.measure.flows.reasons import (
    PROVEN_UNEVEN,
    callers_differ,
    early,
    left_out,
    overruled,
    pinned_callers,
    source_error,
    uneven_callers,
    watch_on,
)
from lbdemo.measure.flows.verdict import FlowsVerdict, FlowVerdict
from lbdemo.measure.flows.watched import FEWEST_INTERVALS, watched
from lbdemo.measure.judge import judge
from lbdemo.measure.spread import PINNED_SHARE
from lbdemo.measure.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdemo.measure.flows.flow import Flow
    from lbdemo.measure.flows.watched import Watched
    from lbdemo.measure.verdict import Expectation


def judge_flows(flows: Sequence[Flow], expectation: Expectation) -> FlowsVerdict:
    """Judges what flowed between looks at counters (`difference`), by the rules of `judge`.

    Each caller is judged by itself; with several, half of alpha is for all callers together, half for the total. The
    total stands on as many calls as the overdispersion over intervals and that over callers leave. Then

    - PINNED, also when callers with 99 % of the calls are, or when all together keep to one endpoint each;
    - IN TURNS, also when callers with half of the calls or more are;
    - UNBALANCED, also when more than 1 % of the calls are of callers that provably do not spread them evenly, whatever
      the total: so even totals of pinned callers are never BALANCED;
    - BALANCED when the total is; otherwise INCONCLUSIVE.

    With fewer than 8 intervals (two looks make one) only PINNED can be said. The endpoints are those that the
    expectation names, without those that only passed; where it names none, those that the looks show.
    """
    half = expectation.alpha / 2
    alone = replace(expectation, alpha=half / len(flows) if len(flows) > 1 else expectation.alpha)
    callers = tuple(_judged([flow], watched([flow]), alone, flow.caller) for flow in flows)
    if len(callers) == 1:
        return FlowsVerdict(replace(callers[0], caller=""), callers, tuple(flows))
    together = watched(flows)
    total = _judged(flows, together, replace(expectation, alpha=half))
    return FlowsVerdict(_with_callers(total, callers, together), callers, tuple(flows))


def _judged(flows: Sequence[Flow], order: Watched, expectation: Expectation, caller: str = "") -> FlowVerdict:
    """The verdict on these flows as one."""
    expected = _expected(expectation, flows, order.servers)
    counts = _counts(flows, order)
    seconds = max((flow.seconds for flow in flows), default=0.0)
    rate = sum(flow.calls / flow.seconds for flow in flows if flow.seconds)
    found, wanted = early(judge(counts, expected), order, counts.source, seconds)
    reasons = (*found.reasons, *source_error(counts.source), *left_out(flows))
    watch = wanted / rate if wanted and rate else None
    if wanted and watch:
        reasons = (*reasons, watch_on(wanted, watch))
    return FlowVerdict(caller, replace(found, reasons=reasons), counts.sent, len(order.batches), seconds, watch)


def _expected(expectation: Expectation, flows: Sequence[Flow], endpoints: tuple[str, ...]) -> Expectation:
    """What is expected of these flows: endpoints that were there at other times only have no part in it."""
    passing = {endpoint for flow in flows for endpoint in flow.passing} - set(endpoints)
    if expectation.servers:
        stayed = tuple(server for server in expectation.servers if server not in passing)
        return replace(expectation, servers=stayed, count=0) if stayed else expectation
    if expectation.count > len(endpoints):
        return expectation
    return replace(expectation, servers=endpoints, count=0)


def _counts(flows: Sequence[Flow], order: Watched) -> Counts:
    totals = order.totals or (0,) * len(order.servers)
    servers = tuple((name, total) for name, total in zip(order.servers, totals, strict=True) if total)
    calls = sum(totals)
    source = Source(max((flow.error for flow in flows), default=0.0), max(FEWEST_INTERVALS, len(order.batches)))
    return Counts(sent=calls, answered=calls, errors=(), servers=servers, order=order, source=source)


def _with_callers(total: FlowVerdict, callers: Sequence[FlowVerdict], order: Watched) -> FlowVerdict:
    """The verdict on all calls once more, after what the callers show."""
    verdict, outcome = total.verdict, _outcome(total, callers, order)
    if outcome is not verdict.outcome or verdict.pinned_connections:
        headline = pinned_callers(order) if outcome is Outcome.PINNED else uneven_callers(callers, total)
        verdict = replace(
            verdict, outcome=outcome, as_expected=outcome is verdict.expected, undecided=False, more_calls=None,
            reasons=overruled(headline, verdict),
        )  # fmt: skip
        total = replace(total, watch=None)
    return replace(total, verdict=replace(verdict, reasons=(*verdict.reasons, *callers_differ(order))))


def _outcome(total: FlowVerdict, callers: Sequence[FlowVerdict], order: Watched) -> Outcome:
    """What all calls show, with what the callers show and their total does not."""
    outcome, calls = total.verdict.outcome, total.calls
    if outcome is Outcome.PINNED or not calls:
        return outcome
    of = {each: sum(caller.calls for caller in callers if caller.verdict.outcome is each) for each in PROVEN_UNEVEN}
    if of[Outcome.PINNED] >= PINNED_SHARE * calls or order.one_endpoint_each:
        return Outcome.PINNED
    if of[Outcome.IN_TURNS] * 2 >= calls:
        return Outcome.IN_TURNS
    harmless = sum(of.values()) <= (1 - PINNED_SHARE) * calls
    return outcome if harmless or outcome is Outcome.IN_TURNS else Outcome.UNBALANCED
