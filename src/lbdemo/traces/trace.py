"""Spans that belong to one request, as a tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lbdemo.traces.span import GATE, RUN, SEQ, SERVER, Span


@dataclass(frozen=True, slots=True)
class Trace:
    """All spans of one request, in the order in which a reader goes: each below its parent, by their begins."""

    id: str
    spans: tuple[Span, ...]
    depths: tuple[int, ...]

    @property
    def root(self) -> Span:
        """Where it begins, as far as that was seen."""
        return self.spans[0]

    @property
    def roots(self) -> int:
        """How many spans have no parent among the others: more than one where a part is missing."""
        return sum(not depth for depth in self.depths)

    @property
    def seconds(self) -> float:
        """How long its first span took."""
        return self.root.seconds

    @property
    def run(self) -> str:
        """The client's run that made it; "" when it is none of a client of ours."""
        return str(self.root.attributes.get(RUN, ""))

    @property
    def seq(self) -> int:
        """The number of the call in its run; -1 when it is none."""
        return int(self.root.attributes.get(SEQ, -1))

    @property
    def gate(self) -> bool:
        """Whether the call is one of those that do not count."""
        return bool(self.root.attributes.get(GATE, False))

    @property
    def server(self) -> str:
        """Who answered, by the answer's own word; "" where nobody did."""
        return str(self.root.attributes.get(SERVER, ""))

    @property
    def chain(self) -> bool:
        """Whether each span has one parent, the one before it: nothing beside the way, and nothing missing."""
        return self.depths == tuple(range(len(self.spans)))

    def rows(self) -> Iterator[tuple[int, Span, float]]:
        """Each span with its depth, and its own seconds: what it took beyond those below it."""
        below: dict[str, float] = defaultdict(float)
        for span in self.spans:
            below[span.parent] += span.seconds
        for depth, span in zip(self.depths, self.spans, strict=True):
            yield depth, span, max(0.0, span.seconds - below[span.id])


def joined(spans: Iterable[Span]) -> tuple[Trace, ...]:
    """The spans as traces, by their begins. A span that came twice counts once."""
    of: dict[str, dict[str, Span]] = defaultdict(dict)
    for span in spans:
        of[span.trace][span.id] = span
    return tuple(sorted((_tree(id_, by) for id_, by in of.items()), key=lambda trace: trace.root.begin))


def _tree(id_: str, by: dict[str, Span]) -> Trace:
    children: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(by.values(), key=lambda span: span.begin):
        children[span.parent if span.parent in by and span.parent != span.id else ""].append(span)
    walked = list(_walk(children))
    seen = {span.id for _, span in walked}
    walked += [(0, span) for span in by.values() if span.id not in seen]  # a circle: nobody sound makes one
    return Trace(id_, tuple(span for _, span in walked), tuple(depth for depth, _ in walked))


def _walk(children: dict[str, list[Span]]) -> Iterator[tuple[int, Span]]:
    """Depth first, without recursion: a hostile trace may be deep."""
    waiting = [(0, span) for span in reversed(children[""])]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting += [(depth + 1, child) for child in reversed(children[span.id])]
