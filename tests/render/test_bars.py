from __future__ import annotations

import io

import pytest
from rich.console import Console

from lbdemo.records import Sample
from lbdemo.render.bars import Bar, LiveBars

WIDTH = 30


def drawn(share: float, fair: float = 0.0, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=stream, width=WIDTH).print(Bar(share, fair))
    stream.seek(0)
    return stream.read().removesuffix("\n")


def answer(server: str, *, gate: bool = False, code: str = "OK") -> Sample:
    return Sample(0, 0.0, 0.0, 0.001, server, code, gate)


def shown(*samples: Sample, calls: int = 0, servers: tuple[str, ...] = ()) -> str:
    stream = io.StringIO()
    with LiveBars(Console(file=stream, width=80, force_terminal=True), "envoy", calls, servers) as bars:
        for sample in samples:
            bars.add(sample)
    return stream.getvalue().replace("\x1b[0m", "")


@pytest.mark.parametrize(("share", "blocks"), [(0, 0), (0.1, 3), (0.5, 15), (1, 30), (1.7, 30), (-1, 0)])
def test_a_bar_is_as_long_as_its_share(share: float, blocks: int) -> None:
    assert drawn(share) == "█" * blocks + " " * (WIDTH - blocks)


def test_a_bar_is_exact_to_an_eighth_of_a_column() -> None:
    assert drawn(0.5 + 0.5 / WIDTH).rstrip() == "█" * 15 + "▌"


def test_a_tiny_share_is_not_nothing() -> None:
    assert drawn(1e-6).strip()
    assert drawn(1e-6, encoding="ascii").strip()
    assert not drawn(0).strip()


def test_the_fair_share_is_marked_where_there_is_room() -> None:
    assert drawn(0.1, 0.5) == "███" + " " * 12 + "┆" + " " * 14
    assert "┆" not in drawn(0.9, 0.5)


def test_ascii_will_do() -> None:
    assert drawn(0.1, 0.5, encoding="ascii") == "###" + " " * 12 + "|" + " " * 14


def test_live_bars_count_the_block_and_say_how_far_it_is() -> None:
    text = shown(*[answer("echo-1")] * 3, answer("echo-2"), calls=2100)

    assert "4 of 2,100 calls" in text
    assert "75.0 %" in text
    assert "25.0 %" in text


def test_calls_of_the_gate_have_no_bars() -> None:
    text = shown(answer("echo-1", gate=True), answer("echo-2", gate=True))

    assert "looking for all servers: 2 calls" in text
    assert "echo-1" not in text


def test_failed_calls_are_counted_and_shown() -> None:
    text = shown(answer("echo-1"), answer("", code="UNAVAILABLE"))

    assert "1 failed" in text


def test_servers_that_are_known_are_there_from_the_start() -> None:
    text = shown(answer("echo-1"), servers=("echo-1", "echo-2"))

    assert "echo-2" in text


def test_a_hostile_name_cannot_steer_the_terminal() -> None:
    assert "\x1b[2J" not in shown(answer("\x1b[2Jx"))


def test_live_bars_tell_each_servers_calls_its_share_and_the_fair_one() -> None:
    text = shown(*[answer("echo-1")] * 3, answer("echo-2"), servers=("echo-1", "echo-2", "echo-3"))

    last = text.rsplit("envoy", 1)[-1]
    lines = [line for line in last.splitlines() if "echo-" in line]
    assert [line.split()[-3:] for line in lines] == [["3", "75.0", "%"], ["1", "25.0", "%"], ["0", "0", "%"]]
    assert "┆" in lines[2]
    bar = lines[2].split("echo-3", 1)[1].split("0")[0]
    assert bar.index("┆") / len(bar) == pytest.approx(1 / 3, abs=0.06)


def test_live_bars_are_as_wide_as_the_terminal() -> None:
    text = shown(answer("echo-1"))

    assert text.count("█") >= 40
