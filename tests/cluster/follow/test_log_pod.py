"""One pod's log through broken streams, restarts and its end: no line lost, none repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from fake_api import FakeApi, Piece, broken

from lbdemo.cluster.follow.log_pod import Lines, Note, PodLog, Start
from lbdemo.cluster.follow.pod_watch import PodWatch
from lbdemo.kube.answers import UnseenError

FOLLOW, ONCE, PREVIOUS = {"follow": "true"}, dict[str, str](), {"previous": "true"}
AGAIN, LATER = {"sinceTime": "2026-01-02T03:04:04Z"}, {"sinceTime": "2026-01-02T03:04:05Z"}


def line(text: str, second: int = 5) -> bytes:
    return f"2026-01-02T03:04:{second:02}.000000000Z {text}\n".encode()


def pod(state: str = "running", container: str = "c1", restarts: int = 0, exit_code: int = 137) -> dict[str, Any]:
    states = {
        "running": {"running": {}},
        "terminated": {"terminated": {"exitCode": exit_code, "reason": "OOMKilled"}},
        "creating": {"waiting": {"reason": "ContainerCreating"}},
    }
    status: dict[str, Any] = {
        "name": "echo",
        "containerID": container,
        "restartCount": restarts,
        "state": states[state],
    }
    if restarts:
        status["lastState"] = states["terminated"]
    return {
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "n", "uid": "u1"},
        "spec": {"containers": [{"name": "echo"}]},
        "status": {"containerStatuses": [status]},
    }


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


class World:
    """A pod, its streams, and what was posted of it."""

    def __init__(self, server: FakeApi, first: dict[str, Any] | None = None) -> None:
        self.server = server
        self.watch = PodWatch(server.api(), "n", "", lambda _: None)
        self.lines: list[str] = []
        self.notes: list[str] = []
        self._first = first or pod()

    def now(self, *items: dict[str, Any]) -> Callable[[], object]:
        """From here on the cluster has these pods."""

        def change() -> None:
            for resource, namespace, name in [key for key in self.server.objects if key[0] == "pods"]:
                del self.server.objects[resource, namespace, name]
            self.server.add(*items)
            self.watch.look()

        return change

    def on(self, *asked: dict[str, str], pieces: Sequence[Piece]) -> World:
        self.server.on_stream("a", {key: value for some in asked for key, value in some.items()}, pieces=pieces)
        return self

    def refuses(self, code: int, reason: str, message: str, **details: str) -> Callable[[], object]:
        """From here on logs cannot be read."""
        return lambda: self.server.refuse("get", "pods/log", code, reason, message, **details)

    def follow(self, start: Start | None = None) -> World:
        self.now(self._first)()
        PodLog(self.server.api(), self.watch_pod(), self.watch, self._post, start or Start(), settle=0.01).run()
        assert not self.server.streams, "announced, and never read"
        return self

    def watch_pod(self) -> Any:
        found = self.watch.pod("u1")
        assert found
        return found

    def _post(self, event: Lines | Note) -> None:
        if isinstance(event, Note):
            self.notes.append(event.text)
        else:
            assert event.pod == "a"
            assert event.block.endswith(b"\n")
            self.lines += [text.split(b" ", 1)[1].decode() for text in event.block[:-1].split(b"\n")]


def test_a_pods_lines_come_until_it_is_gone(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, pieces=[line("one") + line("two"), line("three"), world.now()])

    assert world.follow().lines == ["one", "two", "three"]
    assert world.notes == []


def test_lines_that_come_in_pieces_are_put_together(server: FakeApi) -> None:
    world = World(server)
    whole = line("one") + line("two")
    world.on(FOLLOW, pieces=[whole[:10], whole[10:40], whole[40:], world.now()])

    assert world.follow().lines == ["one", "two"]


def test_a_broken_stream_is_taken_up_again_without_loss_or_repetition(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, pieces=[line("one") + line("two"), broken])
    world.on(FOLLOW, AGAIN, pieces=[line("one") + line("two") + line("three"), world.now()])

    assert world.follow().lines == ["one", "two", "three"]


def test_a_line_cut_by_a_broken_stream_comes_once_and_whole(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, pieces=[line("one") + line("second")[:35], broken])
    world.on(FOLLOW, AGAIN, pieces=[line("one") + line("second"), world.now()])

    assert world.follow().lines == ["one", "second"]


def test_the_last_line_counts_though_its_end_never_came(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, pieces=[line("one") + line("unfinished")[:-1], world.now()])

    assert world.follow().lines == ["one", "unfinished"]


def test_an_unfinished_line_is_kept_though_the_log_cannot_be_read_again(server: FakeApi) -> None:
    world = World(server)
    gone = world.refuses(404, "NotFound", 'pods "a" not found', name="a")
    world.on(FOLLOW, pieces=[line("one") + line("unfinished")[:-1], gone])

    assert world.follow().lines == ["one", "unfinished"]


def test_what_a_restarted_container_left_is_read_before_its_successor(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, pieces=[line("one"), world.now(pod(container="c2", restarts=1)), broken])
    world.on(ONCE, PREVIOUS, AGAIN, pieces=[line("one") + line("last words", 6)])
    world.on(FOLLOW, LATER, pieces=[line("new", 7), world.now()])

    assert world.follow().lines == ["one", "last words", "new"]
    assert world.notes == ["a: container restarted (exit code 137, OOMKilled)"]


def test_a_crashed_container_is_read_to_its_end_once_and_then_left_alone(server: FakeApi) -> None:
    world = World(server)
    ended = pod("terminated")
    world.on(FOLLOW, pieces=[line("one"), world.now(ended)])
    world.on(
        ONCE, AGAIN, pieces=[line("one") + line("crash"), world.now(ended), world.now(pod(container="c2", restarts=1))]
    )
    world.on(FOLLOW, AGAIN, pieces=[line("again", 9), world.now()])

    assert world.follow().lines == ["one", "crash", "again"]


def test_a_stream_that_showed_the_successor_already_repeats_nothing(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, pieces=[line("one")])  # the container has ended; the API server does not know yet
    world.on(FOLLOW, AGAIN, pieces=[line("new", 6), world.now(pod(container="c2", restarts=1)), broken])
    world.on(ONCE, PREVIOUS, LATER, pieces=[line("one")])
    world.on(FOLLOW, LATER, pieces=[line("new", 6) + line("newer", 6), world.now()])

    assert world.follow().lines == ["one", "new", "newer"]


def test_a_container_that_has_not_started_is_waited_for(server: FakeApi) -> None:
    world = World(server, pod("creating", container=""))
    world.on(FOLLOW, pieces=[line("one"), world.now()])
    started = threading.Timer(0.05, world.now(pod()))
    started.start()

    assert world.follow().lines == ["one"]


def test_the_kubelets_own_messages_are_no_lines_of_the_pod(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, pieces=[line("one") + b"failed to watch file: too many open files\n", world.now()])

    assert world.follow().lines == ["one"]
    assert world.notes == ["a: the kubelet says: failed to watch file: too many open files"]


def test_a_rotated_log_is_said_to_be_one(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, pieces=[line("one"), broken])
    world.on(FOLLOW, AGAIN, pieces=[line("much later", 30), line("and on", 31), world.now()])

    assert world.follow().lines == ["one", "much later", "and on"]
    assert world.notes == ["a: its log was rotated or cut meanwhile; lines may be missing"]


def test_a_log_that_cannot_be_read_is_told_once_and_tried_again(server: FakeApi) -> None:
    world = World(server)
    for _ in range(5):
        server.once("get", "pods/log", lambda handler: handler.status(500, "InternalError", "dial tcp: refused"))
    world.on(FOLLOW, pieces=[line("one"), world.now()])

    assert world.follow().lines == ["one"]
    assert world.notes == ["a: its log cannot be read just now: dial tcp: refused"]


def test_a_dead_containers_log_that_cannot_be_read_is_given_up(server: FakeApi) -> None:
    world = World(server, pod("terminated"))
    for _ in range(2):
        world.on(ONCE, pieces=[broken])
    world.on(ONCE, pieces=[world.now(), broken])

    assert world.follow().lines == []


def test_missing_rights_end_it_at_once(server: FakeApi) -> None:
    server.forbid("get", "pods/log")

    with pytest.raises(UnseenError) as caught:
        World(server).follow()

    assert "kubectl auth can-i get pods/a --subresource=log -n n" in caught.value.hint


def test_a_pod_that_the_api_server_no_longer_knows_has_ended(server: FakeApi) -> None:
    world = World(server)
    gone = world.refuses(404, "NotFound", 'pods "a" not found', name="a")
    world.on(FOLLOW, pieces=[line("one"), gone])

    assert world.follow().lines == ["one"]


def test_since_and_tail_say_where_to_begin_and_hold_only_for_the_first_stream(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, {"sinceSeconds": "90", "tailLines": "3"}, pieces=[line("one"), broken])
    world.on(FOLLOW, AGAIN, pieces=[line("one") + line("two"), world.now()])

    assert world.follow(Start(since=90, tail=3)).lines == ["one", "two"]


def test_a_stream_that_showed_nothing_yet_is_taken_up_where_it_began(server: FakeApi) -> None:
    world = World(server)
    world.on(FOLLOW, {"tailLines": "0"}, pieces=[])
    world.on(FOLLOW, {"sinceSeconds": "2"}, pieces=[line("one"), world.now()])

    assert world.follow(Start(tail=0)).lines == ["one"]


@pytest.mark.parametrize(("since", "seconds"), [(0.2, 1), (1.5, 2), (60, 60)])
def test_the_api_server_counts_whole_seconds(since: float, seconds: int) -> None:
    assert Start(since=since).query.since == seconds
