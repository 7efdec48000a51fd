"""How calls are spread, from the best source that there is: exact counters first, then segments, then connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.refusals import none_answered
from lbdemo.diagnose.scrapes import Window, judged_looks
from lbdemo.diagnose.series import best
from lbdemo.measure.flows import (
    ConnectionVerdict,
    FlowsVerdict,
    Look,
    Reading,
    difference,
    judge_connections,
    judge_flows,
)
from lbdemo.measure.reason import Reason
from lbdemo.measure.verdict import Expectation, Outcome

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.connections import Arrived
    from lbdemo.diagnose.looks import EnvoyHost, MetricsLook, Socket

SEGMENTS_ERROR = 0.1
"""How far shares by TCP segments may be off: no more than 4 % of a share were measured (docs/segments.md)."""
CALLS, MESSAGES = "calls", "messages"
"""What is counted: by segments nobody can tell a call, which sends one message, from a stream (docs/segments.md)."""
SERVERS_ONLY = ""
"""The name of all callers together where servers count, who do not know who calls."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the counts of one source show. `calls` is None where only connections are known (`held` then is not).

    `window` is when calls were counted, where it was not just while they were watched. `beside` is what a second source
    shows of the same, where a Prometheus is one of the two.
    """

    source: str  # `callers' proxies`, `servers' metrics`, `Prometheus …`, `server sockets`
    calls: FlowsVerdict | None = None
    held: tuple[ConnectionVerdict, ...] = ()
    about: bool = False  # whether calls are estimated
    window: Window | None = None
    beside: Judged | None = None

    @property
    def outcome(self) -> Outcome:
        """What it shows of all callers together."""
        if self.calls is not None:
            return self.calls.outcome
        return self.held[0].outcome if self.held else Outcome.INCONCLUSIVE

    @property
    def unit(self) -> str:
        """What was counted."""
        return MESSAGES if self.about else CALLS

    @property
    def agrees(self) -> bool | None:
        """Whether the second source shows the same; None where there is none, or one of the two settles nothing."""
        if self.beside is None:
            return None
        two = {self.outcome, self.beside.outcome}
        if Outcome.INCONCLUSIVE in two:
            return None
        return len({outcome is Outcome.BALANCED for outcome in two}) == 1

    @property
    def known(self) -> bool:
        """Whether there was anything to judge."""
        return self.calls is not None or bool(self.held)


Source = Callable[["Case"], Judged | None]


def judged(case: Case) -> Judged:
    """The verdict of the best source; one without anything when nobody could count."""
    if tried := none_answered(case):
        return _unanswered(tried)
    first: Judged | None = None
    for source in SOURCES:
        found = source(case)
        if found is not None and _says_something(found):
            return replace(found, beside=_beside(case, source))
        first = first or found
    return first or Judged("")


def _unanswered(tried: int) -> Judged:
    """Of calls of which none was answered nobody can say how they are spread."""
    told = Reason("none_answered", {"calls": tried})
    return Judged("callers' proxies", held=(ConnectionVerdict("", Outcome.INCONCLUSIVE, (), (told,)),))


def _beside(case: Case, chosen: Source) -> Judged | None:
    """What the Prometheus shows, or, where that was chosen, the best of the others; None where none was asked."""
    if case.evidence.scrapes is None:
        return None
    others = [source for source in SOURCES if source not in PROMETHEUS]
    found = (source(case) for source in (others if chosen in PROMETHEUS else PROMETHEUS))
    return next((each for each in found if each is not None and _says_something(each)), None)


def _says_something(found: Judged) -> bool:
    return found.calls is None or any(flow.calls for flow in found.calls.flows)


def expectation(case: Case) -> Expectation:
    """Even shares for all servers that are ready."""
    return Expectation(servers=tuple(server.name for server in case.ready))


def by_envoys(case: Case) -> Judged | None:
    """Calls as the callers' own Envoys count them; None unless every caller that was seen to call has one that does."""
    looks = {caller.name: case.envoy_looks(caller.name) for caller in case.active}
    if not looks or not all(looks.values()):
        return None
    turns: dict[int, dict[tuple[str, str], int]] = {}
    times: dict[int, float] = {}
    for caller, each in looks.items():
        for look in each:
            times[look.turn] = max(look.at, times.get(look.turn, 0.0))
            for host in case.hosts(look):
                if per_connection(host):
                    return None
                pair = caller, case.by_address.get(host.address, host.address)
                turn = turns.setdefault(look.turn, {})
                turn[pair] = turn.get(pair, 0) + host.calls_total
    return _flows(case, "callers' proxies", [_look(times[n], turns[n]) for n in sorted(turns)])


def per_connection(host: EnvoyHost) -> bool:
    """Whether this Envoy passes connections on, and counts those as calls."""
    read = host.calls_ok or host.calls_failed
    return host.calls_total > 0 and host.calls_total == host.connections_total and not read


def by_metrics(case: Case) -> Judged | None:
    """Calls as all ready servers count them by the same series, the surest; None when there is none."""
    told: dict[str, set[str]] = {server.name: set() for server in case.ready}
    for look in case.evidence.metrics:
        told.get(look.pod, set()).add(look.source)
    if not (source := best(list(told.values()))):
        return None
    looks = (look for look in case.evidence.metrics if look.source == source)
    return _by_servers(case, f"servers' metrics ({source})", looks)


def _by_servers(case: Case, source: str, looks: Iterable[MetricsLook]) -> Judged | None:
    """Calls as the ready servers count them, of the turns that have all of them."""
    ready = {server.name for server in case.ready}
    turns: dict[int, dict[tuple[str, str], int]] = {}
    times: dict[int, float] = {}
    for look in looks:
        if look.pod in ready:
            turns.setdefault(look.turn, {})[SERVERS_ONLY, look.pod] = look.calls
            times[look.turn] = max(look.at, times.get(look.turn, look.at))
    whole = [_look(times[n], turn) for n, turn in sorted(turns.items()) if len(turn) == len(ready)]
    return _flows(case, source, whole)


def by_prometheus(case: Case) -> Judged | None:
    """Calls as a Prometheus keeps them while they are watched, where it looks often enough for that."""
    found = _kept(case)
    return found if found is not None and found.window is None else None


def by_prometheus_before(case: Case) -> Judged | None:
    """The same of a longer time, which began before the watch."""
    found = _kept(case)
    return found if found is not None and found.window is not None else None


def _kept(case: Case) -> Judged | None:
    scrapes = case.evidence.scrapes
    if scrapes is None:
        return None
    looks, window = judged_looks(scrapes, case.evidence.watched)
    found = _by_servers(case, scrapes.name, looks)
    return found and replace(found, window=window)


def by_segments(case: Case) -> Judged | None:
    """Calls as the segments at the servers' sockets tell; None when some ready server's could not be read."""
    if not case.all_sockets_seen or any(held.segments is None for held in case.held):
        return None
    looks = _socket_looks(case, _segments)
    found = _flows(case, "server sockets (TCP_INFO)", [Look(at, readings, SEGMENTS_ERROR, names)
                                                     for at, readings, names in looks])  # fmt: skip
    return found and Judged(found.source, found.calls, _connections(case), about=True)


def by_sockets(case: Case) -> Judged | None:
    """Connections as the servers' sockets show them; None when some ready server's could not be read."""
    held = _connections(case) if case.all_sockets_seen else ()
    return Judged("server sockets", held=held) if held else None


SOURCES: tuple[Source, ...] = (
    by_envoys, by_metrics, by_prometheus, by_segments, by_prometheus_before, by_sockets,
)  # fmt: skip
"""The best first; what is estimated of now is better than what was counted of before."""
PROMETHEUS: tuple[Source, ...] = (by_prometheus, by_prometheus_before)


def _connections(case: Case) -> tuple[ConnectionVerdict, ...]:
    looks = [Look(at, readings, endpoints=names) for at, readings, names in _socket_looks(case, _count)]
    return judge_connections(looks, expectation(case)) if len(looks) > 1 else ()


def _flows(case: Case, source: str, looks: Sequence[Look]) -> Judged | None:
    if len(looks) < 2:
        return None
    return Judged(source, judge_flows(difference(looks), expectation(case)))


def _look(at: float, counts: dict[tuple[str, str], int]) -> Look:
    return Look(at, tuple(Reading(caller, server, count) for (caller, server), count in sorted(counts.items())))


Measure = Callable[[dict[int, int], Sequence["Socket"]], int]
Memory = dict[str, dict[str, dict[int, int]]]  # by server and caller: what was last measured, by inode


def _segments(seen: dict[int, int], sockets: Sequence[Socket]) -> int:
    """All segments that ever came over connections that were seen, those that are gone among them."""
    seen.update({socket.inode: socket.segments_in or 0 for socket in sockets})
    return sum(seen.values())


def _count(_: dict[int, int], sockets: Sequence[Socket]) -> int:
    return len(sockets)


def _socket_looks(case: Case, measure: Measure) -> list[tuple[float, tuple[Reading, ...], tuple[str, ...]]]:
    """By turn: its time, what was measured of each caller at each server, and the servers that were read."""
    memory: Memory = {}
    found = []
    turns: dict[int, dict[str, Arrived]] = {}
    for server in case.ready:
        for look in case.arrived[server.name]:
            turns.setdefault(look.turn, {})[server.name] = look
    for _, looked in sorted(turns.items()):
        if len(looked) < len(case.ready):
            continue
        at = max(look.at for look in looked.values())
        readings = [reading for name, look in looked.items() for reading in _read(name, look, measure, memory)]
        found.append((at, tuple(readings), tuple(looked)))
    return found


def _read(server: str, look: Arrived, measure: Measure, memory: Memory) -> list[Reading]:
    by_caller: dict[str, list[Socket]] = {}
    for caller, socket in look.sockets:
        by_caller.setdefault(caller, []).append(socket)
    mine = memory.setdefault(server, {})
    known = sorted({*mine, *by_caller})
    return [Reading(name, server, measure(mine.setdefault(name, {}), by_caller.get(name, []))) for name in known]
