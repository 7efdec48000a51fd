from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from lbdemo.records import Sample, decode, encode

SAMPLE = Sample(7, 1_700_000_000.25, 1_700_000_000.250125, 0.00065, "echo-server-7c9f-x2b1", "OK")
LINE = encode(SAMPLE)


def with_field(key: str, value: object) -> str:
    return json.dumps({**json.loads(LINE), key: value})


def test_a_line_is_compact_json_with_the_agreed_keys() -> None:
    assert LINE == (
        '{"v":1,"seq":7,"due":1700000000.25,"sent":1700000000.250125,"ms":0.65,'
        '"server":"echo-server-7c9f-x2b1","code":"OK"}'
    )


def test_gate_and_connection_are_written_only_when_set() -> None:
    sample = replace(SAMPLE, gate=True, connection=3)

    assert json.loads(encode(sample)) == {**json.loads(LINE), "gate": True, "conn": 3}


def test_a_stream_is_a_call_with_its_answers_and_how_long_it_was_open() -> None:
    stream = replace(SAMPLE, answers=12, lasted=1.5)

    assert json.loads(encode(stream)) == {**json.loads(LINE), "answers": 12, "lasted_ms": 1500.0}


@pytest.mark.parametrize(("key", "value"), [("answers", -1), ("answers", True), ("answers", 1.5), ("lasted_ms", -1),
                                            ("lasted_ms", "1"), ("lasted_ms", True)])  # fmt: skip
def test_a_stream_that_cannot_be_is_none(key: str, value: object) -> None:
    assert decode(with_field(key, value)) is None


@pytest.mark.parametrize("lasted", [-0.1, float("nan"), float("inf")])
def test_a_stream_of_no_length_in_time_is_not_written(lasted: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        encode(replace(SAMPLE, answers=1, lasted=lasted))


def test_only_what_was_never_answered_went_unheard() -> None:
    late = replace(SAMPLE, code="DEADLINE_EXCEEDED")

    assert [each.unheard for each in (SAMPLE, late, replace(late, answers=0), replace(late, answers=2))] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sample",
    [
        SAMPLE,
        replace(SAMPLE, gate=True, connection=12),
        replace(SAMPLE, server="", code="UNAVAILABLE"),
        replace(SAMPLE, server='a "quoted"\\ name\nof two lines, 名前 \x1b[31m\u2028'),
        replace(SAMPLE, due=0.0, sent=0.0, latency=0.0),
        replace(SAMPLE, latency=599.9999),
        replace(SAMPLE, answers=0, code="UNAVAILABLE"),
        replace(SAMPLE, answers=12, lasted=10.001),
    ],
)
def test_what_was_encoded_decodes_to_the_same_on_one_line(sample: Sample) -> None:
    line = encode(sample)

    assert decode(line) == sample
    assert len(line.splitlines()) == 1


def test_times_are_rounded_to_a_microsecond_and_the_latency_to_a_tenth_of_one() -> None:
    line = encode(replace(SAMPLE, due=1.23456789, sent=2.34567891, latency=0.00123456789))

    assert '"due":1.234568,"sent":2.345679,"ms":1.2346,' in line


def test_a_line_break_at_the_end_does_no_harm() -> None:
    assert decode(f"{LINE}\r\n") == SAMPLE


def test_keys_of_a_later_minor_change_are_ignored() -> None:
    assert decode(with_field("zone", "eu-1")) == SAMPLE


def test_whole_numbers_are_numbers() -> None:
    decoded = decode(with_field("ms", 3))

    assert decoded is not None
    assert decoded.latency == 0.003


@pytest.mark.parametrize("key", ["v", "seq", "due", "sent", "ms", "server", "code"])
def test_a_line_without_a_required_key_is_no_sample(key: str) -> None:
    fields = json.loads(LINE)
    del fields[key]

    assert decode(json.dumps(fields)) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("v", 2),
        ("v", True),
        ("v", "1"),
        ("v", 1.0),
        ("seq", -1),
        ("seq", 1.5),
        ("seq", True),
        ("seq", None),
        ("seq", 10**400),
        ("due", "now"),
        ("due", True),
        ("due", float("nan")),
        ("due", float("inf")),
        ("sent", []),
        ("sent", float("-inf")),
        ("sent", 10**400),
        ("ms", -0.1),
        ("ms", float("nan")),
        ("ms", None),
        ("server", None),
        ("server", 5),
        ("server", "\ud800"),
        ("code", ""),
        ("code", 0),
        ("gate", 1),
        ("gate", None),
        ("conn", -1),
        ("conn", False),
        ("conn", 1.0),
    ],
)
def test_a_wrong_value_is_no_sample(key: str, value: object) -> None:
    assert decode(with_field(key, value)) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "null",
        "1",
        '"text"',
        "[]",
        "{}",
        "{",
        f"{LINE}{LINE}",
        f"{LINE},",
        f"[{LINE}]",
        LINE[:-1],
        "{" * 100_000,
        '{"v":' + "[" * 100_000,
        '{"v":1,"seq":' + "9" * 10_000 + "}",
        LINE.replace("0.65", "1e999"),
        "I0101 12:00:00.000000 1 server.go:1] a log line",
        "\x00\ufeff{",
    ],
)
def test_anything_else_is_no_sample(line: str) -> None:
    assert decode(line) is None


def test_decoding_never_raises_whatever_is_mangled() -> None:
    rng = random.Random(4)
    alphabet = '{}[]",:0159.eE+-truefalsnul\\u \x00é\ud800'

    for _ in range(20_000):
        line = list(LINE)
        for _ in range(rng.randint(1, 6)):
            line[rng.randrange(len(line))] = rng.choice(alphabet)
        sample = decode("".join(line))
        assert sample is None or decode(encode(sample)) is not None


@pytest.mark.parametrize(
    "sample",
    [
        replace(SAMPLE, latency=float("nan")),
        replace(SAMPLE, latency=-0.001),
        replace(SAMPLE, due=float("inf")),
        replace(SAMPLE, sent=float("nan")),
    ],
)
def test_what_could_not_be_read_again_is_not_written(sample: Sample) -> None:
    with pytest.raises(ValueError, match="finite"):
        encode(sample)


def test_a_sample_is_ok_by_its_code() -> None:
    assert SAMPLE.ok
    assert not replace(SAMPLE, code="UNAVAILABLE").ok
