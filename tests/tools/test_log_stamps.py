"""The stamps of `kubectl logs --timestamps`."""

from __future__ import annotations

import pytest

from lbdemo.tools.log_stamps import ZERO, is_stamped, shifted, sortable, unstamped

FULL = b"2026-01-02T03:04:05.123456789Z"


@pytest.mark.parametrize(
    ("stamp", "wanted"),
    [
        (FULL, FULL),
        (b"2026-01-02T03:04:05Z", b"2026-01-02T03:04:05.000000000Z"),
        (b"2026-01-02T03:04:05.12Z", b"2026-01-02T03:04:05.120000000Z"),
        (b"2026-01-02T05:04:05.123456789+02:00", FULL),
        (b"2026-01-01T22:34:05.123456789-04:30", FULL),
    ],
)
def test_stamps_of_every_kind_compare_as_bytes(stamp: bytes, wanted: bytes) -> None:
    assert sortable(stamp + b" text") == wanted


@pytest.mark.parametrize("line", [b"", b"no stamp", b"2026-13-02T03:04:05Z text", b"2026-01-02 03:04:05 text"])
def test_a_line_without_a_stamp_is_older_than_all(line: bytes) -> None:
    assert sortable(line) == ZERO


def test_a_stamp_is_shifted_by_whole_seconds() -> None:
    assert shifted(FULL, -6) == b"2026-01-02T03:03:59.000000000Z"


def test_what_is_no_time_is_shifted_to_nothing() -> None:
    assert shifted(b"", 1) == ZERO
    assert shifted(ZERO, -1) == ZERO


def test_the_stamp_goes_and_the_text_stays_as_it_was() -> None:
    block = (
        FULL + b" a  b\n" + FULL + b" \n" + FULL + b" " + FULL + b" own stamp\n" + b"2026-01-02T05:04:05+02:00 \xff\r\n"
    )

    assert unstamped(block) == b"a  b\n\n" + FULL + b" own stamp\n\xff\r\n"


def test_a_prefix_comes_in_the_stamps_place() -> None:
    assert unstamped(FULL + b" a\n" + FULL + b" b\n", b"pod | ") == b"pod | a\npod | b\n"


def test_a_message_of_the_kubelet_has_no_stamp() -> None:
    assert is_stamped(FULL + b" text")
    assert not is_stamped(b"unable to retrieve container logs for containerd://abc")
