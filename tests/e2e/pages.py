"""The page of `lbdemo ui` on a real cluster, as tests use it: the running command, calls, buttons and events."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from children import processes
from grpc_web import Answer, echo

from e2e.cluster import Cluster, lbdemo_argv

FEW = 100  # calls, however slow the machine is
SERVERS = "app.kubernetes.io/name=echo,app.kubernetes.io/instance=echo-server"


@contextmanager
def page(cluster: Cluster, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command and its address."""
    argv = lbdemo_argv(cluster.namespace, "ui", "--no-open", *arguments)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            yield running, running.stdout.readline().strip()
        finally:
            running.terminate()
            assert running.wait(timeout=30) in (130, -signal.SIGKILL)  # the latter where a test has killed it
            assert port_forwards(running) == []


def port_forwards(running: subprocess.Popen[str]) -> list[int]:
    """The ids of its port-forwards."""
    return [
        int(pid) for pid, parent, *_, words in processes() if parent == str(running.pid) and "port-forward" in words
    ]


def servers(answers: list[Answer]) -> Counter[str]:
    assert [answer.code for answer in answers if answer.code] == []
    return Counter(answer.messages[0].serverID for answer in answers)


def calls(url: str, way: str, count: int = 60) -> Counter[str]:
    return servers([echo(url, way) for _ in range(count)])


def expectations(url: str) -> list[str]:
    return [way["expects"] for way in told(url)["ways"]]


def timed(url: str, count: int) -> list[tuple[str, float]]:
    """Who answered calls per request, and in how many seconds."""
    found = []
    for _ in range(count):
        begun = time.monotonic()
        answer = echo(url, "/call")
        found += [(message.serverID, time.monotonic() - begun) for message in answer.messages]
    return found


def told(url: str) -> Any:
    with urllib.request.urlopen(f"{url}ways.json", timeout=10) as answer:
        return json.load(answer)


def press(url: str, request: object, **headers: str) -> Any:
    """What came of a button, or the HTTP status of a refusal."""
    named = {"X-Lbdemo-Token": told(url)["api"]["token"], **headers}
    asked = urllib.request.Request(f"{url}api/actions", json.dumps(request).encode(), named, method="POST")
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def events(url: str, until: str, seconds: float = 60) -> list[tuple[str, str]]:
    """What the page hears, up to the first event of this kind: kind and pod."""
    asked = urllib.request.Request(f"{url}api/events", headers={"X-Lbdemo-Token": told(url)["api"]["token"]})
    heard, deadline = list[tuple[str, str]](), time.monotonic() + seconds
    with urllib.request.urlopen(asked, timeout=30) as answer:
        while until not in dict(heard):
            assert time.monotonic() < deadline, heard
            if line := answer.readline().strip():
                event = json.loads(line)
                heard.append((event["kind"], event["pod"]))
    return heard


def calling(url: str, act: Callable[[], object], seconds: float = 8) -> list[Answer]:
    """The answers to calls per request that are made while something happens: for so long, and `FEW` at least."""
    act()
    until, answers = time.monotonic() + seconds, list[Answer]()
    while time.monotonic() < until or len(answers) < FEW:
        answers.append(echo(url, "/call"))
        time.sleep(0.02)
    return answers
