"""Steady calls from the client's pod: begun with an answer, timed by the pod's clock, ended whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from fakes import FakeRun, failure
from worlds import CONFIG, inside, installation

from lbdemo.cluster.trial.load import Load
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.errors import NotReadyError, OperationFailedError, ProgramFailedError
from lbdemo.records import Sample, encode
from lbdemo.tools.kubectl import Kubectl

END = inside("client-1", "peer end --run <run>")
PATIENCE = 5.0  # seconds a test waits before it fails: never, when all is well


class Client(FakeRun):
    """The client in its pod: says its lines, then goes on until it is ended (or `ends` by itself, or fails)."""

    def __init__(
        self, *lines: str, ends: bool = False, fails: ProgramFailedError | None = None, last: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.on(END)
        self._lines, self._ends, self._fails, self._last = lines, ends, fails, last
        self._over = threading.Event()

    def stream(self, argv: Sequence[str], *, timeout: float | None = None) -> Iterator[str]:
        assert timeout is None, "a client runs until it is ended"
        self.calls.append(list(argv))
        yield from self._lines
        if self._fails is not None:
            raise self._fails
        if not self._ends:
            assert self._over.wait(PATIENCE), "nobody ended the client"
        yield from self._last

    def run(self, argv: Sequence[str], *, stdin: str = "", timeout: float | None = None) -> str:
        self._over.set()
        return super().run(argv, stdin=stdin, timeout=timeout)


def sample(sent: float = 100.0, code: str = "OK") -> Sample:
    return Sample(0, sent, sent, 0.001, "echo-1", code)


def line(sent: float = 100.0, code: str = "OK") -> str:
    return encode(sample(sent, code))


def load(client: FakeRun, rate: float = 100.0, limit: float = 60.0, *, retry: bool = False) -> Load:
    options = VerifyOptions(rate=rate, timeout=2.0, retry=retry)
    return Load(Kubectl(client), CONFIG.place, installation(servers=3), options, limit)


def resting(*times: float) -> Load:
    """A load that was never begun, with calls sent at these times."""
    there = load(FakeRun())
    there.samples = [sample(sent) for sent in times]
    return there


def test_the_load_is_a_client_in_its_pod_that_does_not_wait_for_all_servers() -> None:
    with Client(line()) as client, load(client, rate=50.0, limit=90.0):
        pass

    assert client.called(
        "kubectl -n lbdemo exec client-1 -c echo -- lbdemo client"
        " --target echo-server.lbdemo.svc.cluster.local:8080 --policy pick_first --count 4500 --rate 50"
        " --concurrency 0 --connections 1 --timeout 2 --wait 10 --run <run> --format json"
    )


@pytest.mark.parametrize("retry", [False, True])
def test_the_load_tries_again_only_when_it_is_told_to(retry: bool) -> None:
    with Client(line()) as client, load(client, retry=retry):
        pass

    assert ("--retry" in client.calls[0]) is retry


def test_the_load_has_begun_when_a_call_was_answered() -> None:
    with Client(line(100.0, "UNAVAILABLE"), "not a call", line(101.0)) as client, load(client) as there:
        assert [call.ok for call in there.samples] == [False, True]


def test_at_its_end_the_client_of_this_run_is_ended_and_heard_out() -> None:
    with Client(line(100.0), last=[line(102.0)]) as client, load(client) as there:
        pass

    began = client.calls[0]
    assert client.called(END.replace("<run>", began[began.index("--run") + 1]))
    assert [call.sent for call in there.samples] == [100.0, 102.0]


def test_an_error_meanwhile_ends_the_client_too() -> None:
    with Client(line()) as client:
        with pytest.raises(OperationFailedError, match="meanwhile"), load(client):
            raise OperationFailedError("meanwhile")

        assert client.called(END)


@pytest.mark.parametrize("lines", [(), (line(code="UNAVAILABLE"),)], ids=["silent", "only errors"])
def test_a_client_that_ends_without_an_answer_is_an_error(lines: tuple[str, ...]) -> None:
    with Client(*lines, ends=True) as client:
        with pytest.raises(NotReadyError, match="the load ended before its time") as error, load(client):
            raise AssertionError("it has not begun")

        assert client.called(END), "the client may go on where its kubectl has gone"

    assert error.value.last_state == f"{len(lines)} calls"


def test_a_client_that_cannot_be_started_is_an_error() -> None:
    with (
        Client(fails=failure("container not found")) as client,
        pytest.raises(ProgramFailedError, match="container not found"),
        load(client),
    ):
        raise AssertionError("it has not begun")


def test_a_load_that_ends_before_its_time_is_noticed_while_waiting() -> None:
    with (
        Client(line(), ends=True) as client,
        load(client) as there,
        pytest.raises(NotReadyError, match="the load ended before its time"),
    ):
        there.wait(PATIENCE)


def test_a_client_that_fails_later_is_noticed_while_waiting() -> None:
    broken = failure("error: unable to upgrade connection")
    with Client(line(), fails=broken) as client, load(client) as there, pytest.raises(ProgramFailedError):
        there.wait_until(lambda: False, PATIENCE)


def test_what_is_true_already_needs_no_waiting() -> None:
    with Client(line(), ends=True) as client, load(client) as there:
        assert there.wait_until(lambda: True, 0.0, "this")


def test_what_does_not_come_true_is_no_or_an_error_when_it_was_awaited() -> None:
    with Client(line()) as client, load(client) as there:
        assert not there.wait_until(lambda: False, 0.0)
        with pytest.raises(NotReadyError, match="4 pods did not come in 0 s: 1 calls"):
            there.wait_until(lambda: False, 0.0, "4 pods")


def test_waiting_goes_on_until_it_is_true() -> None:
    looks = iter((False, True))

    with Client(line()) as client, load(client) as there:
        assert there.wait_until(lambda: next(looks), PATIENCE)

    assert next(looks, None) is None


def test_now_is_the_newest_calls_time_though_answers_come_in_any_order() -> None:
    assert resting(100.0, 103.0, 101.0).now() == 103.0
    assert resting().now() == 0.0


def test_calls_since_a_mark_are_those_sent_later_in_their_order() -> None:
    assert [call.sent for call in resting(103.0, 100.0, 101.0, 102.0, 99.0).since(100.0)] == [101.0, 102.0, 103.0]
