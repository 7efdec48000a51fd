from __future__ import annotations

import json

import pytest

from lbdemo.records import Sample, encode
from lbdemo.records.recording import is_ours, read
from lbdemo.records.spans import Spans, decode_spans, encode_spans


@pytest.mark.parametrize("spans", [Spans(0), Spans(90), Spans(90, 3, "the collector did not take them")])
def test_what_is_written_is_read(spans: Spans) -> None:
    assert decode_spans(encode_spans(spans)) == spans


@pytest.mark.parametrize(
    "line",
    ["", "spans/1", '{"lbdemo": "spans/1"}', '{"lbdemo": "spans/2", "made": 1, "lost": 0, "why": ""}', "[1]",
     '{"lbdemo": "spans/1", "made": "x", "lost": 0, "why": ""}', '"spans/1"',
     encode(Sample(0, 1.0, 1.0, 0.1, "spans/1", "OK"))],
)  # fmt: skip
def test_other_lines_are_none_of_it(line: str) -> None:
    assert decode_spans(line) is None


def test_a_saved_run_may_hold_the_line() -> None:
    """`lbdemo client --trace --format json > FILE` writes it."""
    lines = [encode(Sample(0, 1.0, 1.0, 0.1, "echo-1", "OK")), encode_spans(Spans(3))]

    assert is_ours(lines[1])
    summary = read(lines).tally.summary()
    assert (summary.sent, summary.unknown_lines) == (1, 0)


def test_its_words_are_stable() -> None:
    assert json.loads(encode_spans(Spans(9, 2, "away"))) == {"lbdemo": "spans/1", "made": 9, "lost": 2, "why": "away"}
