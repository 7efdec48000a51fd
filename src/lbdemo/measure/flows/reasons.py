"""Why a verdict on flows is what it is, beyond the reasons that calls have: codes with their figures."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from lbdemo.measure.fingerprint import UNKNOWN
from lbdemo.measure.flows.flow import Cause
from lbdemo.measure.flows.watched import FEWEST_INTERVALS
from lbdemo.measure.order import overdispersion, surely_lumpy
from lbdemo.measure.reason import Reason
from lbdemo.measure.verdict import TOO_FEW_CALLS, Outcome
from lbdemo.measure.watch import plan_watch, provable_tolerance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdemo.measure.bands import Source
    from lbdemo.measure.flows.flow import Flow
    from lbdemo.measure.flows.verdict import FlowVerdict
    from lbdemo.measure.flows.watched import Watched
    from lbdemo.measure.verdict import Verdict

LASTING = ("strangers", "nameless_answers", "silent", "unseen", "source_error", "intervals_left_out")
"""What holds whatever the verdict."""

PROVEN_UNEVEN = (Outcome.PINNED, Outcome.IN_TURNS, Outcome.UNBALANCED)
"""What is said of a caller that provably does not spread its calls."""

ADVICE = ("planned_block", "fresh_block", "no_sensible_number")
"""What is advised of blocks of calls, which nobody sends here."""


def early(verdict: Verdict, order: Watched, source: Source, seconds: float) -> tuple[Verdict, int | None]:
    """The verdict, or INCONCLUSIVE where it is too early for one, and how many calls are wanted (None: no number).

    It is too early with too few intervals to know how much a total may vary, and with too few calls.
    """
    told = verdict.reasons[0].code
    quiet = told in (TOO_FEW_CALLS, "no_answers")
    if verdict.outcome is Outcome.PINNED or (verdict.outcome is Outcome.INCONCLUSIVE and not quiet):
        return verdict, None
    wanted = _wanted(verdict, order, source)
    reasons = [] if order.knows_variance or told == "no_answers" else [_variance_unknown(order)]
    if quiet and wanted is None:
        reasons.append(_too_coarse(verdict, source))
    elif quiet and wanted is not None and order.calls < wanted:
        reasons.append(Reason("too_quiet", {"calls": order.calls, "seconds": seconds, "wanted": wanted}))
    if not reasons:
        return verdict, verdict.more_calls
    said = verdict.reasons if told == TOO_FEW_CALLS else ()
    others = [reason for reason in said if reason.code not in ADVICE]
    return _open(verdict, (*reasons, *others)), wanted if quiet else None


def _open(verdict: Verdict, reasons: tuple[Reason, ...]) -> Verdict:
    undecided = verdict.expected is not Outcome.INCONCLUSIVE
    return replace(
        verdict, outcome=Outcome.INCONCLUSIVE, as_expected=not undecided, undecided=undecided, more_calls=None,
        fingerprint=UNKNOWN, reasons=reasons,
    )  # fmt: skip


def _wanted(verdict: Verdict, order: Watched, source: Source) -> int | None:
    """The calls that a fair choice wants, more of them where these are surely lumpy."""
    servers = sum(1 for share in verdict.shares if share.expected_share)
    planned = plan_watch(servers, verdict.tolerance, verdict.alpha, source) if servers else None
    lumpy = surely_lumpy(order.batches) or surely_lumpy(order.callers)
    return ceil(planned * order.inflation(verdict.alpha)) if planned and lumpy else planned


def _variance_unknown(order: Watched) -> Reason:
    busy = sum(1 for row in order.batches if sum(row))
    return Reason("variance_unknown", {"intervals": busy, "wanted": FEWEST_INTERVALS})


def _too_coarse(verdict: Verdict, source: Source) -> Reason:
    servers = sum(1 for share in verdict.shares if share.expected_share)
    provable = provable_tolerance(servers, verdict.tolerance, verdict.alpha, source)
    figures = {"error": source.error, "tolerance": verdict.tolerance, "servers": servers, "provable": provable}
    return Reason("source_too_coarse", figures)


def overruled(headline: Reason, verdict: Verdict) -> tuple[Reason, ...]:
    """The reasons of a total that is overruled by its callers: what it proves itself, and what holds all the same."""
    proven = verdict.reasons[:1] if verdict.outcome in (Outcome.BALANCED, Outcome.UNBALANCED) else ()
    return (headline, *proven, *(reason for reason in verdict.reasons[1:] if reason.code in LASTING))


def watch_on(wanted: int, seconds: float) -> Reason:
    """How long to watch for as many calls, if they go on coming as they did."""
    return Reason("watch_on", {"calls": wanted, "seconds": seconds})


def source_error(source: Source) -> tuple[Reason, ...]:
    """That the counts are not exact."""
    return (Reason("source_error", {"error": source.error}),) if source.error else ()


def left_out(flows: Sequence[Flow]) -> tuple[Reason, ...]:
    """What was left out of these flows: intervals by their cause, with the endpoints of each."""
    dropped = [interval for flow in flows for interval in flow.dropped]
    if not dropped:
        return ()
    causes = {
        cause.value: sorted({name for interval in dropped if interval.cause is cause for name in interval.endpoints})
        for cause in Cause
    }
    kept = sum(len(flow.rows) for flow in flows)
    return (Reason("intervals_left_out", {"intervals": len(dropped), "of": len(dropped) + kept, **causes}),)


def pinned_callers(order: Watched) -> Reason:
    """That each caller keeps to one endpoint, whatever the total."""
    servers = sum(1 for total in order.totals if total)
    return Reason("pinned_callers", {"callers": len(order.callers), "servers": servers, "calls": order.calls})


def uneven_callers(callers: Sequence[FlowVerdict], total: FlowVerdict) -> Reason:
    """Which callers provably do not spread their calls, and what part of all calls that is."""
    uneven = [caller for caller in callers if caller.verdict.outcome in PROVEN_UNEVEN]
    uneven.sort(key=lambda caller: (-caller.calls, caller.caller))
    return Reason(
        "uneven_callers",
        {"callers": {caller.caller: caller.verdict.outcome.value for caller in uneven}, "all_callers": len(callers),
         "calls": sum(caller.calls for caller in uneven), "of": total.calls, "total": total.verdict.outcome.value},
    )  # fmt: skip


def callers_differ(order: Watched) -> tuple[Reason, ...]:
    """That callers differ from each other by more than chance, which makes a total worth less."""
    if not surely_lumpy(order.callers):
        return ()
    return (Reason("callers_differ", {"callers": len(order.callers), "phi": overdispersion(order.callers)}),)
