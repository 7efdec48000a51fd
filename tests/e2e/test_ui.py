"""The page in a cluster: its paths by hand, while pods go, the port-forward is killed, and sidecars come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from children import processes
from grpc_web import Answer, echo

from e2e.cluster import Cluster, eventually, lbdemo_argv

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.xdist_group("ui")]
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
            assert running.wait(timeout=30) == 130
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
    """The answers to calls per request that are made while something happens."""
    act()
    until, answers = time.monotonic() + seconds, []
    while time.monotonic() < until:
        answers.append(echo(url, "/call"))
        time.sleep(0.02)
    return answers


def test_one_open_page_before_and_after_the_sidecars(cluster: Cluster) -> None:
    cluster("up", "--replicas", "3")
    with page(cluster) as (running, url):
        pinned, balanced, expected = calls(url, "/connection"), calls(url, "/call"), expectations(url)

        assert list(pinned.values()) == [60]
        assert list(balanced.values()) == [20, 20, 20]
        assert expected == ["PINNED", "BALANCED"]

        gone = cluster.kubectl("get", "pods", "-l", SERVERS, "-o", "name").split()[0]
        deleted = calling(url, lambda: cluster.kubectl("delete", gone, "--wait=false"))
        assert len(deleted) > 100
        assert [answer.code for answer in deleted if answer.code] == []

        [forward] = port_forwards(running)
        killed = calling(url, lambda: os.kill(forward, signal.SIGKILL), 4)
        assert len([answer for answer in killed if answer.code]) <= 1
        assert port_forwards(running) not in ([], [forward])

        moved = calling(
            url, lambda: cluster.kubectl("delete", "pod", "-l", "app.kubernetes.io/name=ui", "--wait=false")
        )
        assert len([answer for answer in moved if answer.code]) <= 1

        heard = dict(events(url, "pod-deleted"))  # of the pod that was deleted above
        assert heard["pod-leaving"] == heard["pod-deleted"] == gone.removeprefix("pod/")
        assert {"pod-added", "pod-ready"} <= set(heard)

        cluster("up", "--istio", "--replicas", "3")
        eventually(lambda: expectations(url) == ["BALANCED", "BALANCED"])
        for _ in range(10):  # what was pushed last to a sidecar may be late
            answers = [[echo(url, way) for _ in range(60)] for way in ("/connection", "/call")]
            if not any(answer.code for some in answers for answer in some):
                break
            time.sleep(2)
        assert [sorted(servers(some).values()) for some in answers] == [[20, 20, 20]] * 2

    assert "nothing to change" in cluster("up", "--istio", "--replicas", "3").err
    assert "nothing left" in cluster("clean").out


def test_buttons_change_the_servers_and_only_for_the_page_itself(cluster: Cluster) -> None:
    cluster("up", "--replicas", "2")
    with page(cluster) as (_, url):
        scaled = press(url, {"action": "scale", "replicas": 3})
        ready = events(url, "pod-ready")
        pod = ready[-1][1]
        eventually(lambda: pod in {name for name, _ in timed(url, 9)})

        slowed = press(url, {"action": "slow", "pod": pod, "delayMs": 200})
        slow = [seconds for name, seconds in timed(url, 9) if name == pod]
        hostile = [
            press(url, {"action": "restart"}, **headers)
            for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"X-Lbdemo-Token": "guessed"})
        ]

    assert (scaled["ok"], slowed["ok"]) == (True, True)
    assert scaled["command"].endswith(f"-n {cluster.namespace} scale deployment/echo-server --replicas=3")
    assert [kind for kind, _ in ready] == ["action", "pod-added", "pod-ready"]
    assert len(slow) == 3
    assert min(slow) >= 0.2
    assert hostile == [403, 421, 403]
    with page(cluster, "--read-only") as (_, url):
        assert told(url)["api"]["readOnly"]
        assert press(url, {"action": "restart"}) == 404
    assert "nothing left" in cluster("clean").out


def test_without_servers_it_says_what_brings_them(cluster: Cluster) -> None:
    done = cluster("ui", "--no-open", expect=2)

    assert "there are no servers of lbdemo's" in done.err
    assert "lbdemo up" in done.err
