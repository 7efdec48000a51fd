"""The calls in their order: one server at a time cannot be overlooked, and an even spread is a level."""

from __future__ import annotations

import re

from reports import EVEN, PINNED, in_turns, result

from lbdemo.render.strips import caption, strip, strips


def heights(markup: str) -> list[list[int]]:
    """Of each server the parts of the batches that it took part in, in hundredths."""
    paths = re.findall(r'<path class="bar" d="([^"]*)"', markup)
    return [[100 - int(top) for top in re.findall(r"V(\d+)h1", path)] for path in paths]


def test_each_batch_is_as_high_as_the_servers_part_of_it() -> None:
    drawn = strip("echo-1", [0.0, 0.25, 1.0], 0.5, "0 % to 100 % of a batch")

    assert heights(drawn) == [[25, 100]]
    assert 'd="M1 100V75h1V100M2 100V0h1V100"' in drawn
    assert 'viewBox="0 0 3 100"' in drawn
    assert 'y1="13" y2="13"' in drawn, "the fair share, in the middle"
    assert 'aria-label="echo-1, batch by batch: 0 % to 100 % of a batch"' in drawn


def test_round_robin_is_a_level_and_one_at_a_time_is_none() -> None:
    even, turns = strips(result(counts=EVEN).to_dict()), strips(in_turns().to_dict())

    assert all(30 <= height <= 36 for row in heights(even) for height in row)
    assert max(max(row) for row in heights(turns)) == 100
    assert turns.count("0 % to 100 % of a batch") == 2 * 3


def test_the_caption_says_how_much_it_varies_and_what_that_means() -> None:
    said = caption(in_turns().to_dict())

    assert re.match(r"6\d batches of about 3\d calls", said)
    phi = re.search(r"varies ([\d.]+) times as much as by chance", said)
    assert phi
    assert float(phi[1]) > 10
    assert "one server at a time far more" in said


def test_where_one_server_answered_all_there_is_no_order_to_see() -> None:
    assert strips(result(counts=PINNED).to_dict()) == ""
    assert strips(result(counts={}, errors=9).to_dict()) == ""


def test_a_name_is_no_markup() -> None:
    assert "<b>" not in strips(result(counts={"<b>": 700, "c": 700}, servers=("<b>", "c")).to_dict())
