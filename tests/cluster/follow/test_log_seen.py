"""What a reattached stream repeats is dropped, and nothing else is."""

from __future__ import annotations

from lbdemo.cluster.follow.log_seen import SeenLines


def at(second: int, text: str, decimals: str = "000000000") -> bytes:
    return f"2026-01-02T03:04:{second:02}.{decimals}Z {text}\n".encode()


def seen(*blocks: bytes) -> SeenLines:
    lines = SeenLines()
    for block in blocks:
        lines.add(block)
    return lines


def test_nothing_seen_is_nothing_to_begin_after_and_nothing_to_drop() -> None:
    nothing = SeenLines()

    assert nothing.since == ""
    assert nothing.repeats().without(at(1, "a")) == at(1, "a")


def test_reading_begins_again_a_second_before_the_newest_line_cut_to_the_second() -> None:
    assert seen(at(5, "a", "999999999")).since == "2026-01-02T03:04:04Z"


def test_lines_seen_before_are_dropped_and_new_ones_kept() -> None:
    repeats = seen(at(5, "a") + at(5, "b")).repeats()

    assert repeats.without(at(5, "a") + at(5, "b") + at(6, "c")) == at(6, "c")
    assert not repeats.missing


def test_equal_lines_count_as_often_as_they_were_seen() -> None:
    repeats = seen(at(5, "same"), at(5, "same")).repeats()

    assert repeats.without(at(5, "same") * 3) == at(5, "same")


def test_a_line_with_the_same_stamp_and_another_text_is_new() -> None:
    assert seen(at(5, "a")).repeats().without(at(5, "a") + at(5, "b")) == at(5, "b")


def test_a_line_that_was_written_out_of_order_is_not_taken_for_a_repetition() -> None:
    repeats = seen(at(6, "later"), at(5, "earlier")).repeats()

    assert repeats.without(at(5, "new") + at(6, "later") + at(5, "earlier")) == at(5, "new")


def test_a_repetition_that_comes_in_several_blocks_is_dropped_from_each() -> None:
    repeats = seen(at(5, "a") + at(5, "b")).repeats()

    assert repeats.without(at(5, "a")) == b""
    assert repeats.without(at(5, "b") + at(5, "c")) == at(5, "c")


def test_a_log_that_goes_on_much_later_has_been_rotated() -> None:
    repeats = seen(at(5, "a")).repeats()

    assert repeats.without(at(9, "b")) == at(9, "b")
    assert repeats.missing
    assert repeats.without(at(5, "a")) == at(5, "a"), "the search for repetitions is over"


def test_old_lines_are_forgotten_so_that_memory_stays_bounded() -> None:
    lines = seen(*(at(second, "x" * 1000) for second in range(60)))

    assert len(lines._blocks) == 2


def test_a_large_block_is_remembered_only_as_far_as_it_can_come_again() -> None:
    repeats = seen(at(1, "old") + at(8, "new")).repeats()

    assert repeats.without(at(1, "old") + at(8, "new")) == at(1, "old")


def test_stamps_with_trimmed_zeros_and_other_zones_are_the_moment_they_name() -> None:
    assert seen(b"2026-01-02T05:04:05.5+02:00 a\n").since == "2026-01-02T03:04:04Z"
    assert seen(b"2026-01-02T03:04:05Z a\n", b"2026-01-02T03:04:05.1Z b\n").since == "2026-01-02T03:04:04Z"
