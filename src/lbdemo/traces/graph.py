"""Who calls whom, by the spans: also where no proxy is that could tell it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lbdemo.measure.histogram import Histogram
from lbdemo.traces.role import Role, role
from lbdemo.traces.span import Span
from lbdemo.traces.trace import Trace


@dataclass(frozen=True, slots=True)
class Node:
    """Somebody on the way: what it is, and its pod ("" where it does not say). A caller is its client."""

    role: Role
    pod: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Calls from one to another, how many of them failed, and their median time in seconds, by the other's clock.

    `share` is the part of all calls that `caller` passed on to anybody.
    """

    caller: Node
    callee: Node
    calls: int
    share: float
    failed: int
    p50: float


@dataclass(frozen=True, slots=True)
class Graph:
    """Each who was seen, and the edges between them, those of most calls first; calls begin at the `roots`."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    roots: tuple[Node, ...]

    def walk(self) -> Iterator[tuple[int, Node, Edge | None]]:
        """Depth first, with the edge that leads there; what lies below a node follows it once only."""
        below: dict[Node, list[Edge]] = defaultdict(list)
        for each in self.edges:
            below[each.caller].append(each)
        seen: set[Node] = set()
        waiting: list[tuple[int, Node, Edge | None]] = [(0, root, None) for root in reversed(self.roots)]
        while waiting:
            depth, node, edge = waiting.pop()
            yield depth, node, edge
            if node not in seen:
                seen.add(node)
                waiting += [(depth + 1, further.callee, further) for further in reversed(below[node])]


def graph(traces: Iterable[Trace]) -> Graph:
    """The graph of all these traces."""
    calls: dict[tuple[Node, Node], list[Span]] = defaultdict(list)
    nodes: dict[Node, None] = {}  # a set that keeps its order
    roots: dict[Node, None] = {}
    for trace in traces:
        by = {span.id: node_of(span) for span in trace.spans}
        nodes.update(dict.fromkeys(by.values()))
        roots.update({by[s.id]: None for s, depth in zip(trace.spans, trace.depths, strict=True) if not depth})
        for span in trace.spans:
            if span.parent in by and by[span.parent] != by[span.id]:
                calls[by[span.parent], by[span.id]].append(span)
    return Graph(tuple(nodes), _edges(calls), tuple(roots))


def node_of(span: Span) -> Node:
    """Whose span it is."""
    found = role(span)
    return Node(Role.CLIENT if found is Role.CALLER else found, span.pod)


def _edges(calls: dict[tuple[Node, Node], list[Span]]) -> tuple[Edge, ...]:
    passed: Counter[Node] = Counter()
    for (caller, _), spans in calls.items():
        passed[caller] += len(spans)
    found = [
        Edge(a, b, len(spans), len(spans) / passed[a], sum(span.failed for span in spans), _median(spans))
        for (a, b), spans in calls.items()
    ]
    return tuple(sorted(found, key=lambda edge: (-edge.calls, edge.callee.pod)))


def _median(spans: Iterable[Span]) -> float:
    times = Histogram()
    times.add_all([span.seconds for span in spans])
    return times.quantile(0.5)
