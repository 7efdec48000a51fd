"""LB320: several balancers choose, each for itself: each is even, or keeps its limit, and all together are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.port_not_grpc import as_tcp
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.istio_scope import destination_rule_for
from lbdemo.diagnose.parts import UNEVEN, short
from lbdemo.diagnose.path import calls_of
from lbdemo.diagnose.streams import running
from lbdemo.measure.verdict import Outcome
from lbdemo.words import count, listing

if TYPE_CHECKING:
    from collections.abc import Collection

    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.kube.records.istio import DestinationRule

CODE, NAME = "LB320", "many-balancers"
NAMED = 4  # balancers that are told one by one
APART = 1.2  # times an even part that the sum gives some pod, at least: less is what verdicts call even


def cause(case: Case) -> Iterator[Finding]:
    """Sidecars that take turns to the call while their sum does not; and limits that each of them keeps."""
    callers = [c for c in case.through_sidecars if not as_tcp(case, c)]
    if _only_the_sum_is_uneven(case, callers):
        yield _in_turns(case, callers)
    for rule, bound in _by_rule(case, callers):
        limit = _limit(rule, case.evidence.port.number)
        flying = {one.name: now.total for one in bound if (now := running(case, one)) is not None and now.total}
        if len(flying) > 1 and max(flying.values()) <= limit < sum(flying.values()):
            yield _over(rule, limit, flying)


def _only_the_sum_is_uneven(case: Case, callers: Collection[Caller]) -> bool:
    """Whether each caller reaches all pods, none of them two calls oftener than another, and their sum does not."""
    if len(callers) < 2 or len(callers) < len(case.active) or case.judged.outcome is Outcome.BALANCED:
        return False
    totals: Counter[str] = Counter()
    for caller in callers:
        mine = [calls_of(case, caller.name).get(server.name, 0) for server in case.ready]
        if not mine or min(mine) < 1 or max(mine) - min(mine) > 1:
            return False
        totals.update(calls_of(case, caller.name))
    return max(totals.values()) >= APART * totals.total() / len(case.ready)


def _in_turns(case: Case, callers: Collection[Caller]) -> Finding:
    told = [f"{short(c.name)} {'/'.join(str(calls_of(case, c.name)[s.name]) for s in case.ready)}" for c in callers]
    return Finding(
        CODE, NAME,
        sentence=f"Each of {len(callers)} sidecars takes turns, for itself: calls are as even as few calls of many "
        "callers can be, though their sum is not.",
        severity=Severity.NOTE,
        evidence=(Line(f"calls to {listing([short(s.name) for s in case.ready])}: {listing(told)}",
                       "callers' proxies"),),
        fixes=(Fix("nothing is wrong; over more calls the sum is even, too",
                   advice="watch for longer; where single calls are so heavy that this matters, let a queue give them "
                   "to pods that are free"),),
        explains=1.0 if case.judged.outcome in UNEVEN else 0.0,
    )  # fmt: skip


def _by_rule(case: Case, callers: Collection[Caller]) -> Iterator[tuple[DestinationRule, list[Caller]]]:
    """The rules that callers heed, each with those callers."""
    heeded: dict[str, tuple[DestinationRule, list[Caller]]] = {}
    for caller in callers:
        rule = destination_rule_for(case.evidence, caller.pod.meta.namespace) if caller.pod else None
        if rule is not None:
            heeded.setdefault(rule.meta.reference, (rule, []))[1].append(caller)
    yield from heeded.values()


def _limit(rule: DestinationRule, port: int) -> int:
    """How many calls in flight the rule allows; 0 for no limit."""
    return rule.ports.get(port, rule.policy).max_requests or 0


def _over(rule: DestinationRule, limit: int, flying: dict[str, int]) -> Finding:
    told = listing([f"{short(name)} {many}" for name, many in list(flying.items())[:NAMED]])
    return Finding(
        CODE, NAME,
        sentence=f"The limit of {count(limit, 'call')} in flight holds for each sidecar by itself: "
        f"{len(flying)} of them have {sum(flying.values())} together.",
        severity=Severity.NOTE,
        evidence=(Line(f"{rule.meta.reference}: http2MaxRequests {limit}", "API"),
                  Line(f"calls in flight: {told}", "callers' proxies")),
        fixes=(Fix("limit at the servers",
                   advice="only a server knows all calls that it has: let it refuse those beyond its limit "
                   "(RESOURCE_EXHAUSTED), or put a queue before it; max_concurrent_streams is for each connection"),),
    )  # fmt: skip
