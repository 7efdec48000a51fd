"""What a proof by traces tells, as a record for JSON. All times are in milliseconds.

`calls` were made, `traces` of them were seen, `whole` of these have each hop of `path`; `holds` says whether all is
as it should be, `faults` what is not. `hops` has what each costs beyond those below it (`p99_ms` is null for fewer
than 500 spans); `graph` has who calls whom, by the places in `nodes`; calls begin at its `roots`. `slowest` is one
trace, in `otlp` with all its spans as others read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lbdemo.traces.graph import Edge, Graph, Node, graph
from lbdemo.traces.hops import Hop, Slowest, hops, slowest
from lbdemo.traces.otlp import document, spans
from lbdemo.traces.placed import Placed, placed
from lbdemo.traces.proof import Proof
from lbdemo.traces.role import Role
from lbdemo.traces.trace import Trace, joined


def proof_record(proof: Proof) -> dict[str, Any]:
    """The record of a proof."""
    worst = slowest(proof.traces)
    return {
        "calls": proof.calls,
        "traces": len(proof.traces),
        "whole": proof.whole,
        "holds": proof.holds,
        "path": [role.value for role in proof.path],
        "faults": [{"what": each.what, "traces": each.traces, "example": each.example} for each in proof.faults],
        "hops": [_hop(hop) for hop in hops(proof.traces)],
        "graph": _graph(graph(proof.traces)),
        "slowest": _slowest(worst) if worst else None,
    }


def hops_of(record: Mapping[str, Any]) -> tuple[Hop, ...]:
    """The hops of a proof's record."""
    return tuple(
        Hop(
            Role(told["role"]), told["calls"], told["p50_ms"] / 1000,
            None if told["p99_ms"] is None else told["p99_ms"] / 1000, told["longest_ms"] / 1000, told["share"],
        )
        for told in record["hops"]
    )  # fmt: skip


def graph_of(record: Mapping[str, Any]) -> Graph:
    """Who calls whom, of a proof's record."""
    told = record["graph"]
    nodes = tuple(Node(Role(each["role"]), each["pod"]) for each in told["nodes"])
    edges = tuple(
        Edge(
            nodes[each["caller"]], nodes[each["callee"]], each["calls"], each["share"], each["failed"],
            each["p50_ms"] / 1000,
        )
        for each in told["edges"]
    )  # fmt: skip
    return Graph(nodes, edges, tuple(nodes[root] for root in told["roots"]))


def slowest_of(record: Mapping[str, Any]) -> Trace | None:
    """The slowest trace of a proof's record."""
    told = record["slowest"]
    return joined(spans(told["otlp"]))[0] if told else None


def trace_record(trace: Trace) -> dict[str, Any]:
    """One trace: `offset_ms` is where a span begins on the axis; `moved` where its own clock has it elsewhere."""
    return {
        "trace": trace.id,
        "seq": trace.seq,
        "server": trace.server,
        "ms": _ms(trace.seconds),
        "spans": [_span(row) for row in placed(trace).rows],
    }


def _slowest(worst: Slowest) -> dict[str, Any]:
    told = trace_record(worst.trace)
    return {**told, "heaviest": worst.trace.spans.index(worst.span), "otlp": document(worst.trace.spans)}


def _span(row: Placed) -> dict[str, Any]:
    return {
        "role": row.role.value,
        "pod": row.span.pod,
        "depth": row.depth,
        "offset_ms": _ms(row.begin),
        "duration_ms": _ms(row.span.seconds),
        "own_ms": _ms(row.own),
        "failed": row.span.failed,
        "moved": row.moved,
    }


def _hop(hop: Hop) -> dict[str, Any]:
    return {
        "role": hop.role.value,
        "calls": hop.calls,
        "p50_ms": _ms(hop.p50),
        "p99_ms": None if hop.p99 is None else _ms(hop.p99),
        "longest_ms": _ms(hop.longest),
        "share": round(hop.share, 6),
    }


def _graph(found: Graph) -> dict[str, Any]:
    at = {node: place for place, node in enumerate(found.nodes)}
    return {
        "nodes": [{"role": node.role.value, "pod": node.pod} for node in found.nodes],
        "edges": [
            {
                "caller": at[edge.caller],
                "callee": at[edge.callee],
                "calls": edge.calls,
                "share": round(edge.share, 6),
                "failed": edge.failed,
                "p50_ms": _ms(edge.p50),
            }
            for edge in found.edges
        ],
        "roots": [at[node] for node in found.roots],
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 6)
