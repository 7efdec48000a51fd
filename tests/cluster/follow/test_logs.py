"""The lines of all pods of a release."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from fakes import FakeStreams, failure

from lbdemo.cluster.follow.log_pod import Start
from lbdemo.cluster.follow.logs import LogQuery, follow, read
from lbdemo.errors import InputError, ProgramFailedError
from lbdemo.tools.kubectl import Kubectl

QUERY = LogQuery("echo-client")
WATCH = ("get", "pods", "-l", QUERY.selector, "--watch", "--output-watch-events", "-o", "json")


class EnoughError(Exception):
    """The test has seen what it waited for."""


class Collected:
    """A sink that ends the following by an exception, once `enough`."""

    def __init__(self, enough: Callable[[Collected], bool] = lambda _: False) -> None:
        self.lines_of: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self._enough = enough

    def lines(self, pod: str, block: bytes) -> None:
        assert block.endswith(b"\n")
        self.lines_of += [(pod, line.split(b" ", 1)[1].decode()) for line in block[:-1].split(b"\n")]

    def note(self, text: str) -> None:
        self.notes.append(text)

    def refresh(self) -> None:
        if self._enough(self):
            raise EnoughError


def pod(name: str, container: str = "c") -> dict[str, Any]:
    running = {"name": "echo", "containerID": container, "state": {"running": {}}}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "n", "uid": f"uid-{name}"},
        "spec": {"containers": [{"name": "echo"}]},
        "status": {"containerStatuses": [running]},
    }


def event(kind: str, item: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def line(text: str, second: int = 5) -> bytes:
    return f"2026-01-02T03:04:{second:02}.000000000Z {text}\n".encode()


def log(name: str, *options: str) -> tuple[str, ...]:
    return ("logs", name, "-c", "echo", "--timestamps", *options)


def pods(run: FakeStreams, *items: dict[str, Any]) -> FakeStreams:
    run.on("get", "pods", answer={"items": list(items)})
    return run


def followed(run: FakeStreams, sink: Collected, query: LogQuery = QUERY) -> Collected:
    with run, pytest.raises(EnoughError):
        follow(Kubectl(run), "n", query, sink, run.cancel)
    return sink


def test_without_following_the_lines_of_all_pods_are_merged_by_time() -> None:
    run = pods(FakeStreams(), pod("a"), pod("b"))
    run.on_stream(*log("a"), pieces=[line("a1", 1) + line("a3", 3)[:20], line("a3", 3)[20:] + line("a5", 5)])
    run.on_stream(*log("b"), pieces=[line("b2", 2) + line("b4", 4)])
    sink = Collected()

    with run:
        read(Kubectl(run), "n", QUERY, sink)

    assert [text for _, text in sink.lines_of] == ["a1", "b2", "a3", "b4", "a5"]
    assert [name for name, _ in sink.lines_of] == ["a", "b", "a", "b", "a"]


def test_without_following_a_line_without_its_end_is_a_line() -> None:
    run = pods(FakeStreams(), pod("a"))
    run.on_stream(*log("a", "--since=5s", "--tail=9"), pieces=[line("one") + line("two")[:-1]])
    sink = Collected()

    with run:
        read(Kubectl(run), "n", LogQuery("echo-client", Start(since=5, tail=9)), sink)

    assert sink.lines_of == [("a", "one"), ("a", "two")]


def test_without_following_many_lines_of_one_pod_come_complete_and_in_order() -> None:
    run = pods(FakeStreams(), pod("a"))
    run.on_stream(*log("a"), pieces=[b"".join(line(str(number)) for number in range(2500))])
    sink = Collected()

    with run:
        read(Kubectl(run), "n", QUERY, sink)

    assert [text for _, text in sink.lines_of] == [str(number) for number in range(2500)]


def test_a_pod_that_has_not_started_has_no_log_to_read() -> None:
    run = pods(FakeStreams(), pod("a", container=""))
    sink = Collected()

    with run:
        read(Kubectl(run), "n", QUERY, sink)

    assert sink.notes == ["a: has not started"]


def test_a_log_that_cannot_be_read_is_an_error_after_the_others_were_shown() -> None:
    run = pods(FakeStreams(), pod("a"), pod("b"))
    run.on_stream(*log("a"), pieces=[failure("Error: the kubelet is away")])
    run.on_stream(*log("b"), pieces=[line("shown")])
    sink = Collected()

    with run, pytest.raises(ProgramFailedError, match="the kubelet is away"):
        read(Kubectl(run), "n", QUERY, sink)

    assert sink.lines_of == [("b", "shown")]


def test_a_pod_that_goes_while_it_is_read_is_no_error() -> None:
    run = pods(FakeStreams(), pod("a"))
    run.on_stream(*log("a"), pieces=[line("one"), failure('Error from server (NotFound): pods "a" not found')])
    sink = Collected()

    with run:
        read(Kubectl(run), "n", QUERY, sink)

    assert sink.lines_of == [("a", "one")]


def test_what_is_not_installed_is_said_at_once() -> None:
    run = pods(FakeStreams()).on("get", "deployments", "echo-client")

    with run, pytest.raises(InputError, match="echo-client is not installed in namespace n") as caught:
        read(Kubectl(run), "n", QUERY, Collected())

    assert "lbdemo up" in caught.value.hint


def test_what_is_not_installed_is_not_waited_for() -> None:
    run = pods(FakeStreams()).on("get", "deployments", "echo-client")

    with run, pytest.raises(InputError, match="not installed"):
        follow(Kubectl(run), "n", QUERY, Collected(), run.cancel)


def test_a_release_without_pods_is_waited_for() -> None:
    deployment = {"kind": "Deployment", "metadata": {"name": "echo-client"}}
    run = pods(FakeStreams()).on("get", "deployments", "echo-client", answer=deployment)
    run.on_stream(*WATCH, pieces=[event("ADDED", pod("a"))], holds=True)
    run.on_stream(*log("a", "-f"), pieces=[line("one")], holds=True)

    sink = followed(run, Collected(lambda seen: bool(seen.lines_of)))

    assert sink.lines_of == [("a", "one")]
    assert sink.notes == ["no pod of echo-client yet; waiting", "+ a"]


def test_pods_that_appear_later_are_followed_from_their_first_line() -> None:
    run, shown = pods(FakeStreams(), pod("a")), threading.Event()
    run.on_stream(*WATCH, pieces=[event("ADDED", pod("a")), shown.wait, event("ADDED", pod("b"))], holds=True)
    run.on_stream(*log("a", "-f", "--tail=1"), pieces=[line("old"), shown.set], holds=True)
    run.on_stream(*log("b", "-f"), pieces=[line("new")], holds=True)

    sink = followed(run, Collected(lambda seen: len(seen.lines_of) == 2), LogQuery("echo-client", Start(tail=1)))

    assert sink.lines_of == [("a", "old"), ("b", "new")]


def test_a_pod_that_is_seen_again_is_not_followed_twice() -> None:
    run, shown = pods(FakeStreams(), pod("a")), threading.Event()
    run.on_stream(*WATCH, pieces=[event("ADDED", pod("a")), event("MODIFIED", pod("a")), shown.set], holds=True)
    run.on_stream(*log("a", "-f"), pieces=[shown.wait, line("one")], holds=True)

    sink = followed(run, Collected(lambda seen: bool(seen.lines_of)))

    assert sink.lines_of == [("a", "one")]


def test_a_deleted_pod_ends_and_its_successor_begins() -> None:
    run, shown = pods(FakeStreams(), pod("a")), threading.Event()
    run.on_stream(
        *WATCH,
        pieces=[event("ADDED", pod("a")), shown.wait, event("DELETED", pod("a")), event("ADDED", pod("b"))],
        holds=True,
    )
    run.on_stream(*log("a", "-f"), pieces=[line("last"), shown.set])
    run.on_stream(*log("b", "-f"), pieces=[line("first", 9)], holds=True)

    sink = followed(run, Collected(lambda seen: len(seen.lines_of) == 2 and "- a" in seen.notes))

    assert sorted(sink.lines_of) == [("a", "last"), ("b", "first")]
    assert set(sink.notes) == {"+ a", "- a", "+ b"}


def test_a_watch_that_ends_is_begun_again_and_nothing_is_missed() -> None:
    run = pods(FakeStreams(), pod("a"))
    run.on_stream(*WATCH, pieces=[event("ADDED", pod("a"))])
    pods(run, pod("a"), pod("b"))
    run.on_stream(*WATCH, holds=True)
    run.on_stream(*log("a", "-f"), pieces=[line("one")], holds=True)
    run.on_stream(*log("b", "-f"), pieces=[line("two")], holds=True)

    sink = followed(run, Collected(lambda seen: len(seen.lines_of) == 2 and run.called(*WATCH)))

    assert sink.lines_of == [("a", "one"), ("b", "two")]


def test_missing_rights_to_watch_end_the_command() -> None:
    refusal = failure('Error from server (Forbidden): pods is forbidden: User "x" cannot watch resource')
    run = pods(FakeStreams(), pod("a")).on_stream(*WATCH, pieces=[refusal])

    with run, pytest.raises(ProgramFailedError) as caught:
        follow(Kubectl(run), "n", QUERY, Collected(), run.cancel)

    assert "can-i" in caught.value.hint


def test_every_program_is_ended_whatever_ends_the_command() -> None:
    run = pods(FakeStreams(), pod("a"))
    run.on_stream(*WATCH, pieces=[event("ADDED", pod("a"))], holds=True)
    run.on_stream(*log("a", "-f"), pieces=[line("one")], holds=True)
    before = threading.active_count()

    followed(run, Collected(lambda seen: bool(seen.lines_of)))

    assert threading.active_count() == before


def test_only_the_releases_own_pods_are_asked_for() -> None:
    assert QUERY.selector == (
        "app.kubernetes.io/name=echo,app.kubernetes.io/instance=echo-client,app.kubernetes.io/part-of=lbdemo"
    )
