from __future__ import annotations

from lbdemo.echo.stats import MAX_RUN_NAME, MAX_RUNS, CallCounts, Stats


def test_runs_are_counted_apart_and_together() -> None:
    stats = Stats()

    for run in ("a", "b", "b", ""):
        stats.received(run, retry=run == "a")
    stats.answered("a")
    stats.answered("b")
    stats.failed("b")
    stats.answered("")

    assert stats.of("a") == CallCounts(received=1, answered=1, retries=1)
    assert stats.of("b") == CallCounts(received=2, answered=1, failed=1)
    assert stats.of("") == CallCounts(received=4, answered=3, failed=1, retries=1)


def test_an_unknown_run_has_no_calls() -> None:
    assert Stats().of("never") == CallCounts()


def test_only_the_last_runs_are_remembered() -> None:
    stats = Stats()

    for number in range(MAX_RUNS + 1):
        stats.answered(f"run-{number}")

    assert stats.of("run-0") == CallCounts()
    assert stats.of("run-1") == CallCounts(answered=1)
    assert stats.of("") == CallCounts(answered=MAX_RUNS + 1)


def test_a_very_long_run_name_is_cut_but_counted() -> None:
    stats = Stats()
    name = "x" * (MAX_RUN_NAME + 1)

    stats.answered(name)
    stats.answered(name)

    assert stats.of(name) == CallCounts(answered=2)


def test_streams_are_counted_apart_from_calls_and_as_open_until_they_end() -> None:
    stats = Stats()

    with stats.stream("a") as answered, stats.stream(""):
        answered()
        answered()
        during = stats.of("").streams_open, stats.of("a").streams_open

    assert during == (2, 1)
    assert stats.of("a") == CallCounts(streams=1, stream_answers=2)
    assert stats.of("") == CallCounts(streams=2, stream_answers=2)


def test_a_stream_whose_run_is_long_forgotten_ends_without_a_trace() -> None:
    stats = Stats()

    with stats.stream("old"):
        for number in range(MAX_RUNS):
            stats.answered(f"run-{number}")

    assert stats.of("old") == CallCounts()
    assert stats.of("").streams_open == 0
