"""The lines of all pods of a release."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from fake_api import FakeApi, broken

from lbdemo.cluster.follow.log_pod import Start
from lbdemo.cluster.follow.logs import Selection, follow, read
from lbdemo.errors import InputError, OperationFailedError
from lbdemo.kube.answers import UnseenError
from lbdemo.kube.api import Api

QUERY = Selection("echo-client")
LABELS = dict(part.split("=") for part in QUERY.selector.split(","))


class EnoughError(Exception):
    """The test has seen what it waited for."""


class Collected:
    """A sink that ends the following by an exception, once `enough`."""

    def __init__(self, enough: Callable[[Collected], bool] = lambda _: False) -> None:
        self.lines_of: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self.begun = threading.Event()
        self._enough = enough

    def lines(self, pod: str, block: bytes) -> None:
        assert block.endswith(b"\n")
        self.lines_of += [(pod, line.split(b" ", 1)[1].decode()) for line in block[:-1].split(b"\n")]
        self.begun.set()

    def note(self, text: str) -> None:
        self.notes.append(text)

    def refresh(self) -> None:
        if self._enough(self):
            raise EnoughError


def pod(name: str, container: str = "c") -> dict[str, Any]:
    running = {"name": "echo", "containerID": container, "state": {"running": {}}}
    own = {"name": name, "namespace": "n", "uid": f"uid-{name}", "labels": LABELS}
    return {
        "kind": "Pod",
        "metadata": own,
        "spec": {"containers": [{"name": "echo"}]},
        "status": {"containerStatuses": [running]},
    }


def event(kind: str, item: dict[str, Any]) -> bytes:
    item["metadata"]["resourceVersion"] = "500"
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def line(text: str, second: int = 5) -> bytes:
    return f"2026-01-02T03:04:{second:02}.000000000Z {text}\n".encode()


FOLLOW = {"follow": "true"}


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def followed(server: FakeApi, sink: Collected, query: Selection = QUERY) -> Collected:
    way = server.transport()
    with pytest.raises(EnoughError):
        follow(Api(way), "n", query, sink, way.cancel)
    return sink


def test_without_following_the_lines_of_all_pods_are_merged_by_time(server: FakeApi) -> None:
    server.add(pod("a"), pod("b"))
    server.on_stream("a", {}, pieces=[line("a1", 1) + line("a3", 3)[:20], line("a3", 3)[20:] + line("a5", 5)])
    server.on_stream("b", {}, pieces=[line("b2", 2) + line("b4", 4)])
    sink = Collected()

    read(server.api(), "n", QUERY, sink)

    assert [text for _, text in sink.lines_of] == ["a1", "b2", "a3", "b4", "a5"]
    assert [name for name, _ in sink.lines_of] == ["a", "b", "a", "b", "a"]


def test_without_following_a_line_without_its_end_is_a_line(server: FakeApi) -> None:
    server.add(pod("a"))
    server.on_stream("a", {"sinceSeconds": "5", "tailLines": "9"}, pieces=[line("one") + line("two")[:-1]])
    sink = Collected()

    read(server.api(), "n", Selection("echo-client", Start(since=5, tail=9)), sink)

    assert sink.lines_of == [("a", "one"), ("a", "two")]


def test_without_following_many_lines_of_one_pod_come_complete_and_in_order(server: FakeApi) -> None:
    server.add(pod("a"))
    server.on_stream("a", {}, pieces=[b"".join(line(str(number)) for number in range(2500))])
    sink = Collected()

    read(server.api(), "n", QUERY, sink)

    assert [text for _, text in sink.lines_of] == [str(number) for number in range(2500)]


def test_a_pod_that_has_not_started_has_no_log_to_read(server: FakeApi) -> None:
    server.add(pod("a", container=""))
    sink = Collected()

    read(server.api(), "n", QUERY, sink)

    assert sink.notes == ["a: has not started"]


def test_a_log_that_cannot_be_read_is_an_error_after_the_others_were_shown(server: FakeApi) -> None:
    server.add(pod("a"), pod("b"))
    server.on_stream("a", {}, pieces=[broken])
    server.on_stream("b", {}, pieces=[line("shown")])
    sink = Collected()

    with pytest.raises(OperationFailedError, match="the log of pod a broke off"):
        read(server.api(), "n", QUERY, sink)

    assert sink.lines_of == [("b", "shown")]


def test_a_pod_that_goes_while_it_is_read_is_no_error(server: FakeApi) -> None:
    server.add(pod("a"), pod("b"))
    gone = partial(server.refuse, "get", "pods/log", 404, "NotFound", 'pods "b" not found', name="b")
    server.on_stream("a", {}, pieces=[gone, line("one")])
    sink = Collected()

    read(server.api(), "n", QUERY, sink)

    assert sink.lines_of == [("a", "one")]


def test_what_is_not_installed_is_said_at_once(server: FakeApi) -> None:
    server.add()

    with pytest.raises(InputError, match="echo-client is not installed in namespace n") as caught:
        read(server.api(), "n", QUERY, Collected())

    assert "lbdemo up" in caught.value.hint


def test_what_is_not_installed_is_not_waited_for(server: FakeApi) -> None:
    server.add()

    with pytest.raises(InputError, match="not installed"):
        follow(server.api(), "n", QUERY, Collected(), lambda: None)


def test_a_release_without_pods_is_waited_for(server: FakeApi) -> None:
    server.add({"kind": "Deployment", "metadata": {"name": "echo-client", "namespace": "n"}})
    server.on_stream("pods", pieces=[event("ADDED", pod("a"))], holds=True)
    server.on_stream("a", FOLLOW, pieces=[line("one")], holds=True)

    sink = followed(server, Collected(lambda seen: bool(seen.lines_of)))

    assert sink.lines_of == [("a", "one")]
    assert sink.notes == ["no pod of echo-client yet; waiting", "+ a"]


def test_pods_that_appear_later_are_followed_from_their_first_line(server: FakeApi) -> None:
    collected = Collected(lambda seen: len(seen.lines_of) == 2)
    server.add(pod("a"))
    shown = collected.begun
    server.on_stream("pods", pieces=[event("ADDED", pod("a")), shown.wait, event("ADDED", pod("b"))], holds=True)
    server.on_stream("a", {**FOLLOW, "tailLines": "1"}, pieces=[line("old")], holds=True)
    server.on_stream("b", FOLLOW, pieces=[line("new")], holds=True)

    sink = followed(server, collected, Selection("echo-client", Start(tail=1)))

    assert sink.lines_of == [("a", "old"), ("b", "new")]


def test_a_pod_that_is_seen_again_is_not_followed_twice(server: FakeApi) -> None:
    shown = threading.Event()
    server.add(pod("a"))
    server.on_stream("pods", pieces=[event("ADDED", pod("a")), event("MODIFIED", pod("a")), shown.set], holds=True)
    server.on_stream("a", FOLLOW, pieces=[shown.wait, line("one")], holds=True)

    sink = followed(server, Collected(lambda seen: bool(seen.lines_of)))

    assert sink.lines_of == [("a", "one")]


def test_a_deleted_pod_ends_and_its_successor_begins(server: FakeApi) -> None:
    shown = threading.Event()
    server.add(pod("a"))
    server.on_stream(
        "pods",
        pieces=[event("ADDED", pod("a")), shown.wait, event("DELETED", pod("a")), event("ADDED", pod("b"))],
        holds=True,
    )
    server.on_stream("a", FOLLOW, pieces=[line("last"), shown.set])
    server.on_stream("b", FOLLOW, pieces=[line("first", 9)], holds=True)

    sink = followed(server, Collected(lambda seen: len(seen.lines_of) == 2 and "- a" in seen.notes))

    assert sorted(sink.lines_of) == [("a", "last"), ("b", "first")]
    assert set(sink.notes) == {"+ a", "- a", "+ b"}


def test_a_watch_that_ends_is_begun_again_and_nothing_is_missed(server: FakeApi) -> None:
    server.add(pod("a"))
    server.on_stream("pods", pieces=[partial(server.add, pod("b")), broken])
    server.on_stream("pods", holds=True)
    server.on_stream("a", FOLLOW, pieces=[line("one")], holds=True)
    server.on_stream("b", FOLLOW, pieces=[line("two")], holds=True)

    sink = followed(server, Collected(lambda seen: len(seen.lines_of) == 2))

    assert sorted(sink.lines_of) == [("a", "one"), ("b", "two")]


def test_missing_rights_to_watch_end_the_command(server: FakeApi) -> None:
    server.add(pod("a")).forbid("watch", "pods").on_stream("a", FOLLOW, holds=True)

    with pytest.raises(UnseenError) as caught:
        follow(server.api(), "n", QUERY, Collected(), lambda: None)

    assert "kubectl auth can-i watch pods -n n" in caught.value.hint


def test_every_stream_is_ended_whatever_ends_the_command(server: FakeApi) -> None:
    server.add(pod("a"))
    server.on_stream("pods", pieces=[event("ADDED", pod("a"))], holds=True)
    server.on_stream("a", FOLLOW, pieces=[line("one")], holds=True)
    followed(server, Collected(lambda seen: bool(seen.lines_of)))

    assert not {"watch", "a"} & {thread.name for thread in threading.enumerate()}


def test_only_the_releases_own_pods_are_asked_for() -> None:
    assert QUERY.selector == (
        "app.kubernetes.io/name=echo,app.kubernetes.io/instance=echo-client,app.kubernetes.io/part-of=lbdemo"
    )
