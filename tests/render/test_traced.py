from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console
from traced import called, meshed

from lbdemo.render.trace_html import trace_page
from lbdemo.render.traced import WIDTH, lines, placed, waterfall
from lbdemo.traces import Span, joined
from lbdemo.traces.proof import prove
from lbdemo.traces.record import record, trace_record
from lbdemo.traces.role import DIRECT, MESHED, Role


def shown(spans: list[Span], path: tuple[Role, ...] = DIRECT, calls: int = 1) -> list[str]:
    told = record(prove(joined(spans), "r1", calls, path))
    console = Console(file=io.StringIO(), width=80, no_color=True)
    for sentence in lines(told):
        console.print(sentence)
    if told["slowest"]:
        console.print(waterfall(told["slowest"]))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_trace_is_a_line_a_hop_with_what_each_took_itself() -> None:
    title, *rows = shown(meshed(0, "echo-server-a"), MESHED)

    assert title == "traces: 1 call seen whole, caller → client → client's sidecar → server's sidecar"
    rows = rows[-5:]
    assert [row.split()[0] for row in rows] == ["caller", "client", "client's", "server's", "server"]
    assert rows[0].endswith("10.0 ms 2.00 ms")
    assert rows[4].endswith("4.00 ms 4.00 ms")
    assert all(len(row) <= 80 for row in rows)


def test_what_is_missing_is_said_with_an_example() -> None:
    title, fault, *_ = shown([span for span in called(0, "a") if span.service != "echo-server"], calls=2)

    assert title.startswith("traces: 0 of 2 calls seen whole")
    assert fault == "1 trace: without a trace"


@pytest.mark.parametrize(
    ("begin", "seconds", "bar"),
    [
        (0, 1, "█" * WIDTH),
        (0.5, 0.25, " " * 15 + "███████▌"),
        (0.9999, 0.00001, " " * 29 + "▏"),
        (-0.5, 0.1, "███"),  # another machine's clock
        (2, 1, " " * 29 + "█"),
    ],
)
def test_a_bar_stays_within_the_whole(begin: float, seconds: float, bar: str) -> None:
    assert placed(begin, seconds, 1) == bar.ljust(WIDTH)


def test_a_call_of_no_time_at_all_has_a_bar() -> None:
    assert placed(0, 0, 0).strip() == "▏"


def test_the_page_escapes_what_anybody_may_have_said() -> None:
    call = [replace(span, name="<script>", resource={"k8s.pod.name": "<b>"}) for span in called(0, "<i>")]

    page = trace_page(joined(call)[0])

    assert "<script>" not in page
    assert "<b>&lt;b&gt;" not in page
    assert "Answered by &lt;i&gt;." in page
    assert page.count("<li") == 3


def test_the_page_says_which_hop_failed() -> None:
    call = called(0, "")
    call[1] = replace(call[1], failed=True)

    page = trace_page(joined(call)[0])

    assert page.count('class="failed"') == 1
    assert "Nobody signed an answer." in page


def test_a_record_counts_from_the_begin_of_the_first_span() -> None:
    told = trace_record(joined(called(4, "a"))[0])

    assert [round(span["begin"] * 1000, 3) for span in told["spans"]] == [0, 1, 3]
    assert [span["depth"] for span in told["spans"]] == [0, 1, 2]
