from __future__ import annotations

import io

import pytest
from reports import compared, result
from rich.console import Console
from traced import called, meshed

from lbdemo.render.boards import Row, boards, megabytes, milliseconds, seconds, share
from lbdemo.render.scoreboard import print_scoreboard
from lbdemo.traces import Span, joined
from lbdemo.traces.proof import prove
from lbdemo.traces.record import proof_record
from lbdemo.traces.role import DIRECT, MESHED, Role


def printed(report: dict[str, object], *, terminal: bool = False, width: int = 80) -> str:
    stream = io.StringIO()
    print_scoreboard(Console(file=stream, width=width, force_terminal=terminal, highlight=False), report)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (seconds(21.6449), "21.64 s"),
        (seconds(3.9), "3.9 s"),
        (seconds(None), "unknown"),
        (seconds(None, "never"), "never"),
        (milliseconds(429.9), "429.9 ms"),
        (milliseconds(201.456), "201.46 ms"),
        (milliseconds(None), "unknown"),
        (megabytes(164.5), "164.5 MB"),
        (megabytes(0.0), "-"),
        (megabytes(None), "unknown"),
        (share(0.1234), "12.3 %"),
        (share(1.0), "100 %"),
        (share(0.004), "0.4 %"),
        (share(0.0), "0 %"),
        (share(None), "unknown"),
    ],
)
def test_a_figure_has_its_unit_and_its_right_value(words: str, right: str) -> None:
    assert words == right


def test_there_is_a_board_of_the_costs_with_why_something_is_not_known() -> None:
    costs, *_ = boards(compared()["results"])

    assert (costs.title, costs.heads) == ("cost", ("setup", "proxy memory", "proxy CPU/1000 calls", "control plane"))
    assert costs.rows == (
        Row("clusterip", ("3.9 s", "-", "-", "-")),
        Row("istio", ("21.64 s", "164.5 MB", "unknown", "60.2 MB")),
        Row("xds", ("3.4 s", "unknown", "-", "-")),
    )
    assert costs.notes == ("istio: the proxies cannot be compared",)


def test_there_is_a_board_of_each_drill_beside_what_is_promised() -> None:
    _, *drills = boards(compared()["results"])

    assert {board.title: (board.heads, board.rows) for board in drills} == {
        "scale-up": (
            ("first call", "even again"),
            (
                Row("clusterip", ("never", "never"), "a new pod never gets a call", kept=True),
                Row("istio", ("5.74 s", "5.74 s"), "new pods get calls", kept=True),
            ),
        ),
        "rolling-restart": (
            ("failed without retries", "with retries", "attempts", "longest gap"),
            (Row("istio", ("41 of 1,200", "0 of 1,200", "1,253", "0.31 s"), "none is lost", kept=True),),
        ),
        "kill": (
            ("failed", "trouble until"),
            (Row("istio", ("9", "1.2 s"), "left alone soon", kept=True),),
        ),
        "slow": (
            ("slow pod's share", "p90", "p99"),
            (
                Row("clusterip", ("100 %", "202.5 ms", "210 ms"), "all calls are slow", kept=True),
                Row("istio", ("12.3 %", "2.5 ms", "unknown"), "even, so slow", kept=False),
            ),
        ),
        "sick": (
            ("errors", "with outlier detection"),
            (
                Row("clusterip", ("100 %", "-"), "all calls fail", kept=True),
                Row("istio", ("33.0 %", "0.4 %"), "taken out", kept=True),
            ),
        ),
    }


def test_without_costs_and_drills_there_is_no_board() -> None:
    assert boards([result().to_dict()]) == ()


def test_on_the_terminal_each_strategy_stands_beside_its_own_promise() -> None:
    lines = [" ".join(line.split()) for line in printed(compared()).splitlines()]

    assert "clusterip 3.9 s - - -" in lines
    assert "istio: the proxies cannot be compared" in lines
    assert "scale-up first call even again as expected?" in lines
    assert "clusterip never never yes" in lines
    assert "clusterip 100 % 202.5 ms 210 ms yes" in lines
    assert "istio 12.3 % 2.5 ms unknown NO: even, so slow" in lines


def test_the_scoreboard_is_as_wide_as_the_terminal_at_most_and_has_colour_there_only() -> None:
    plain, coloured = printed(compared()), printed(compared(), terminal=True)

    assert max(map(len, plain.splitlines())) <= 80
    assert "\x1b[" not in plain
    assert "\x1b[32myes" in coloured
    assert "\x1b[1;31mNO: even, so slow" in coloured
    assert "\x1b[1m12.3" not in coloured


def with_traces(name: str, spans: list[Span], path: tuple[Role, ...], calls: int) -> dict[str, object]:
    """A result's record, with what was traced of it."""
    told = result(name).to_dict()
    return {**told, "extra": {"traces": proof_record(prove(joined(spans), "r1", calls, path))}}


def test_hops_of_strategies_stand_side_by_side() -> None:
    direct = [span for n in range(500) for span in called(n, "a", at=20.0 * n)]
    mesh = [span for n in range(2) for span in meshed(n, "a", at=20.0 * n)]
    results = [with_traces("headless", direct, DIRECT, 500), with_traces("istio", mesh, MESHED, 2)]

    [board] = [board for board in boards(results) if board.title == "hop"]

    assert board.heads == ("caller", "client", "client's sidecar", "server's sidecar", "server")
    assert board.rows == (
        Row("headless p50", ("2.00 ms", "4.00 ms", "-", "-", "4.00 ms")),
        Row("headless p99", ("2.00 ms", "4.00 ms", "-", "-", "4.00 ms")),
        Row("istio p50", ("2.00 ms", "2.00 ms", "1.00 ms", "1.00 ms", "4.00 ms")),
        Row("istio p99", ("-", "-", "-", "-", "-")),
    ), "two calls tell no p99"
    lines = printed({"results": results}).splitlines()
    assert max(map(len, lines)) <= 80


def test_without_traces_there_is_no_board_of_hops() -> None:
    assert "hop" not in {board.title for board in boards(compared()["results"])}
