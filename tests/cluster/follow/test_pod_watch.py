"""The pods of a release as they come, change and go."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fake_api import FakeApi, broken

from lbdemo.cluster.follow.pod_watch import PodWatch
from lbdemo.kube.answers import UnseenError


def pod(name: str) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "n", "uid": name, "labels": {"app": "echo"}}}


def added(name: str, version: int = 500) -> bytes:
    item = pod(name)
    item["metadata"]["resourceVersion"] = str(version)
    return json.dumps({"type": "ADDED", "object": item}).encode() + b"\n"


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def watch(server: FakeApi, patience: float = 60.0) -> tuple[PodWatch, list[str]]:
    found: list[str] = []
    watching = PodWatch(
        server.api(), "n", "app=echo", lambda new: found.append(new.name), pause=0.01, patience=patience
    )
    return watching, found


def until(true: Callable[[], bool]) -> None:
    """Waits for it, a few seconds at most."""
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.005)


def away(handler: Any) -> None:
    """The proxy does not reach the API server."""
    handler.give(500, b"dial tcp: connection refused", audited=False)


def test_each_pod_is_told_once(server: FakeApi) -> None:
    pods, found = watch(server.add(pod("a")))

    pods.look()
    pods.look()

    assert found == ["a"]


def test_a_pod_that_is_no_longer_listed_is_gone(server: FakeApi) -> None:
    pods, _ = watch(server.add(pod("a")))

    pods.look()
    server.objects.clear()
    pods.look()

    assert pods.pod("a") is None


def test_a_server_that_is_away_for_a_moment_is_asked_again(server: FakeApi) -> None:
    pods, found = watch(server.add(pod("a")))
    server.once("watch", "pods", away)
    server.once("list", "pods", away)
    server.on_stream("pods", pieces=[added("b"), lambda: until(lambda: "b" in found), pods.close])

    pods.run()

    assert found == ["a", "b"]


def test_patience_is_counted_from_the_first_failure_and_not_from_the_last_event(server: FakeApi) -> None:
    pods, found = watch(server.add(pod("a")), patience=0.2)
    server.on_stream("pods", pieces=[lambda: time.sleep(0.3), broken])
    server.on_stream("pods", pieces=[pods.close])

    pods.run()

    assert found == ["a"]


def test_a_server_that_stays_away_ends_it(server: FakeApi) -> None:
    pods, _ = watch(server, patience=0)
    server.proxy_says("dial tcp: connection refused")

    with pytest.raises(UnseenError, match="does not answer"):
        pods.run()


def test_a_watch_that_is_too_old_begins_with_a_new_list(server: FakeApi) -> None:
    pods, found = watch(server.add(pod("a")))
    server.once("watch", "pods", lambda handler: handler.status(410, "Expired", "too old"))
    server.on_stream("pods", pieces=[pods.close])

    pods.run()

    assert found == ["a"]
    assert sum("watch" not in line for line in server.asked if "/pods" in line) == 2


def test_a_watch_that_ends_goes_on_from_where_it_ended(server: FakeApi) -> None:
    pods, found = watch(server)
    server.on_stream("pods", pieces=[added("b", 512), lambda: until(lambda: "b" in found)])
    server.on_stream("pods", pieces=[pods.close])

    pods.run()

    assert found == ["b"]
    assert "resourceVersion=512" in server.asked[-1]


def test_after_it_is_closed_nothing_is_known_and_nobody_waits(server: FakeApi) -> None:
    pods, _ = watch(server.add(pod("a")))
    pods.look()

    pods.close()

    pods.wait("a", None, timeout=60)
    assert pods.pod("a") is None
