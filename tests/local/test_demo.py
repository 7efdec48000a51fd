from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from lbdemo.errors import ProgramFailedError
from lbdemo.local.demo import Sink, play
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


def test_each_act_is_played_counted_and_confirmed_by_the_second_witness() -> None:
    onlooker = Onlooker()

    played = play(DemoOptions(servers=2, calls=CALLS, rate=600), onlooker)

    assert [result.name for result in played.results] == ["tcp-proxy", "envoy", "client-side"]
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
        def say(self, text: str) -> None:
            super().say(text)
            if text.startswith("tcp-proxy"):
                subprocess.run(["pkill", "-KILL", "-P", str(os.getpid()), "-f", program], check=True)

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


def test_the_same_calls_with_tls_are_played_and_priced() -> None:
    played = play(DemoOptions(servers=2, calls=CALLS, rate=600, tls=True), Onlooker())

    *_, plain, secure = played.results
    assert (plain.name, secure.name) == ("client-side", "client-side-tls")
    assert secure.summary.answered == CALLS
    assert [witness.own for witness in secure.witness] == [witness.client for witness in secure.witness]
    assert sum(witness.client for witness in secure.witness) == CALLS + secure.summary.gate_calls
    assert any("calls a second with TLS" in note for note in secure.notes)
    assert not plain.notes
