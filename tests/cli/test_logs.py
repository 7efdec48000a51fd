"""`lbdemo logs` as a program, with a stand-in for kubectl whose proxy leads to one pod."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_api import FakeApi

from lbdemo.cluster.follow.logs import Selection
from lbdemo.records import Sample, encode

LABELS = dict(part.split("=") for part in Selection("echo-client").selector.split(","))
POD = {
    "kind": "Pod",
    "metadata": {"name": "echo-client-a", "namespace": "lbdemo", "uid": "u", "labels": LABELS},
    "spec": {"containers": [{"name": "echo"}]},
    "status": {"containerStatuses": [{"name": "echo", "containerID": "c", "state": {"running": {}}}]},
}
LINES = [encode(Sample(seq, 1.7e9 + seq, 1.7e9 + seq, 0.001, "server-a", "OK")) for seq in range(3)]
KUBECTL = """#!/bin/sh
here=$(dirname "$0")
for last; do :; done
case "$*" in
  *config*view*) cat "$here/config" ;;
  *proxy*) ln -s "$(cat "$here/socket")" "${last#--unix-socket=}"; exec sleep 60 ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    config = {"clusters": [{"cluster": {"server": "none"}}], "current-context": "test"}
    (tmp_path / "config").write_text(json.dumps(config))
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o700)
    text = "".join(f"2026-01-02T03:04:05.00000000{n}Z {line}\n" for n, line in enumerate(LINES)).encode()
    with FakeApi().add(POD) as server:
        server.on_stream("echo-client-a", {"follow": "true"}, pieces=[text], holds=True)
        server.on_stream("echo-client-a", {}, pieces=[text])
        (tmp_path / "socket").write_text(server.path)
        yield {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def logs(environment: dict[str, str], *options: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "lbdemo", "logs", "client", *options]
    return subprocess.Popen(argv, env=environment, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_without_following_it_prints_what_is_there(environment: dict[str, str]) -> None:
    with logs(environment, "--no-follow", "--json") as process:
        out, err = process.communicate(timeout=30)

    assert process.returncode == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        json.loads(line) | {"pod": "echo-client-a"} for line in LINES
    ]
    assert err == "3 lines from 1 pod\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_it_with_a_summary(environment: dict[str, str], number: signal.Signals) -> None:
    with logs(environment) as process:
        assert process.stdout
        first = process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert first.startswith("echo-client-a │ ")
    assert err == "+ echo-client-a\n3 calls, none failed; server-a 100 %\n"


def test_a_reader_who_leaves_is_no_failure(environment: dict[str, str]) -> None:
    with logs(environment, "--raw", "--no-follow") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=30)

    assert (process.returncode, err) == (0, "")


def test_contradicting_options_are_bad_input(environment: dict[str, str]) -> None:
    with logs(environment, "--raw", "--json") as process:
        _, err = process.communicate(timeout=30)

    assert process.returncode == 2
    assert "contradict" in err
