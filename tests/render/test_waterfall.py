from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType
from traced import called, meshed

from lbdemo.render.waterfall import hop_table, print_waterfall, slowest_line, waterfall_lines
from lbdemo.traces import Span, Trace, joined
from lbdemo.traces.hops import hops, slowest


def trace(spans: list[Span]) -> Trace:
    return joined(spans)[0]


def lines(shown: Trace, width: int = 80, *, ascii_only: bool = False) -> list[str]:
    return [text.plain for text in waterfall_lines(shown, width, ascii_only=ascii_only)]


def printed(what: RenderableType) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=80, highlight=False).print(what)
    return stream.getvalue().splitlines()


def skewed() -> Trace:
    call = meshed(3, "echo-server-7c9d8b5f6-x2abc")
    return trace([replace(each, begin=each.begin - 10**10, end=each.end - 10**10) if at > 2 else each
                  for at, each in enumerate(call)])  # fmt: skip


def test_each_hop_is_a_row_below_the_one_before() -> None:
    title, _, *rows = lines(trace(meshed(3, "echo-server-a")))

    assert title == "call 3: 10.0 ms, answered by echo-server-a"
    assert [row[:36].rstrip() for row in rows[:5]] == [
        "caller                echo-client-0",
        " client               echo-client-0",
        "  client's sidecar    echo-client-0",
        "   server's sidecar   echo-server-a",
        "    server            echo-server-a",
    ]


def test_a_bar_tells_own_time_from_time_of_those_below_by_its_shape() -> None:
    caller, client, server = lines(trace(called(0, "a")), width=79)[2:5]  # 20 cells

    assert caller[39:].split()[0] == "██" + "░" * 16 + "██"
    assert client[39:].split()[0] == "████" + "░" * 8 + "████"
    assert set(server[39:].split()[0]) == {"█"}
    assert caller.index("░") == client.index("█")
    assert client.index("░") == server.index("█")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_longer_than_the_terminal_from_80_columns_on(width: int) -> None:
    assert max(map(len, lines(skewed(), width))) <= max(80, width)


def test_a_clock_that_differs_is_marked_and_said() -> None:
    rows = lines(skewed())

    assert [row[38] for row in rows[2:7]] == [" ", " ", " ", "~", "~"]
    assert "~ its clock has it elsewhere: it is drawn within its caller" in rows
    assert not any(row.startswith("~") for row in lines(trace(called(0, "a"))))


def test_a_span_that_failed_has_a_sign() -> None:
    call = called(0, "a")
    call[2] = replace(call[2], failed=True)

    rows = lines(trace(call))

    assert rows[4][38] == "x"
    assert "x failed" in rows


def test_the_hop_with_most_time_of_its_own_is_marked_once() -> None:
    rows = lines(trace(meshed(0, "a")))[2:7]

    assert [row.endswith("<") for row in rows] == [False, False, False, False, True]


def test_where_there_are_no_blocks_letters_do() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)

    print_waterfall(Console(file=stream, width=80), skewed())

    stream.seek(0)
    assert "########" in stream.read()


def test_a_name_cannot_steer_the_terminal() -> None:
    told = lines(trace(called(0, "\x1b[2J")))

    assert not any("\x1b" in line for line in told)


def test_a_trace_without_time_has_bars_all_the_same() -> None:
    assert lines(trace([replace(called(0, "a")[0], end=0)]))[2].count("█") == 1


def test_a_trace_of_very_many_spans_is_cut() -> None:
    call = called(0, "a")
    many = [replace(call[2], id=f"{number:016x}") for number in range(10, 400)]

    assert "and 193 more" in lines(trace([*call, *many]))


def test_the_table_has_what_each_hop_costs() -> None:
    table = [" ".join(line.split()) for line in printed(hop_table(hops([trace(meshed(0, "a"))] * 2)))]

    assert table[0] == "hop calls p50 p99 longest of the time"
    assert table[5].startswith("server 2 4.00 ms - 4.00 ms █")
    assert table[5].endswith("40.0 %")


def test_the_slowest_call_is_told_in_a_sentence() -> None:
    found = slowest([trace(meshed(0, "echo-server-a"))])

    assert found is not None
    assert (
        slowest_line(found)
        == "the slowest call took 10.0 ms: 4.00 ms (40.0 %) of it went to the server (echo-server-a)"
    )
