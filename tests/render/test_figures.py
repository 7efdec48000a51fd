from __future__ import annotations

from typing import Any

import pytest
from reports import PINNED, looked_twice, result

from lbdemo.measure import Outcome
from lbdemo.render import figures


@pytest.mark.parametrize(
    ("extra", "flat"),
    [
        ({}, []),
        ({"planned_calls": 2131}, [("planned calls", "2,131")]),
        ({"a": {"b_c": 1.25, "d": {"e": True}}}, [("a · b c", "1.25"), ("a · d · e", "yes")]),
        ({"never": None, "empty": "", "no": False}, [("never", "-"), ("no", "no")]),
        ({"names": ["x", "y"], "none": []}, [("names", "x, y")]),
        ({"rows": [{"a": 1}, {"a": 2}]}, [("rows · 1 · a", "1"), ("rows · 2 · a", "2")]),
    ],
)
def test_further_figures_are_flattened_whatever_they_are(extra: dict[str, Any], flat: list[tuple[str, str]]) -> None:
    assert figures.extras(extra) == flat


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (result(), "BALANCED, as expected"),
        (result(counts=PINNED), "PINNED, expected BALANCED"),
        (result(counts=PINNED, outcome=Outcome.PINNED), "PINNED, as expected"),
        (result(contradicted_by=1), "BALANCED, but contradicted by the second witness"),
        (result(promises_kept=False), "BALANCED, but a promise was not kept"),
        (
            result(counts={"echo-1": 5100, "echo-2": 4900, "echo-3": 5000}, fingerprint="round robin"),
            "BALANCED, but not as promised",
        ),
    ],
)
def test_the_judgement_in_words(made: Any, words: str) -> None:
    assert figures.judgement(made.to_dict()) == words


def test_the_fingerprint_is_named_beside_what_was_promised() -> None:
    assert figures.policy(result(counts=PINNED, fingerprint="round robin").to_dict()) == (
        "sticky (D = 2,100), expected round robin"
    )
    assert figures.policy(result(fingerprint="round robin").to_dict()) == "round robin (D = 0, phi = 0.0301)"


def test_a_witness_that_could_not_be_asked_is_no_agreement() -> None:
    record = result().to_dict()
    servers: Any = record["witness"]
    servers["servers"][0] |= {"own": None, "agrees": False}

    assert "is incomplete: echo-1 could not be asked (the client: 700)" in figures.witness(record)


def test_without_a_witness_nothing_is_said_of_one() -> None:
    assert figures.witness(result(counts={}, errors=5).to_dict()) == ""


def test_servers_that_never_answered_have_a_share_but_no_latency() -> None:
    servers = figures.servers(result(counts=PINNED).to_dict())

    assert [(server["server"], server["service_ms"] is None) for server in servers] == [
        ("echo-1", True),
        ("echo-2", False),
        ("echo-3", True),
    ]


@pytest.mark.parametrize(
    ("latency", "words"),
    [
        ({"p99": 7.49, "intervals": {"p99": [6.9, 8.31]}, "at_least": []}, "7.49 ms (6.90 to 8.31 ms)"),
        ({"p99": 7.49, "intervals": {"p99": [6.9, None]}, "at_least": []}, "7.49 ms (from 6.90 ms on)"),
        ({"p99": 500.0, "intervals": {"p99": [400.0, 500.0]}, "at_least": ["p99"]}, "≥ 500 ms"),
        ({"p99": 7.49, "intervals": {"p99": None}, "at_least": []}, "7.49 ms"),
        ({"p99": None, "intervals": {"p99": None}, "at_least": []}, "-"),
    ],
)
def test_a_quantile_is_told_with_what_is_known_of_it(latency: Any, words: str) -> None:
    assert figures.with_interval(latency, "p99") == words


def test_the_tail_says_why_there_is_none_and_what_is_known_instead() -> None:
    shown = result(latency=0.002).to_dict()
    summary: Any = shown["summary"]

    summary["latency_ms"] = None

    assert figures.tail(shown) == (
        "not told, for the client could not keep its schedule; the servers took p50 2.00 ms, p90 2.00 ms, "
        "p99 2.00 ms (2.00 to 2.00 ms), max 2.00 ms from when it sent"
    )
    assert figures.tail(result(counts={}).to_dict()) == "no call was made"


def test_retries_are_told_and_a_long_search_for_the_servers_too() -> None:
    shown = result().to_dict()
    summary: Any = shown["summary"]

    plain = figures.attempts(shown)
    summary |= {"attempts": 2140, "retried_calls": 9, "settling_s": 6.31}

    assert plain == ""
    assert figures.attempts(shown) == "2,140 attempts (9 calls retried); all servers seen after 6.31 s"
    assert figures.attempts({"summary": summary | {"retried_calls": 0, "settling_s": 0.99}}) == ""


def test_a_servers_time_is_its_p99_or_its_p90_where_its_calls_are_too_few() -> None:
    assert figures.tail_of({"service_ms": {"p90": 1.0, "p99": 2.0}}) == "p99 2.00 ms"
    assert figures.tail_of({"service_ms": {"p90": 1.0, "p99": None}}) == "p90 1.00 ms"
    assert figures.tail_of({"service_ms": None}) == ""


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(6.9, 8.31, "6.90 to 8.31 ms"), (0.9, 1.1, "900 µs to 1.10 ms"), (900.0, 61_000.0, "900 ms to 1 min 1 s")],
)
def test_a_unit_is_told_once_where_it_is_the_same(low: float, high: float, words: str) -> None:
    assert figures.between(low, high) == words


def test_a_second_block_is_said_with_the_error_probability_that_was_kept_for_it() -> None:
    once, twice = result().to_dict(), looked_twice().to_dict()

    said = figures.sentences(twice)[-1]

    assert "judged on both blocks that were planned" in said
    assert "with the 0.0001 that was kept for the second of an error probability of 0.001 in all" in said
    assert not any("block" in sentence for sentence in figures.sentences(once))


def test_of_streams_it_is_said_what_was_answered_on_them() -> None:
    record = result(counts={"echo-1": 1, "echo-2": 1}).to_dict()
    summary: Any = record["summary"]

    assert figures.streams(record) == ""

    for server, answers in zip(summary["servers"], (30, 10), strict=True):
        server["stream_answers"] = answers

    assert "40 answers, echo-1 30 (75.0 %) and echo-2 10 (25.0 %)" in figures.streams(record)

    for server in summary["servers"]:
        server["stream_answers"] = 0

    assert "0 answers, echo-1 0 and echo-2 0" in figures.streams(record)
