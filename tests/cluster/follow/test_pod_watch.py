"""The pods of a release as they come, change and go."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from fakes import FakeStreams, failure

from lbdemo.cluster.follow.pod_watch import PodWatch, events
from lbdemo.errors import ProgramFailedError
from lbdemo.tools.kubectl import Kubectl

WATCH = ("get", "pods", "-l", "app=echo", "--watch", "--output-watch-events", "-o", "json")
AWAY = failure("Unable to connect to the server: dial tcp: connection refused")


def pod(name: str) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name, "uid": name}}


def added(name: str) -> dict[str, Any]:
    return {"type": "ADDED", "object": pod(name)}


def watch(run: FakeStreams) -> tuple[PodWatch, list[str]]:
    found: list[str] = []
    return PodWatch(Kubectl(run), "n", "app=echo", lambda new: found.append(new.name), pause=0.01), found


def test_each_pod_is_told_once() -> None:
    run = FakeStreams()
    pods, found = watch(run)

    for _ in range(2):
        run.on("get", answer={"items": [pod("a")]})
        pods.look()

    assert found == ["a"]


def test_a_pod_that_is_no_longer_listed_is_gone() -> None:
    run = FakeStreams().on("get", answer={"items": [pod("a")]}).on("get", answer={"items": []})
    pods, _ = watch(run)

    pods.look()
    pods.look()

    assert pods.pod("a") is None


def test_a_server_that_is_away_for_a_moment_is_asked_again() -> None:
    run = FakeStreams()
    pods, found = watch(run)
    run.on_stream(*WATCH, pieces=[AWAY])
    run.on("get", answer=AWAY).on("get", answer={"items": [pod("a")]})
    run.on_stream(*WATCH, pieces=[json.dumps(added("b")).encode() + b"\n", pods.close])

    with run:
        pods.run()

    assert found == ["a", "b"]


def test_patience_is_counted_from_the_first_failure_and_not_from_the_last_event() -> None:
    run = FakeStreams().on_stream(*WATCH, pieces=[lambda: time.sleep(0.3), AWAY])
    found: list[str] = []
    pods = PodWatch(Kubectl(run), "n", "app=echo", lambda new: found.append(new.name), pause=0.01, patience=0.2)
    run.on("get", answer=AWAY).on("get", answer={"items": [pod("a")]})
    run.on_stream(*WATCH, pieces=[pods.close])

    with run:
        pods.run()

    assert found == ["a"]


def test_a_server_that_stays_away_ends_it() -> None:
    run = FakeStreams().on_stream(*WATCH, pieces=[AWAY])
    pods = PodWatch(Kubectl(run), "n", "app=echo", lambda _: None, pause=0.01, patience=0)

    with run, pytest.raises(ProgramFailedError) as caught:
        pods.run()

    assert "does not answer" in caught.value.hint


def test_after_it_is_closed_nothing_is_known_and_nobody_waits() -> None:
    run = FakeStreams().on("get", answer={"items": [pod("a")]})
    pods, _ = watch(run)
    pods.look()

    pods.close()

    pods.wait("a", None, timeout=60)
    assert pods.pod("a") is None


@pytest.mark.parametrize("indent", [None, 4])
def test_events_are_read_whether_written_in_one_line_or_in_many(indent: int | None) -> None:
    text = "\n".join(json.dumps(added(name), indent=indent) for name in ("a", "b"))

    assert [item["metadata"]["name"] for _, item in events(iter(text.splitlines()))] == ["a", "b"]


def test_what_is_no_pod_is_no_event() -> None:
    text = json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": 410}})

    assert list(events(iter([text]))) == []
