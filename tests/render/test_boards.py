from __future__ import annotations

import io

import pytest
from reports import compared, drilled, record, result
from rich.console import Console

from lbdemo.render.boards import Row, boards, cell, without_boards
from lbdemo.render.scoreboard import print_scoreboard


def printed(report: dict[str, object], *, terminal: bool = False, width: int = 80) -> str:
    stream = io.StringIO()
    print_scoreboard(Console(file=stream, width=width, force_terminal=terminal, highlight=False), report)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("setup_s", 21.6449, "21.64 s"),
        ("setup_s", 3.9, "3.9 s"),
        ("first_call_s", None, "never"),
        ("proxy_memory_mb", 164.5, "164.5 MB"),
        ("proxy_memory_mb", None, "unknown"),
        ("proxy_cpu_ms_per_1000_calls", 429.9, "429.9 ms"),
        ("proxy_cpu_ms_per_1000_calls", None, "unknown"),
        ("p99_ms", 201.456, "201.46 ms"),
        ("p99_ms", None, "unknown"),
        ("slow_pod_share", 0.1234, "12.3 %"),
        ("slow_pod_share", 1.0, "100 %"),
        ("slow_pod_share", 0.004, "0.4 %"),
        ("error_share_with_outlier_detection", 0.0, "0 %"),
        ("failed", 1199, "1,199"),
        ("failed", None, "unknown"),
        ("setup_s", "soon", "soon"),
        ("failed", True, "yes"),
    ],
)
def test_a_figure_has_the_unit_of_its_name_and_its_right_value(name: str, value: object, words: str) -> None:
    assert cell({name: value}, name) == words


def test_a_figure_that_is_not_there_is_a_dash() -> None:
    assert cell({}, "setup_s") == "-"


def test_there_is_a_board_of_the_costs_and_one_of_each_drill() -> None:
    costs, scale_up, slow = boards(compared()["results"])

    assert (costs.title, costs.heads) == (
        "cost",
        ("setup", "proxy memory", "proxy CPU/1000 calls", "control plane"),
    )
    assert costs.rows == (
        Row("clusterip", ("3.9 s", "0 MB", "0 ms", "-")),
        Row("istio", ("21.64 s", "164.5 MB", "unknown", "60.2 MB")),
        Row("xds", ("3.4 s", "-", "-", "-")),
    )
    assert (scale_up.title, scale_up.heads) == ("scale-up", ("first call", "even again"))
    assert scale_up.rows[0] == Row("clusterip", ("never", "never"), "a new pod never gets a call", kept=True)
    assert slow.rows[1] == Row("istio", ("12.3 %", "2.5 ms", "unknown"), "even, so slow", kept=False)


def test_a_drill_that_nobody_foresaw_shows_all_its_figures() -> None:
    drills = {"odd": drilled("something", broken_pods=3, took_s=1.5)}

    [board] = boards([result(extra={"drills": drills}).to_dict()])

    assert board.heads == ("broken pods", "took s")
    assert board.rows[0].cells == ("3", "1.5 s")


def test_without_costs_and_drills_there_is_no_board() -> None:
    assert boards([result().to_dict()]) == ()
    assert boards([result(extra={"drills": {"slow": {"p99_ms": 3}}}).to_dict()]) == ()
    assert boards([result(extra={"drills": [1, 2]}).to_dict()]) == ()


def test_what_the_boards_show_is_taken_out_of_the_further_figures_and_nothing_else() -> None:
    drills = {"slow": drilled("even", p99_ms=3.0), "odd": {"p99_ms": 3}}
    report = record(result(extra={"setup_s": 1.0, "costs_note": "no rights", "planned_calls": 5, "drills": drills}))

    [rest] = without_boards(report)["results"]

    assert rest["extra"] == {"costs_note": "no rights", "planned_calls": 5, "drills": {"odd": {"p99_ms": 3}}}
    assert report["results"][0]["extra"]["setup_s"] == 1.0


def test_on_the_terminal_each_strategy_stands_beside_its_own_promise() -> None:
    lines = [" ".join(line.split()) for line in printed(compared()).splitlines()]

    assert "clusterip 3.9 s 0 MB 0 ms -" in lines
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
