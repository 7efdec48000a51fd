from __future__ import annotations

import io
import json
import re
from dataclasses import replace

from rich.console import Console
from traced import called, meshed

from lbdemo.render.graph import graph_table
from lbdemo.render.trace_html import LIST_ID, trace_list, trace_page
from lbdemo.render.trace_parts import graph_section
from lbdemo.traces import Span, Trace, joined
from lbdemo.traces.graph import graph
from lbdemo.traces.proof import prove
from lbdemo.traces.record import proof_record, trace_record
from lbdemo.traces.role import MESHED

EVIL = '<img src=x onerror="alert(1)">'


def spans() -> list[Span]:
    """Three calls, one to each pod; the one to the last failed."""
    made = [span for seq in range(3) for span in meshed(seq, f"echo-server-{seq}", at=seq * 20)]
    return [*made[:-1], replace(made[-1], failed=True)]


def trace(made: list[Span]) -> Trace:
    return joined(made)[0]


def printed() -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=80, highlight=False).print(graph_table(graph(joined(spans()))))
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_the_graph_on_the_terminal_goes_from_the_client_to_the_pods() -> None:
    lines = printed()

    assert lines[1] == "client echo-client-0"
    assert re.fullmatch(r"client's sidecar echo-client-0 █+ 3 100 % 6\.00 ms -", lines[2])
    assert re.fullmatch(r"server's sidecar echo-server-0 █+.? 1 33\.3 % 5\.00 ms -", lines[3])
    assert re.fullmatch(r"server echo-server-2 █+ 1 100 % 4\.00 ms x 1", lines[8])


def test_the_graph_in_html_has_the_same_rows() -> None:
    section = graph_section(graph(joined(spans())))

    assert section.count("<tr") == 9
    assert section.count("33.3 %</meter>") == 3
    assert section.count("1 failed") == 1


def test_a_page_has_a_bar_for_each_span_and_the_record() -> None:
    page = trace_page(trace(spans()))

    assert page.count('class="row"') == 5
    assert page.count("where most of the time went") == 1
    told = re.search(r'id="lbdemo-trace">(.*?)</script>', page, re.DOTALL)
    assert told is not None
    assert json.loads(told[1]) == trace_record(trace(spans()))


def test_a_page_says_what_failed_and_whose_clock_differs() -> None:
    call = called(0, "a")
    call[2] = replace(call[2], begin=0, end=4_000_000, failed=True)

    page = trace_page(trace(call))

    assert "✗ failed" in page
    assert "its clock has it elsewhere" in page
    assert "its clock has it elsewhere" not in trace_page(trace(called(0, "a")))


def test_names_from_anybody_are_no_markup() -> None:
    call = [replace(each, trace=EVIL, name=EVIL, resource={"k8s.pod.name": EVIL}) for each in called(0, EVIL)]

    assert "<img" not in trace_page(trace(call))
    assert "<img" not in graph_section(graph(joined(call)))


def test_the_record_of_a_proof_is_json_with_all_that_was_found() -> None:
    told = json.loads(json.dumps(proof_record(prove(joined(spans()), "r1", 4, MESHED))))

    assert (told["calls"], told["traces"], told["whole"], told["holds"]) == (4, 3, 3, False)
    assert told["faults"] == [{"what": "without a trace", "traces": 1, "example": ""}]
    assert [hop["role"] for hop in told["hops"]] == told["path"]
    assert told["hops"][4] == {
        "role": "server", "calls": 3, "p50_ms": 4.0, "p99_ms": None, "longest_ms": 4.0, "share": 0.4,
    }  # fmt: skip
    assert len(told["graph"]["edges"]) == 7
    assert told["slowest"]["heaviest"] == 4


def test_the_record_of_a_trace_tells_each_span() -> None:
    told = trace_record(trace(called(7, "a")))

    assert (told["seq"], told["server"], told["ms"]) == (7, "a", 10.0)
    assert told["spans"][2] == {
        "role": "server", "pod": "a", "depth": 2, "offset_ms": 3.0, "duration_ms": 4.0, "own_ms": 4.0,
        "failed": False, "moved": False,
    }  # fmt: skip


def test_a_proof_of_nothing_is_a_record_as_well() -> None:
    assert proof_record(prove((), "r1", 0, MESHED))["slowest"] is None


def test_a_list_of_traces_leads_to_each() -> None:
    page = trace_list(joined(spans()))

    assert [f'href="/trace/{n + 1:032x}"' in page for n in range(3)] == [True] * 3
    assert "<h1>3 traces</h1>" in page
    assert page.count("33.3") >= 3, "each pod's share"
    found = re.search(f'id="{LIST_ID}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    assert json.loads(found[1]) == [f"{n + 1:032x}" for n in range(3)]
    assert "0 traces" in trace_list(())


def test_what_a_hostile_trace_says_is_text_in_the_list() -> None:
    evil = [replace(span, name=EVIL, trace=EVIL, attributes={}) for span in called(0, EVIL)]

    assert "<img" not in trace_list(joined(evil))
