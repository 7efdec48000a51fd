"""The page in a cluster: its paths by hand, while pods go, the port-forward is killed, and sidecars come."""

from __future__ import annotations

import os
import signal
import time

import pytest
from grpc_web import echo

from e2e.cluster import Cluster, eventually
from e2e.pages import SERVERS, calling, calls, events, expectations, page, port_forwards, press, servers, timed, told

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.xdist_group("ui")]


def test_one_open_page_before_and_after_the_sidecars(cluster: Cluster) -> None:
    cluster("up", "--replicas", "3")
    with page(cluster) as (running, url):
        pinned, balanced, expected = calls(url, "/connection"), calls(url, "/call"), expectations(url)

        assert list(pinned.values()) == [60]
        assert list(balanced.values()) == [20, 20, 20]
        assert expected == ["PINNED", "BALANCED"]

        gone = cluster.kubectl("get", "pods", "-l", SERVERS, "-o", "name").split()[0]
        deleted = calling(url, lambda: cluster.kubectl("delete", gone, "--wait=false"))
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
        eventually(lambda: len(cluster.kubectl("get", "pods", "-l", SERVERS, "-o", "name").split()) == 3)
        for _ in range(10):  # pods of before are gone, but what was pushed last to a sidecar may be late
            answers = [[echo(url, way) for _ in range(60)] for way in ("/connection", "/call")]
            shares = [sorted(servers(some).values()) for some in answers]
            if shares == [[20, 20, 20]] * 2:
                break
            time.sleep(2)
        assert shares == [[20, 20, 20]] * 2

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
