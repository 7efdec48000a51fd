"""What a report says of traces: the same record on a terminal and on a page."""

from __future__ import annotations

import io

from rich.console import Console
from traced import called, meshed

from lbdemo.render.traced import print_traced, traced_section
from lbdemo.traces import Span, joined
from lbdemo.traces.graph import graph
from lbdemo.traces.proof import prove
from lbdemo.traces.record import graph_of, hops_of, proof_record, slowest_of
from lbdemo.traces.role import DIRECT, MESHED, Role


def found(spans: list[Span], path: tuple[Role, ...] = DIRECT, calls: int = 1) -> dict[str, object]:
    return proof_record(prove(joined(spans), "r1", calls, path))


def printed(record: dict[str, object]) -> list[str]:
    stream = io.StringIO()
    print_traced(Console(file=stream, width=80, highlight=False), record)
    return stream.getvalue().splitlines()


def test_that_all_were_seen_whole_is_said_with_their_way() -> None:
    lines = printed(found(meshed(0, "echo-server-a"), MESHED))

    assert " ".join("".join(lines[:2]).split()) == (
        "traces: 1 call seen whole, caller → client → client's sidecar → server's sidecar → server"
    )
    assert all(len(line) <= 80 for line in lines)
    assert (
        sum(line.lstrip().startswith("server's sidecar") for line in lines) == 3
    )  # its cost, its part, the slowest call


def test_what_is_missing_is_said_with_an_example() -> None:
    lacking = found([span for span in called(0, "a") if span.service != "echo-server"], calls=2)

    lines = [line.strip() for line in printed(lacking)]

    assert lines[:3] == [
        "traces: 0 of 2 calls seen whole, caller → client → server",
        "1 trace: without a trace",
        f"1 trace: no span of server, such as {1:032x}",
    ]


def test_without_any_trace_there_is_no_slowest() -> None:
    nothing = found([], calls=3)

    assert len(printed(nothing)) == 2
    assert traced_section(nothing).count("<p>") == 2


def test_the_page_has_the_slowest_call() -> None:
    section = traced_section(found([*called(0, "<b>"), *called(1, "b", at=50)], calls=2))

    assert section.count('class="row"') == 3
    assert "<b>" not in section


def test_the_record_gives_back_what_is_drawn() -> None:
    spans = meshed(0, "echo-server-a")

    record = found(spans, MESHED)

    slowest = slowest_of(record)
    assert slowest
    assert sorted(slowest.spans, key=repr) == sorted(spans, key=repr)
    assert graph_of(record) == graph(joined(spans))
    assert [hop.role for hop in hops_of(record)] == [*MESHED]
    assert [round(hop.p50, 6) for hop in hops_of(record)] == [0.002, 0.002, 0.001, 0.001, 0.004]
