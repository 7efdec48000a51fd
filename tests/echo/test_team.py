"""A load that several processes share, against a real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from echo_server import administered, lbdemo, process, wait_for

from lbdemo.echo.options import LoadOptions
from lbdemo.echo.peer import read_stats
from lbdemo.echo.team import shares
from lbdemo.errors import InputError
from lbdemo.records import Sample, decode


def samples(lines: str) -> list[Sample]:
    return sorted(filter(None, map(decode, lines.splitlines())), key=lambda sample: sample.seq)


def test_the_parts_are_together_what_was_asked() -> None:
    parts = shares(LoadOptions(count=11, concurrency=5, servers=3), 3)

    assert [part.count for part in parts] == [4, 4, 3]
    assert [part.concurrency for part in parts] == [2, 2, 1]
    assert [part.servers for part in parts] == [3, 0, 0], "one of them looks for all servers"


@pytest.mark.parametrize(
    ("options", "processes"),
    [
        (LoadOptions(), 0),
        (LoadOptions(), 65),
        (LoadOptions(count=2), 3),
        (LoadOptions(concurrency=2), 3),
        (LoadOptions(interval=0), 2),
    ],
)
def test_too_little_for_so_many_is_refused(options: LoadOptions, processes: int) -> None:
    with pytest.raises(InputError):
        shares(options, processes)


def test_the_calls_of_all_processes_are_one_run_on_one_grid() -> None:
    with administered("--name", "pod-a", "--drain", "0") as (_, address, admin):
        load = ("--rate", "50", "--count", "31", "--servers", "1", "--connections", "2", "--run", "mine", "--wait", "9")
        with lbdemo("client", "--target", address, "--processes", "3", *load, "--format", "json") as called:
            lines, words = called.communicate(timeout=60)
        counted = read_stats(admin, "mine").answered

    made = samples(lines)
    block = [sample for sample in made if not sample.gate]
    grid = [round((sample.due - block[0].due) / 0.02, 1) for sample in block]

    assert called.returncode == 0
    assert [sample.seq for sample in made] == list(range(len(made))), "no gap, and none twice"
    assert (len(block), counted) == (31, len(made))
    assert grid == pytest.approx(range(31), abs=0.1)
    assert sorted(Counter(sample.connection for sample in block)) == [0, 1, 2, 3, 4, 5]
    assert words.startswith("31 calls in ")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_them_all_with_one_summary(number: signal.Signals, code: int) -> None:
    with administered("--name", "pod-a", "--drain", "0") as (_, address, admin):
        with lbdemo("client", "--target", address, "--processes", "2", "--rate", "20") as called:
            wait_for(lambda: read_stats(admin).received > 4, "some calls")
            called.send_signal(number)
            lines, words = called.communicate(timeout=30)
        counted = read_stats(admin).received
        time.sleep(0.3)

        assert read_stats(admin).received == counted, "nobody calls any more"
    assert (called.returncode, len(samples(lines))) == (code, counted)
    assert f"{counted} calls in " in words


def test_none_outlives_the_one_that_started_them() -> None:
    with administered("--name", "pod-a", "--drain", "0") as (_, address, admin):
        with lbdemo("client", "--target", address, "--processes", "2", "--rate", "20") as called:
            wait_for(lambda: read_stats(admin).received > 4, "some calls")
            called.kill()
            called.communicate(timeout=30)

        def quiet() -> bool:
            before = read_stats(admin).received
            time.sleep(0.5)
            return read_stats(admin).received == before

        wait_for(quiet, "the end of the calls")


def test_a_part_that_dies_is_an_error_and_ends_the_others() -> None:
    with (
        process("--name", "pod-a", "--drain", "0") as (_, address),
        lbdemo("client", "--target", address, "--processes", "2", "--rate", "20", "--format", "json") as called,
    ):
        assert called.stdout
        called.stdout.readline()
        called.stdout.readline()  # a call: both have begun
        os.kill(children(called.pid)[0], signal.SIGKILL)
        _, words = called.communicate(timeout=60)

    assert called.returncode == 5
    assert "a process of the client ended before its time" in words


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(word) for word in listed.stdout.split()]


def test_the_one_that_starts_them_does_not_load_grpc() -> None:
    used = ", ".join(f"lbdemo.echo.{name}" for name in ("team", "until", "options", "tls", "grid"))
    code = f"import sys, {used}; print('grpc' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert said.stdout.strip() == "False"
