"""What comes of it all, as one record: who calls whom over what, the verdict, the findings, and what was not seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.apart import apart
from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes import explain
from lbdemo.diagnose.counting import CALLS, SERVERS_ONLY
from lbdemo.diagnose.findings import Finding, Severity
from lbdemo.diagnose.fronts import choice_before, hops
from lbdemo.diagnose.history import History, history
from lbdemo.diagnose.parts import UNEVEN
from lbdemo.diagnose.path import Per, Way, ways
from lbdemo.diagnose.proxies import proxy_of
from lbdemo.diagnose.ranking import Ranked, ranked
from lbdemo.diagnose.refusals import none_answered
from lbdemo.diagnose.times import moment
from lbdemo.measure.verdict import Outcome
from lbdemo.records.verdict import verdict_record

if TYPE_CHECKING:
    from collections.abc import Collection

    from lbdemo.diagnose.apart import Apart
    from lbdemo.diagnose.counting import Judged
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.diagnose.fronts import Load
    from lbdemo.diagnose.scrapes import Window
    from lbdemo.diagnose.servers import Server
    from lbdemo.kube.answers import Unseen
    from lbdemo.measure.flows import ConnectionVerdict, FlowVerdict

VERSION = 1
"""Of the record. Members may be added; those that are there keep their meaning."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The evidence, judged: `case` is what is left of it without the callers of other Services (`apart`)."""

    evidence: Evidence
    case: Case
    ways: tuple[Way, ...]
    said: Ranked
    apart: Apart

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The causes that were found, the one that explains most first."""
        return self.said.findings

    def worse_than(self, severity: Severity) -> bool:
        """Whether something of this severity, or a graver one, was found."""
        order = list(Severity)
        return any(order.index(finding.severity) <= order.index(severity) for finding in self.findings)

    @property
    def unexplained(self) -> bool:
        """Whether calls are provably not spread, and no cause that is known here accounts for any of it."""
        known = any(finding.explains for finding in self.findings) or self.said.excused
        return self.case.judged.outcome in UNEVEN and not known

    @property
    def unwanted(self) -> bool:
        """Whether calls are provably not spread, and neither was anything told to do that (a weight, a hash, a policy)
        nor is all that explains it ignored on purpose."""
        told = any(finding.explains and finding.severity is Severity.NOTE for finding in self.findings)
        known = self.said.excused and not any(finding.explains for finding in self.findings)
        return self.case.judged.outcome in UNEVEN and not told and not known

    @property
    def nothing_to_balance(self) -> bool:
        """Whether one pod is all that there is."""
        return len(self.case.servers) == 1

    @property
    def connected_everywhere(self) -> bool:
        """Whether each caller that was seen chooses for each call, and holds connections to all ready pods.

        Not where no call is answered. How calls are spread that does not prove: streams stay where they began.
        """
        if none_answered(self.case):
            return False
        ready = {server.name for server in self.case.ready}
        active = [way for way in self.ways if way.found_by != "environment"]
        return bool(active) and all(
            way.choice.per is Per.CALL and ready <= {a.server for a in way.arrivals if a.connections} for way in active
        )

    @property
    def undecided(self) -> bool:
        """Whether nobody can tell how calls are spread, among several pods."""
        return self.case.judged.outcome is Outcome.INCONCLUSIVE and not self.nothing_to_balance

    @property
    def counted_too(self) -> bool:
        """Whether calls by other Services of the same pods may be among those that were counted.

        Servers do not know by which Service somebody calls; they count nobody else's where all callers are known.
        """
        calls = self.case.judged.calls
        alone = bool(self.case.active) and self.case.all_sockets_seen and not (self.apart.unknown or self.apart.likely)
        by_servers = calls is not None and any(flow.caller == SERVERS_ONLY for flow in calls.flows)
        return bool(self.apart.names) and by_servers and not alone

    def to_dict(self) -> dict[str, Any]:
        """The record ready for JSON: stable keys, null for what is not known."""
        evidence = self.evidence
        callers = {caller.name: caller for caller in evidence.callers}
        return {
            "version": VERSION,
            "service": {"namespace": evidence.namespace, "name": evidence.name, "port": evidence.port.number,
                        "host": evidence.host},
            "made": evidence.made,
            "watched": evidence.watched,
            "servers_seen": isinstance(evidence.slices, tuple),
            "servers": [_server(self.case, server) for server in self.case.servers],
            "called_by": self.case.evidence.name,
            "fronts": [_front(load) for load in hops(self.case)],
            "callers": [_way(callers[way.caller], way) for way in self.ways],
            "others": [{"service": name, **_way(callers[way.caller], way)} for name, way in self.apart.others],
            "services_beside": {"names": list(self.apart.names), "unknown": list(self.apart.unknown),
                                "likely": dict(self.apart.likely),
                                "counted_too": self.counted_too},
            "verdict": judged_record(self.case.judged, evidence),
            "history": history_record(history(self.case)),
            "unexplained": self.unexplained,
            "unwanted": self.unwanted,
            "connected_everywhere": self.connected_everywhere,
            "nothing_to_balance": self.nothing_to_balance,
            "undecided": self.undecided,
            "findings": [_finding(finding) for finding in self.findings],
            "cannot_tell": [{"code": c.code, "name": c.name, "because": c.because} for c in self.said.cannot],
            "ignored": list(self.said.ignored),
            "excused": list(self.said.excused),
            "unseen": [unseen_record(unseen) for unseen in evidence.unseen],
        }  # fmt: skip


def diagnose(evidence: Evidence, ignored: Collection[str] = ()) -> Diagnosis:
    """Judges the evidence; findings of `ignored` codes are left out, and counted."""
    split = apart(evidence)
    case = Case(split.judged, [way.caller for _, way in split.others])
    return Diagnosis(evidence, case, ways(case), ranked(explain(case), evidence, ignored), split)


def _server(case: Case, server: Server) -> dict[str, Any]:
    """A pod; `seen` says whether anybody could look at what it gets: else nothing seen there is not nothing there."""
    seen = case.judged.calls is not None or server.name in case.sockets_seen
    return {"name": server.name, "ready": server.ready, "terminating": server.terminating, "node": server.node,
            "zone": server.zone, "proxy": proxy_of(server.pod), "seen": seen}  # fmt: skip


def _way(caller: Caller, way: Way) -> dict[str, Any]:
    return {**asdict(way), "proxy": proxy_of(caller.pod), "workload": caller.workload, "node": caller.node,
            "one_of": list(caller.one_of)}  # fmt: skip


def _front(load: Load) -> dict[str, Any]:
    """A hop before the callers: who chooses one of its pods, and how many connections (of all its callers) each has."""
    front = load.front
    names = [service.meta.name for service in front.services]
    return {"namespace": front.namespace, "workload": front.workload, "services": names,
            "choice": asdict(choice_before(front)), "pods": dict(load.connections)}  # fmt: skip


def _finding(finding: Finding) -> dict[str, Any]:
    record = asdict(finding)
    return {**record, "severity": finding.severity.value, "explains": round(finding.explains, 4), "page": finding.page}


def unseen_record(unseen: Unseen) -> dict[str, Any]:
    """What could not be seen, and what would settle it."""
    return {"what": unseen.what, "why": unseen.why.value, "detail": unseen.detail, "hint": unseen.hint}


def judged_record(judged: Judged, evidence: Evidence) -> dict[str, Any]:
    """The verdict with its source; `calls` is null where only connections are known, `callers` has one for each.

    `unit` is what is counted: messages where segments are, of which a call sends one and a stream many.

    `window` is null where calls were counted while they were watched; `beside` where no second source was asked.
    """
    told = {"outcome": judged.outcome.value, "source": judged.source, "about": judged.about, "unit": judged.unit,
            "window": _window(judged.window, evidence), "beside": _beside(judged, evidence)}  # fmt: skip
    if judged.calls is not None:
        whole = judged.calls.whole
        return {**told, **_flow(whole), "callers": [_flow(each) for each in judged.calls.callers]}
    whole_held = _held(judged.held[0]) if judged.held else {"reasons": [], "connections": {}}
    each = [_held(each) for each in judged.held[1:]]
    return {**told, "about": False, "unit": CALLS, "calls": None, **whole_held, "callers": each}


def _window(window: Window | None, evidence: Evidence) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"start": moment(evidence, window.start), "end": moment(evidence, window.end),
            "seconds": round(window.seconds, 3), "step": round(window.step, 3)}  # fmt: skip


def _beside(judged: Judged, evidence: Evidence) -> dict[str, Any] | None:
    """What the second source shows; `agrees` is null where one of the two settles nothing."""
    other = judged.beside
    if other is None:
        return None
    calls = other.calls.whole.calls if other.calls is not None else None
    return {"source": other.source, "outcome": other.outcome.value, "calls": calls, "about": other.about,
            "unit": other.unit, "window": _window(other.window, evidence), "agrees": judged.agrees}  # fmt: skip


def history_record(past: History | None) -> dict[str, Any] | None:
    """How calls were spread before, the oldest period first; null where nobody has kept it."""
    if past is None:
        return None
    periods = [{"start": s.start, "end": s.end, "outcome": s.outcome.value, "calls": dict(s.calls)}
               for s in past.stretches]  # fmt: skip
    return {"source": past.source, "seconds": past.seconds, "calls": dict(past.calls), "periods": periods,
            "uneven_since": past.uneven_since or None, "even_before": past.even_before}  # fmt: skip


def _flow(flow: FlowVerdict) -> dict[str, Any]:
    return {"caller": flow.caller, "calls": flow.calls, "intervals": flow.intervals,
            "seconds": round(flow.seconds, 3), "watch": flow.watch, **verdict_record(flow.verdict)}  # fmt: skip


def _held(verdict: ConnectionVerdict) -> dict[str, Any]:
    return {"caller": verdict.caller, "outcome": verdict.outcome.value, "connections": dict(verdict.held),
            "reasons": [reason.to_dict() for reason in verdict.reasons]}  # fmt: skip
