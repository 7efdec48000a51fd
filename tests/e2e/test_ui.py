"""The page in a cluster: its paths by hand, while pods go, the port-forward is killed, and sidecars come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
    with urllib.request.urlopen(f"{url}ways.json", timeout=10) as answer:
        return [way["expects"] for way in json.load(answer)["ways"]]


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


def test_without_servers_it_says_what_brings_them(cluster: Cluster) -> None:
    done = cluster("ui", "--no-open", expect=2)

    assert "there are no servers of lbdemo's" in done.err
    assert "lbdemo up" in done.err
