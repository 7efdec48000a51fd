"""Hops of a comparison: what is missing in traces breaks a promise, unless it is not ours to give."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import FakeReporter, FakeRun, tools
from traced import called
from worlds import CONFIG, installation

from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.trial import hops
from lbdemo.cluster.trial.backend import Backend
from lbdemo.cluster.trial.trace import Traced
from lbdemo.config import UpConfig
from lbdemo.records.spans import Spans
from lbdemo.tools.kubectl import Context
from lbdemo.trace_config import TraceWish
from lbdemo.traces import joined
from lbdemo.traces.proof import prove
from lbdemo.traces.role import DIRECT

BACKEND = Backend("echo-server-traces", "lbdemo")
TRACED = replace(installation("headless"), otlp="echo-server-traces.lbdemo.svc:4317")


def fresh() -> Tools:
    return tools(FakeRun())


def measured(monkeypatch: pytest.MonkeyPatch, found: Traced, lacking: tuple[str, ...] = ()) -> hops.Hops:
    installed: list[UpConfig] = []

    def up(_: object, config: UpConfig, *__: object) -> Any:
        installed.append(config)
        return SimpleNamespace(lacking=lacking)

    monkeypatch.setattr(hops, "up", up)
    monkeypatch.setattr(hops, "read_installation", lambda *_: TRACED)
    monkeypatch.setattr(hops, "trace", lambda *_: found)
    told = hops.measure_hops(fresh, CONFIG, Context("", ""), FakeReporter(), frozenset(), lambda _: None)
    assert [config.trace for config in installed] == [TraceWish("lbdemo")]
    return told


def proven(calls: int, seen: int, answered: int | None = None, **more: Any) -> Traced:
    spans = [span for n in range(seen) for span in called(n, "echo-1", at=20.0 * n)]
    return Traced(prove(joined(spans), "r1", calls, DIRECT), calls if answered is None else answered, BACKEND, **more)


def test_hops_of_calls_that_were_all_seen_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = measured(monkeypatch, proven(3, 3))

    assert [hop["role"] for hop in found.told["traces"]["hops"]] == ["caller", "client", "server"]
    assert (found.broken, found.lacking) == ((), ())


@pytest.mark.parametrize(
    ("traced", "words"),
    [(proven(3, 2), "2 of 3 calls were seen whole by traces: without a trace."),
     (proven(3, 0, away="nobody answers"), "0 of 3 calls were seen whole by traces: without a trace."),
     (proven(3, 3, spans=Spans(9, 1)), "3 of 3 calls were seen whole by traces: spans were lost.")],
)  # fmt: skip
def test_what_is_missing_breaks_a_promise(monkeypatch: pytest.MonkeyPatch, traced: Traced, words: str) -> None:
    assert measured(monkeypatch, traced).broken == (words,)


def test_what_somebody_elses_istio_lacks_breaks_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found = measured(monkeypatch, proven(3, 0), ("Istio lacks",))

    assert found.broken == ()
    assert "lacks a provider" in found.lacking[0]
