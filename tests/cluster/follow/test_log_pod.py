"""One pod's log through broken streams, restarts and its end: no line lost, none repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from fakes import FakeStreams, Piece, failure

from lbdemo.cluster.follow.log_pod import Lines, Note, PodLog, Start
from lbdemo.cluster.follow.pod_watch import PodWatch
from lbdemo.errors import ProgramFailedError
from lbdemo.tools.kubectl import Kubectl

FOLLOW = ("logs", "a", "-c", "echo", "--timestamps", "-f")
ONCE = FOLLOW[:-1]
AGAIN = "--since-time=2026-01-02T03:04:04Z"
BROKEN = failure("error: unexpected EOF")
GONE = failure('Error from server (NotFound): pods "a" not found')


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


class World:
    """A pod, its streams, and what was posted of it."""

    def __init__(self, first: dict[str, Any] | None = None) -> None:
        self.run = FakeStreams()
        self.kubectl = Kubectl(self.run)
        self.watch = PodWatch(self.kubectl, "n", "app=echo", lambda _: None)
        self.lines: list[str] = []
        self.notes: list[str] = []
        self._first = first or pod()

    def now(self, *items: dict[str, Any]) -> Callable[[], object]:
        """From here on the cluster has these pods."""

        def change() -> None:
            self.run.on("get", "pods", answer={"items": list(items)})
            self.watch.look()

        return change

    def on(self, *words: str, pieces: Sequence[Piece]) -> World:
        self.run.on_stream(*words, pieces=pieces)
        return self

    def follow(self, start: Start | None = None) -> World:
        self.now(self._first)()
        with self.run:
            PodLog(self.kubectl, self.watch_pod(), self.watch, self._post, start or Start(), settle=0.01).run()
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


def test_a_pods_lines_come_until_it_is_gone() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one") + line("two"), line("three"), world.now()])

    assert world.follow().lines == ["one", "two", "three"]
    assert world.notes == []


def test_lines_that_come_in_pieces_are_put_together() -> None:
    world = World()
    whole = line("one") + line("two")
    world.on(*FOLLOW, pieces=[whole[:10], whole[10:40], whole[40:], world.now()])

    assert world.follow().lines == ["one", "two"]


def test_a_broken_stream_is_taken_up_again_without_loss_or_repetition() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one") + line("two"), BROKEN])
    world.on(*FOLLOW, AGAIN, pieces=[line("one") + line("two") + line("three"), world.now()])

    assert world.follow().lines == ["one", "two", "three"]


def test_a_line_cut_by_a_broken_stream_comes_once_and_whole() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one") + line("second")[:35], BROKEN])
    world.on(*FOLLOW, AGAIN, pieces=[line("one") + line("second"), world.now()])

    assert world.follow().lines == ["one", "second"]


def test_the_last_line_counts_though_its_end_never_came() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one") + line("unfinished")[:-1], world.now()])

    assert world.follow().lines == ["one", "unfinished"]


def test_an_unfinished_line_is_kept_though_the_log_cannot_be_read_again() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one") + line("unfinished")[:-1]])
    world.on(*FOLLOW, AGAIN, pieces=[GONE])

    assert world.follow().lines == ["one", "unfinished"]


def test_what_a_restarted_container_left_is_read_before_its_successor() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one"), world.now(pod(container="c2", restarts=1)), BROKEN])
    world.on(*ONCE, "--previous", AGAIN, pieces=[line("one") + line("last words", 6)])
    world.on(*FOLLOW, "--since-time=2026-01-02T03:04:05Z", pieces=[line("new", 7), world.now()])

    assert world.follow().lines == ["one", "last words", "new"]
    assert world.notes == ["a: container restarted (exit code 137, OOMKilled)"]


def test_a_crashed_container_is_read_to_its_end_once_and_then_left_alone() -> None:
    world = World()
    ended = pod("terminated")
    world.on(*FOLLOW, pieces=[line("one"), world.now(ended)])
    world.on(
        *ONCE, AGAIN, pieces=[line("one") + line("crash"), world.now(ended), world.now(pod(container="c2", restarts=1))]
    )
    world.on(*FOLLOW, AGAIN, pieces=[line("again", 9), world.now()])

    assert world.follow().lines == ["one", "crash", "again"]


def test_a_stream_that_showed_the_successor_already_repeats_nothing() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one")])  # the container has ended; the API server does not know yet
    world.on(*FOLLOW, AGAIN, pieces=[line("new", 6), world.now(pod(container="c2", restarts=1)), BROKEN])
    world.on(*ONCE, "--previous", "--since-time=2026-01-02T03:04:05Z", pieces=[line("one")])
    world.on(*FOLLOW, "--since-time=2026-01-02T03:04:05Z", pieces=[line("new", 6) + line("newer", 6), world.now()])

    assert world.follow().lines == ["one", "new", "newer"]


def test_a_container_that_has_not_started_is_waited_for() -> None:
    world = World(pod("creating", container=""))
    world.on(*FOLLOW, pieces=[line("one"), world.now()])
    started = threading.Timer(0.05, world.now(pod()))
    started.start()

    assert world.follow().lines == ["one"]


def test_the_kubelets_own_messages_are_no_lines_of_the_pod() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one") + b"failed to watch file: too many open files\n", world.now()])

    assert world.follow().lines == ["one"]
    assert world.notes == ["a: the kubelet says: failed to watch file: too many open files"]


def test_a_rotated_log_is_said_to_be_one() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one"), BROKEN])
    world.on(*FOLLOW, AGAIN, pieces=[line("much later", 30), line("and on", 31), world.now()])

    assert world.follow().lines == ["one", "much later", "and on"]
    assert world.notes == ["a: its log was rotated or cut meanwhile; lines may be missing"]


def test_a_log_that_cannot_be_read_is_told_once_and_tried_again() -> None:
    world = World()
    for _ in range(5):
        world.on(*FOLLOW, pieces=[failure("Error: dial tcp 10.0.0.1:10250: connect: connection refused")])
    world.on(*FOLLOW, pieces=[line("one"), world.now()])

    assert world.follow().lines == ["one"]
    assert world.notes == [
        "a: its log cannot be read just now: Error: dial tcp 10.0.0.1:10250: connect: connection refused"
    ]


def test_a_dead_containers_log_that_cannot_be_read_is_given_up() -> None:
    world = World(pod("terminated"))
    for _ in range(2):
        world.on(*ONCE, pieces=[BROKEN])
    world.on(*ONCE, pieces=[world.now(), BROKEN])

    assert world.follow().lines == []


def test_missing_rights_end_it_at_once() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[failure('Error from server (Forbidden): pods "a" is forbidden: User "x" cannot get')])

    with pytest.raises(ProgramFailedError) as caught:
        world.follow()

    assert "can-i" in caught.value.hint


def test_a_pod_that_the_api_server_no_longer_knows_has_ended() -> None:
    world = World()
    world.on(*FOLLOW, pieces=[line("one")])
    world.on(*FOLLOW, AGAIN, pieces=[GONE])

    assert world.follow().lines == ["one"]


def test_since_and_tail_say_where_to_begin_and_hold_only_for_the_first_stream() -> None:
    world = World()
    world.on(*FOLLOW, "--since=90s", "--tail=3", pieces=[line("one"), BROKEN])
    world.on(*FOLLOW, AGAIN, pieces=[line("one") + line("two"), world.now()])

    assert world.follow(Start(since=90, tail=3)).lines == ["one", "two"]


def test_a_stream_that_showed_nothing_yet_is_taken_up_where_it_began() -> None:
    world = World()
    world.on(*FOLLOW, "--tail=0", pieces=[])
    world.on(*FOLLOW, "--since=2s", pieces=[line("one"), world.now()])

    assert world.follow(Start(tail=0)).lines == ["one"]


@pytest.mark.parametrize(("since", "option"), [(0.2, "--since=1s"), (1.5, "--since=2s"), (60, "--since=60s")])
def test_kubectl_counts_whole_seconds(since: float, option: str) -> None:
    assert Start(since=since).options() == [option]
