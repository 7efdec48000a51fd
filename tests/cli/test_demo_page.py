"""`lbdemo demo --ui`: the page on this machine, as the command that people type."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from children import alive, group_of, processes
from echo_server import lbdemo, told
from grpc_web import echo

LIMIT = 30


@contextmanager
def page(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command, and the address that it told."""
    with lbdemo("demo", "--ui", *arguments, **environment) as running:
        assert running.stdout
        yield running, running.stdout.readline().strip()


def test_the_page_is_served_and_shows_both_ways_side_by_side() -> None:
    with page("--servers", "3", "--no-open") as (_, url):
        with urllib.request.urlopen(f"{url}ways.json", timeout=LIMIT) as answer:
            ways = json.load(answer)
        answers = {way["path"]: [echo(url, way["path"]) for _ in range(30)] for way in ways["ways"]}

    servers = {path: Counter(one.messages[0].serverID for one in many) for path, many in answers.items()}
    assert (ways["servers"], ways["api"]) == (3, None)
    assert list(servers["/connection"].values()) == [30]
    assert servers["/call"] == {"echo-1": 10, "echo-2": 10, "echo-3": 10}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_leaves_nothing_running(number: signal.Signals) -> None:
    with page("--servers", "2", "--no-open") as (running, url):
        group = group_of(running.pid)
        before = alive(group)
        running.send_signal(number)
        _, words = running.communicate(timeout=LIMIT)

    assert url.startswith("http://127.0.0.1:")
    assert len(before) == 5  # a keeper, two servers, the proxy, Envoy
    assert running.returncode == 130
    assert "Traceback" not in words
    assert alive(group) == []


def test_it_ends_when_a_part_of_it_has_ended() -> None:
    with page("--servers", "2", "--no-open") as (running, _):
        mine = [(pid, words) for pid, parent, *_, words in processes() if parent == str(running.pid)]
        [envoy] = [pid for pid, words in mine if words.split()[0].endswith("/envoy")]
        os.kill(int(envoy), signal.SIGKILL)
        _, words = running.communicate(timeout=LIMIT)

    assert running.returncode == 5
    assert "was ended by SIGKILL" in words


def test_the_port_is_the_one_asked_for_and_a_taken_one_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mine:
        port = str(mine.getsockname()[1])
        code, output, said = told("demo", "--ui", "--port", port, "--no-open")
    with page("--servers", "2", "--no-open", "--port", port) as (_, url):
        again = told("demo", "--ui", "--port", port, "--no-open")

    assert (code, output) == (2, "")
    assert f"port {port} of 127.0.0.1 cannot be had: address already in use" in said
    assert "starting" not in said
    assert url == f"http://127.0.0.1:{port}/"
    assert again[0] == 2


def test_the_browser_is_opened_at_the_address_unless_it_may_not(tmp_path: Path) -> None:
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {seen}\n')
    browser.chmod(0o755)

    with page("--servers", "2", BROWSER=str(browser)) as (running, url):
        assert running.stderr
        while "Ctrl-C" not in running.stderr.readline():
            assert running.poll() is None
    opened = seen.read_text().split()
    with page("--servers", "2", "--no-open", BROWSER=str(browser)) as (running, _):
        assert running.stderr
        while "Ctrl-C" not in running.stderr.readline():
            assert running.poll() is None

    assert opened == [url]
    assert seen.read_text().split() == [url]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ui", "--calls", "100"], "--calls has no effect with --ui"),
        (["--ui", "--json"], "--json has no effect with --ui"),
        (["--port", "8000"], "--port has no effect without --ui"),
        (["--no-open"], "--no-open has no effect without --ui"),
        (["--ui", "--port", "70000"], "--port"),
    ],
)
def test_options_that_would_have_no_effect_are_refused(arguments: list[str], words: str) -> None:
    code, output, said = told("demo", *arguments)

    assert (code, output) == (2, "")
    assert words in said
    assert "starting" not in said
