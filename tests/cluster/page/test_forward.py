"""The way to the page's pod, made anew: with a real listener in the place of kubectl's."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

import pytest
from echo_server import wait_for
from fakes import FakeRun
from worlds import pod

from lbdemo.cluster.page import forward
from lbdemo.cluster.page.forward import End, Forward, answers, free_port
from lbdemo.errors import OperationFailedError
from lbdemo.kube.records.pods import Pod
from lbdemo.tools.kubectl import Kubectl


def named(name: str) -> Pod:
    found = pod(name, "echo-server")
    return replace(found, meta=replace(found.meta, uid=name))


ONE, TWO = named("ui-1"), named("ui-2")


class Listener:
    """What `kubectl port-forward` would be: it listens until it is ended or dies."""

    def __init__(self, argv: Sequence[str], heard: Callable[[str], None], *, mute: bool = False) -> None:
        self.argv = list(argv)
        self.heard = heard
        self.code: int | None = None
        self._open = ExitStack()
        [port] = [int(found[1]) for word in argv if (found := re.fullmatch(r"(\d+):9900", word))]
        if not mute:
            self._open.enter_context(answering(port))

    def die(self, word: str) -> None:
        """As kubectl does when it loses its pod."""
        self.heard(word)
        self.code = 1
        self._open.close()

    def stop_answering(self) -> None:
        """It runs on, and nothing comes through it."""
        self._open.close()

    def end(self) -> None:
        self.code = -15 if self.code is None else self.code
        self._open.close()


@contextmanager
def answering(port: int) -> Iterator[None]:
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Cluster:
    """Starts listeners, and says which pod is the newest."""

    def __init__(self) -> None:
        self.pod: Pod | None = ONE
        self.started: list[Listener] = []
        self.told: list[str] = []
        self.mute = False

    def start(self, argv: Sequence[str], heard: Callable[[str], None]) -> Listener:
        self.started.append(Listener(argv, heard, mute=self.mute))
        return self.started[-1]

    def forward(self, end: End | None = None) -> Forward:
        return Forward(self, Kubectl(FakeRun(), "here"), lambda: self.pod, self.told.append, end)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"LOOK": 0.02, "ASK": 0.05, "SILENCE": 0.3, "FIRST": 0.02, "PATIENCE": 1.0}.items():
        monkeypatch.setattr(forward, name, seconds)


def test_it_leads_to_the_pod_from_this_machine_only() -> None:
    cluster = Cluster()
    with closing(cluster.forward()) as way:
        way.open()
        port = way.port()

    [listener] = cluster.started
    assert listener.argv == [
        "kubectl", "--context", "here", "-n", "lbdemo", "port-forward", "pod/ui-1", f"{port}:9900",
        "--address=127.0.0.1",
    ]  # fmt: skip
    assert listener.code is not None
    assert way.port() is None


def test_one_that_dies_is_made_anew_and_says_why() -> None:
    cluster = Cluster()
    with closing(cluster.forward()) as way:
        way.open()
        before = way.port()
        cluster.started[0].die("error: lost connection to pod")
        after = way.port(patience=5, not_this=before)
        wait_for(lambda: len(cluster.told) == 2, "the word of it")

    assert after not in (None, before)
    assert "the way to ui-1 broke (error: lost connection to pod); making it anew" in cluster.told
    assert cluster.told[-1] == "the way to the page is open again"


def test_one_through_which_nothing_is_answered_any_more_is_made_anew() -> None:
    cluster = Cluster()
    with closing(cluster.forward()) as way:
        way.open()
        before = way.port()
        cluster.started[0].stop_answering()
        after = way.port(patience=5, not_this=before)

    assert after is not None
    assert cluster.started[0].code is not None
    assert "no answer through it" in cluster.told[0]


def test_it_goes_over_to_a_new_pod_while_the_old_one_still_answers() -> None:
    cluster = Cluster()
    with closing(cluster.forward()) as way:
        way.open()
        before = way.port()
        cluster.pod = TWO
        after = way.port(patience=5, not_this=before)
        wait_for(lambda: cluster.told, "the word of it")
        still = cluster.started[0].code

    assert after is not None
    assert way.pod == TWO
    assert still is None
    assert cluster.told == ["the page is served by ui-2 now"]
    assert all(listener.code is not None for listener in cluster.started)


def test_while_there_is_no_pod_it_waits_and_says_so_once() -> None:
    cluster = Cluster()
    with closing(cluster.forward()) as way:
        way.open()
        cluster.pod = None
        cluster.started[0].die("gone")
        wait_for(lambda: len(cluster.told) > 1, "the second line")
        time.sleep(0.3)
        nowhere = way.port()
        cluster.pod = TWO
        there = way.port(patience=10)

    assert nowhere is None
    assert there is not None
    assert [line for line in cluster.told if "no pod that serves the page" in line] == cluster.told[1:2]


def test_where_it_does_not_open_at_all_that_is_an_error() -> None:
    cluster = Cluster()
    cluster.mute = True
    with (
        closing(cluster.forward()) as way,
        pytest.raises(OperationFailedError, match="to ui-1: no answer"),
    ):
        way.open()

    assert cluster.started[0].code is not None


def test_a_free_port_is_free() -> None:
    with answering(free_port()):
        pass


def at_port(port: int) -> End:
    """Something whose port of this machine stays the same."""
    return End("kiali", lambda _: 9900, answers, "look there", port)


def test_one_at_a_port_of_ones_own_keeps_it_when_it_is_made_anew() -> None:
    cluster, here = Cluster(), free_port()
    with closing(cluster.forward(at_port(here))) as way:
        way.open()
        cluster.started[0].die("error: lost connection to pod")
        wait_for(lambda: len(cluster.told) == 2, "the word of it")
        again = way.port()

    assert again == here
    assert cluster.told[-1] == "the way to kiali is open again"


def test_one_at_a_port_of_ones_own_is_given_to_another_pod() -> None:
    cluster, here = Cluster(), free_port()
    with closing(cluster.forward(at_port(here))) as way:
        way.open()
        cluster.pod = TWO
        wait_for(lambda: cluster.told == ["kiali is served by ui-2 now"], "the word of it")

        assert way.port() == here
        assert [listener.code for listener in cluster.started] == [-15, None]


def test_without_a_ready_pod_the_hint_is_that_of_what_it_leads_to() -> None:
    cluster = Cluster()
    cluster.pod = None
    with closing(cluster.forward(at_port(free_port()))) as way, pytest.raises(OperationFailedError) as failed:
        way.open()

    assert failed.value.message == "no pod that serves kiali is ready"
    assert failed.value.hint == "look there"
