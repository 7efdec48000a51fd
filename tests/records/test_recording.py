"""A saved run is judged as it was; what is missing or damaged is told, and never replaced by something else."""

from __future__ import annotations

import json

import pytest

from lbdemo.errors import InputError
from lbdemo.measure import Expectation, Outcome, judge
from lbdemo.records import Result, Sample, Tally, Witness, encode
from lbdemo.records.recording import Recording, begin, end, read

ASKED = Expectation(Outcome.BALANCED, ("a", "b", "c"), tolerance=0.3, alpha=0.01)
CALLS = [encode(Sample(n, 1.7e9 + n, 1.7e9 + n, 0.001, "ab"[n % 2], "OK")) for n in range(100)]


def header(calls: int = 100) -> str:
    return begin("envoy", "through Envoy", "2026-01-02T03:04:05+00:00", {"context": "kind"}, ASKED, calls)


def footer() -> str:
    summary = Tally().summary()
    witness = (Witness("a", 50, 50), Witness("b", 50, None, "gone"))
    return end(Result("envoy", "", summary, judge(summary.counts, ASKED), witness, "each server", ("b went away.",)))


def changed(line: str, **changes: object) -> str:
    return json.dumps(json.loads(line) | changes)


def test_what_was_saved_is_read_again() -> None:
    run = read([header(), *CALLS, footer()])

    assert (run.name, run.title, run.expectation, run.planned) == ("envoy", "through Envoy", ASKED, 100)
    assert run.tally.summary().sent == 100
    assert run.witness == (Witness("a", 50, 50), Witness("b", 50, None, "gone"))
    assert (run.notes, run.missing) == (("b went away.",), "")


def test_the_clients_own_lines_are_a_run_of_which_nothing_is_known() -> None:
    run = read(["hello", *CALLS, "[" * 100_000, '{"a":1}'])

    assert (run.expectation, run.missing) == (Recording("", "", "", {}, Expectation(), Tally()).expectation, "")
    assert run.tally.summary().unknown_lines == 3


@pytest.mark.parametrize(
    ("lines", "told"),
    [([header(), *CALLS[:60]], "60 of 100 calls"), ([header(), *CALLS], "incomplete"),
     ([header(), *CALLS[:60], footer()], "60 of 100 calls")],
    ids=["interrupted", "without its end", "with a gap"],
)  # fmt: skip
def test_a_run_that_was_cut_off_says_so(lines: list[str], told: str) -> None:
    assert told in read(lines).missing


@pytest.mark.parametrize(
    "line",
    [header()[:50], changed(header(), lbdemo="run/2"), changed(header(), expectation={}),
     changed(header(), expectation=json.loads(header())["expectation"] | {"servers": "abc"}),
     changed(header(), expectation=json.loads(header())["expectation"] | {"servers": [1, 2, 3]}),
     changed(header(), expectation=json.loads(header())["expectation"] | {"count": 2.5}),
     changed(header(), expectation=json.loads(header())["expectation"] | {"count": True}),
     changed(header(), expectation=json.loads(header())["expectation"] | {"max_error_ratio": True}),
     changed(header(), calls="100"), footer()[:40], changed(footer(), notes=[["x"]]),
     changed(footer(), servers=[{"server": "a", "client": 1, "own": "zz", "note": ""}])],
    ids=["truncated", "newer", "nothing asked", "a word for names", "numbers for names", "half a server",
         "a truth for a number", "a truth for a ratio",
         "a word for a number",
         "truncated end", "lists for notes", "a word for a count"],
)  # fmt: skip
def test_a_damaged_record_is_refused(line: str) -> None:
    with pytest.raises(InputError):
        read([line, *CALLS])


def test_a_recording_without_its_first_line_is_not_judged_by_something_else() -> None:
    with pytest.raises(InputError, match="lacks the line that says what was asked"):
        read([*CALLS, footer()])


def test_a_record_that_was_written_anew_is_still_known() -> None:
    sorted_keys = json.dumps(json.loads(header()), sort_keys=True, separators=(",", ":"))

    assert read([sorted_keys, *CALLS, footer()]).expectation == ASKED


def test_the_witness_stands_beside_the_calls_that_are_in_the_file() -> None:
    moved = [line.replace('"a"', '"b"') for line in CALLS]
    strange = [encode(Sample(n, 1.7e9 + n, 1.7e9 + n, 0.001, "c", "OK")) for n in range(3)]

    assert read([header(), *moved, footer()]).witness == (Witness("a", 0, 50), Witness("b", 100, None)), "no excuse"
    assert read([header(), *CALLS, *strange, footer()]).witness[2] == Witness("c", 3, None)


def test_a_file_without_calls_is_refused() -> None:
    with pytest.raises(InputError, match="no calls"):
        read([header(), footer()])


def test_several_runs_in_one_file_are_refused_also_where_none_says_what_was_asked() -> None:
    with pytest.raises(InputError, match="several recordings"):
        read([*CALLS, *CALLS])


def test_processes_that_got_unequally_far_leave_no_doubt() -> None:
    far, less = CALLS[0::2], CALLS[1:60:2]

    several, one = (read([changed(header(), processes=number), *far, *less, footer()]) for number in (2, 1))

    assert several.tally.summary().missing == 0
    assert one.tally.summary().missing > 0


@pytest.mark.parametrize("processes", [0, 65, True, "2"])
def test_a_number_of_processes_that_cannot_be_is_damage(processes: object) -> None:
    with pytest.raises(InputError, match="damaged"):
        read([changed(header(), processes=processes), *CALLS])


def test_a_second_first_line_is_refused() -> None:
    with pytest.raises(InputError, match="more than one recording"):
        read([header(), *CALLS, header()])
