"""`lbdemo client` as a process against `lbdemo serve`, and its words."""

from __future__ import annotations

import fcntl
import json
import select
import signal
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

import pytest
from echo_server import LBDEMO, administered, catches, lbdemo, process, told, wait_for

from lbdemo.cli.client import closing_words, exit_code
from lbdemo.cli.lines import sentence, whole
from lbdemo.echo.load import LoadReport
from lbdemo.echo.peer import read_stats, set_faults
from lbdemo.records import Sample, Tally, decode
from lbdemo.records.recording import read

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = 1_700_000_000.0
NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with process("--name", "pod-a", "--drain", "0") as (_, address):
        yield address


def test_piped_it_writes_one_json_line_a_call_and_a_summary_to_stderr(target: str) -> None:
    with lbdemo("client", "--target", target, "--rate", "0", "--count", "5", "--servers", "1") as called:
        lines, words = called.communicate(timeout=20)

    first, *calls, last = lines.splitlines()
    samples = [decode(line) for line in calls]

    assert called.returncode == 0
    assert [sample and (sample.seq, sample.server, sample.gate) for sample in samples] == [
        (number, "pod-a", number == 0) for number in range(6)
    ]
    assert (json.loads(first)["lbdemo"], json.loads(last)["lbdemo"]) == ("run/1", "witness/1")
    assert words.startswith("5 calls in ")


@pytest.mark.parametrize("count", ["4", "0"])
def test_what_it_writes_is_a_recording_that_knows_the_servers_it_expected(target: str, count: str) -> None:
    options = ("--rate", "100", "--count", count, "--names", "pod-a,pod-b", "--format", "json")
    with lbdemo("client", "--target", target, *options) as called:
        assert called.stdout
        begun = [called.stdout.readline() for _ in range(5)]
        called.terminate()
        rest = called.stdout.read()  # with what was read ahead of a line, which `communicate` leaves out

    recording = read([*begun, *rest.splitlines()])

    assert recording.expectation.servers == ("pod-a", "pod-b")
    assert recording.environment["target"] == target
    assert (recording.begun, recording.ended, recording.missing) == (True, True, "")


def test_a_line_is_there_as_soon_as_its_call_is_answered(target: str) -> None:
    with lbdemo("client", "--target", target, "--interval", "30") as called:
        assert called.stdout
        called.stdout.readline()  # what was asked
        first = decode(called.stdout.readline())

        assert first is not None
        assert called.poll() is None


def test_format_text_is_readable_and_has_no_header(target: str) -> None:
    with lbdemo("client", "--target", target, "--count", "1", "--format", "text") as called:
        lines, _ = called.communicate(timeout=20)

    assert lines.split()[1:3] == ["0", "pod-a"]
    assert len(lines.splitlines()) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_with_a_summary(target: str, number: signal.Signals, code: int) -> None:
    with lbdemo("client", "--target", target, "--interval", "30") as called:
        assert called.stdout
        called.stdout.readline()  # what was asked
        called.stdout.readline()
        start = time.monotonic()
        called.send_signal(number)
        _, words = called.communicate(timeout=20)

        assert called.returncode == code
        assert words.startswith("1 call in ")
        assert time.monotonic() - start < 2


def test_when_nobody_answers_the_calls_are_shown_and_the_exit_code_is_1() -> None:
    with lbdemo("client", "--target", NOBODY, "--rate", "0", "--count", "2") as called:
        lines, words = called.communicate(timeout=20)

    assert called.returncode == 1
    assert [sample and sample.code for sample in map(decode, lines.splitlines())] == [
        None,
        "UNAVAILABLE",
        "UNAVAILABLE",
        None,
    ]
    assert "first UNAVAILABLE: " in words


def test_a_reader_who_leaves_ends_it_quietly(target: str) -> None:
    pipeline = f"{' '.join(LBDEMO)} client --target {target} --rate 200 | head -2"

    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipeline], capture_output=True, text=True, timeout=20, check=False
    )

    assert (ended.returncode, ended.stdout.count("\n"), ended.stderr) == (0, 2, "")


def test_contradictions_end_with_2_before_any_call() -> None:
    code, lines, words = told("client", "--interval", "1", "--rate", "1")

    assert (code, lines) == (2, "")
    assert "--interval and --rate contradict each other" in words


def test_lines_are_written_whole_and_no_more_at_once_than_a_pipe_takes_at_once() -> None:
    line = b"x" * 100 + b"\n"

    assert whole(line * 3) == line * 3
    assert whole(line * 100) == line * (select.PIPE_BUF // len(line))
    assert whole(b"x" * 10_000) == b"x" * select.PIPE_BUF


def test_a_sentence_tells_who_and_how_long_and_what_went_wrong() -> None:
    well = Sample(7, NOON, NOON, 0.00124, "pod-a", "OK")
    badly = Sample(8, NOON, NOON, 5, "", "DEADLINE_EXCEEDED")

    assert sentence(well).split("  ", 1)[1].split() == ["7", "pod-a", "1.24", "ms"]
    assert sentence(badly).split("  ", 1)[1].split() == ["8", "nobody", "5.00", "s", "DEADLINE_EXCEEDED"]


def test_the_sentence_of_a_stream_tells_also_what_was_answered_on_it() -> None:
    well = Sample(7, NOON, NOON, 0.00124, "pod-a", "OK", answers=12, lasted=10.0)
    broken = Sample(8, NOON, NOON, 0.002, "pod-a", "UNAVAILABLE", answers=1, lasted=0.5)

    assert sentence(well).endswith("  pod-a  1.24 ms  12 answers in 10.0 s")
    assert sentence(broken).endswith("  pod-a  2.00 ms  1 answer in 500 ms  UNAVAILABLE")


@pytest.mark.parametrize("kind", ["watch", "chat"])
def test_streams_are_a_line_each_and_a_recording_of_which_each_is_one_call(target: str, kind: str) -> None:
    streams = ("--stream", kind, "--stream-every", "20ms", "--stream-length", "200ms")
    load = ("--rate", "0", "--count", "4", "--concurrency", "4", "--servers", "1", "--wait", "9")
    with lbdemo("client", "--target", target, *streams, *load) as called:
        lines, words = called.communicate(timeout=20)

    recording = read(lines.splitlines())
    summary = recording.tally.summary()
    answers = summary.stream_answers or 0

    assert called.returncode == 0
    assert (recording.environment["stream"], recording.environment["length_s"]) == (kind, "0.2")
    assert recording.title == f"streams to {target}"
    assert (summary.sent, summary.gate_calls) == (4, 1)
    assert 4 < answers <= 44
    assert words.startswith("4 streams in ")
    assert f"  pod-a  4 streams  100 %  {answers} answers  100 %\na stream is one call" in words


def test_several_processes_share_the_streams(target: str) -> None:
    streams = ("--stream", "watch", "--stream-every", "20ms", "--stream-length", "100ms", "--processes", "2")
    with lbdemo("client", "--target", target, *streams, "--rate", "50", "--count", "6", "--wait", "9") as called:
        lines, _ = called.communicate(timeout=60)

    summary = read(lines.splitlines()).tally.summary()

    assert (summary.sent, summary.missing, summary.errors) == (6, 0, ())
    assert (summary.stream_answers or 0) > 6


def test_ctrl_c_ends_open_streams_which_are_counted() -> None:
    streams = ("--stream", "watch", "--stream-length", "1h", "--rate", "0")
    with (
        administered("--drain", "0") as (_, address, admin),
        lbdemo("client", "--target", address, *streams) as called,
    ):
        wait_for(lambda: read_stats(admin).stream_answers, "a stream")
        called.send_signal(signal.SIGINT)
        lines, words = called.communicate(timeout=20)

    recording = read(lines.splitlines())

    assert called.returncode == 130
    assert recording.ended
    assert words.startswith("1 stream in ")


def test_what_is_for_streams_is_refused_without_one() -> None:
    code, _, words = told("client", "--target", NOBODY, "--stream-length", "1s")

    assert code == 2
    assert "add --stream watch" in words


def test_a_server_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in sentence(Sample(0, NOON, NOON, 1, "\x1b[2Jpod", "OK"))


def test_the_closing_words_name_what_a_person_must_know() -> None:
    tally = Tally()
    tally.add(Sample(0, NOON, NOON, 0.001, "pod-a", "OK", gate=True))
    tally.add(Sample(1, NOON, NOON + 0.5, 0.6, "pod-a", "OK"))
    tally.add(Sample(2, NOON, NOON, 0.001, "", "UNAVAILABLE"))

    words = closing_words(LoadReport(tally.summary(), 2, (("UNAVAILABLE", "refused\x1b"),)))

    assert words == [
        "2 calls in 600 ms (3 RPC/s), 1 failed (UNAVAILABLE 1)",
        "  pod-a  1 call  100 %",
        "first UNAVAILABLE: refused?",
        "before that, 1 call showed 1 server",
        "latency: not told, for the client could not keep its schedule",
        "1 call left late, by up to 500 ms: the schedule was not kept",
        "2 calls still in flight at the end, not counted",
    ]


def test_the_closing_words_on_streams_say_that_answers_are_not_what_is_balanced() -> None:
    tally = Tally()
    for seq, (server, answers) in enumerate((("pod-a", 30), ("pod-b", 10), ("pod-c", 0))):
        tally.add(Sample(seq, NOON, NOON, 0.001, server, "OK" if answers else "UNAVAILABLE", answers=answers, lasted=2))

    words = closing_words(LoadReport(tally.summary(), 0, ()), "stream")

    assert words[0] == "3 streams in 2.00 s, 1 failed (UNAVAILABLE 1)"
    assert words[1].startswith("latency of first answers: ")
    assert words[2:] == [
        "  pod-a  1 stream  33.3 %  30 answers  75.0 %",
        "  pod-b  1 stream  33.3 %  10 answers  25.0 %",
        "  pod-c  1 stream  33.3 %  0 answers",
        "a stream is one call and stays with its server: what is balanced are streams, not their answers",
    ]


@pytest.mark.parametrize(
    ("code", "number", "expected"),
    [("OK", None, 0), ("UNAVAILABLE", None, 1), ("UNAVAILABLE", signal.SIGTERM, 0), ("OK", signal.SIGINT, 130)],
)
def test_the_exit_code_says_whether_anybody_answered(code: str, number: int | None, expected: int) -> None:
    tally = Tally()
    tally.add(Sample(0, NOON, NOON, 0.001, "", code))

    assert exit_code(tally.summary(), number) == expected


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_reader_that_does_not_read_cannot_keep_it_from_ending(target: str, number: signal.Signals) -> None:
    with lbdemo("client", "--target", target, "--rate", "0", "--concurrency", "32") as called:
        wait_until_stuck(called)

        called.send_signal(number)
        assert called.wait(timeout=10) == (0 if number is signal.SIGTERM else 130)


def wait_until_stuck(called: subprocess.Popen[str]) -> None:
    """Until no more goes into its pipe."""
    assert called.stdout
    before, deadline = -1, time.monotonic() + 20
    while (waiting := readable(called.stdout.fileno())) != before or waiting < select.PIPE_BUF:
        assert time.monotonic() < deadline
        before = waiting
        time.sleep(0.3)


def readable(descriptor: int) -> int:
    """Bytes that wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_after_a_stop_nothing_is_waited_for_but_calls_in_flight() -> None:
    with administered("--name", "pod-b", "--drain", "0") as (_, address, admin):
        set_faults(admin, 600)
        with lbdemo("client", "--target", address, "--interval", "30") as called:
            wait_for(lambda: read_stats(admin).received, "the first call; the next one is due in half a minute")
            begun = time.monotonic()
            called.terminate()
            assert called.wait(timeout=10) == 0
            assert time.monotonic() - begun < 1.9, "the grace for calls in flight, where none is"


def test_a_stop_before_the_first_call_is_the_end() -> None:
    with lbdemo("client", "--target", "127.0.0.1:1", "--wait", "20") as called:
        wait_for(lambda: catches(called, signal.SIGTERM), "its handler of the signal")
        called.terminate()
        out, said = called.communicate(timeout=10)

    assert (called.returncode, list(map(decode, out.splitlines()))) == (0, [None, None])
    assert "no call was made" in said


def test_settling_ends_when_it_is_told_to_whatever_the_deadline_of_its_call() -> None:
    with administered("--name", "pod-b", "--drain", "0") as (_, address, admin):
        set_faults(admin, 15_000)
        options = ("--timeout", "30", "--settle", "60", "--servers", "2", "--wait", "5")
        with lbdemo("client", "--target", address, *options) as called:
            wait_for(lambda: read_stats(admin).received, "the call by which it settles")
            called.terminate()
            assert called.wait(timeout=8) == 0


def test_the_command_line_has_precedence_over_the_environment(target: str) -> None:
    arguments = ("client", "--target", target, "--interval", "0", "--count", "3")
    with lbdemo(*arguments, LBDEMO_RATE="0.001") as called:
        called.communicate(timeout=20)

    assert called.returncode == 0
