from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from lbdemo.errors import ProgramFailedError
from lbdemo.local.demo import Played, Sink, play
from lbdemo.local.options import DemoOptions
from lbdemo.measure import Outcome
from lbdemo.records import Sample

CALLS = 60


class Onlooker:
    """Keeps what it is told; falls ill after so many samples."""

    def __init__(self, patience: int = 10**9) -> None:
        self.said: list[str] = []
        self.seen: dict[str, list[Sample]] = {}
        self.servers: list[str] = []
        self._patience = patience

    def say(self, text: str) -> None:
        self.said.append(text)

    @contextmanager
    def watch(self, title: str, calls: int, servers: Sequence[str]) -> Iterator[Sink]:
        assert calls == CALLS
        self.servers = list(servers)
        samples = self.seen.setdefault(title, [])

        def sink(sample: Sample) -> None:
            samples.append(sample)
            if len(samples) > self._patience:
                raise ZeroDivisionError

        yield sink


@pytest.fixture(scope="module")
def whole() -> tuple[Played, Onlooker]:
    """One whole run, with TLS in its last act and a trace of each call, and who looked on."""
    onlooker = Onlooker()
    return play(DemoOptions(servers=2, calls=CALLS, rate=600, tls=True, trace=True), onlooker, rounds=1), onlooker


def test_each_act_is_played_counted_and_confirmed_by_the_second_witness(whole: tuple[Played, Onlooker]) -> None:
    played, onlooker = whole

    assert [result.name for result in played.results] == ["tcp-proxy", "envoy", "client-side", "client-side-tls"]
    for result in played.results:
        assert result.summary.sent == result.summary.answered == CALLS
        assert sum(not sample.gate for sample in onlooker.seen[result.name]) == CALLS
        assert [witness.own for witness in result.witness] == [witness.client for witness in result.witness]
        assert sum(witness.client for witness in result.witness) == CALLS + result.summary.gate_calls
    proxied, *balanced = played.results
    assert proxied.verdict.outcome is Outcome.PINNED
    assert proxied.ok
    for result in balanced:
        assert [server.calls for server in result.summary.servers] == [CALLS // 2] * 2
    assert onlooker.servers == ["echo-1", "echo-2"]
    assert played.environment["envoy"][0].isdigit()
    assert played.skipped == ()


@pytest.mark.parametrize(
    ("program", "shown"), [("name echo-2", "serve"), ("tcp_proxy", "tcp_proxy"), ("admin-address-path", "envoy")]
)
def test_a_program_that_dies_on_the_way_is_named_and_no_verdict_given(program: str, shown: str) -> None:
    class Killer(Onlooker):
        """Kills it at the first call: the connection is there, so that nobody waits for one."""

        @contextmanager
        def watch(self, title: str, calls: int, servers: Sequence[str]) -> Iterator[Sink]:
            with super().watch(title, calls, servers) as inner:

                def sink(sample: Sample) -> None:
                    inner(sample)
                    if sum(map(len, self.seen.values())) == 1:
                        subprocess.run(["pkill", "-KILL", "-P", str(os.getpid()), "-f", program], check=True)

                yield sink

    with pytest.raises(ProgramFailedError, match="was ended by SIGKILL") as caught:
        play(DemoOptions(servers=2, calls=CALLS, rate=600), Killer())

    assert any(shown in word for word in caught.value.argv)


def test_everything_ends_when_the_onlooker_fails() -> None:
    onlooker = Onlooker(patience=10)

    with pytest.raises(ZeroDivisionError):
        play(DemoOptions(servers=2, calls=CALLS, rate=600), onlooker)

    assert 11 <= len(onlooker.seen["tcp-proxy"]) < CALLS  # calls that ended in the same moment are told, too
    with pytest.raises(ChildProcessError):  # no child is left, not even one to be waited for
        os.waitpid(-1, os.WNOHANG)


def test_each_call_of_each_act_is_seen_whole(whole: tuple[Played, Onlooker]) -> None:
    direct = ["caller", "client", "server"]
    ways: dict[str, Any] = {result.name: result.extra["traces"] for result in whole[0].results}

    assert {name: traced["path"] for name, traced in ways.items()} == {
        "tcp-proxy": direct,
        "envoy": ["caller", "client", "Envoy", "server"],
        "client-side": direct,
        "client-side-tls": direct,
    }
    for traced in ways.values():
        assert (traced["whole"], traced["traces"], traced["faults"]) == (CALLS, CALLS, [])
        assert traced["slowest"]["spans"][-1]["pod"].startswith("echo-")
        assert [hop["calls"] for hop in traced["hops"]] == [CALLS] * len(traced["path"])


def test_the_same_calls_with_tls_are_played_and_priced(whole: tuple[Played, Onlooker]) -> None:
    *_, plain, secure = whole[0].results
    assert (plain.name, secure.name) == ("client-side", "client-side-tls")
    assert secure.summary.answered == CALLS
    assert [witness.own for witness in secure.witness] == [witness.client for witness in secure.witness]
    assert sum(witness.client for witness in secure.witness) == CALLS + secure.summary.gate_calls
    assert any("calls a second with TLS" in note for note in secure.notes)
    assert not plain.notes
