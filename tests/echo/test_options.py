from __future__ import annotations

from typing import Any

import pytest

from lbdemo.echo.options import LoadOptions, pace, streams
from lbdemo.errors import InputError

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": ""},
        {"target": "a b:1"},
        {"target": "a\n:1"},
        {"target": "localhost:99999"},
        {"target": "localhost:0"},
        {"target": "localhost"},
        {"target": ":8080"},
        {"target": "::1:80"},
        {"target": "http://localhost:8080"},
        {"target": "dns:///"},
        {"message": "\udcff"},
        {"settle": -1.0},
        {"interval": -1.0},
        {"interval": NAN},
        {"interval": INF},
        {"count": -1},
        {"timeout": 0.0},
        {"timeout": NAN},
        {"timeout": INF},
        {"concurrency": -1},
        {"arrivals": "bursts"},
        {"concurrency": 10_001},
        {"connections": 0},
        {"connections": 1_001},
        {"policy": "random"},
        {"servers": -1},
        {"run": "a\nb"},
        {"run": "ö"},
        {"run": " a"},
        {"run": "x" * 129},
        {"stream": "listen"},
        {"stream_every": 0.0},
        {"stream_every": 3_601.0},
        {"stream_every": NAN},
        {"stream_length": -1.0},
        {"stream_length": INF},
    ],
)
def test_settings_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        LoadOptions(**wrong)


@pytest.mark.parametrize(
    ("interval", "rate", "seconds"),
    [(None, None, 1.0), (0.2, None, 0.2), (0.0, None, 0.0), (None, 5.0, 0.2), (None, 0.0, 0.0), (None, 1e6, 1e-6)],
)
def test_the_pace_is_an_interval_or_a_rate(interval: float | None, rate: float | None, seconds: float) -> None:
    assert pace(interval, rate) == seconds


@pytest.mark.parametrize(("interval", "rate"), [(1.0, 1.0), (None, -1.0), (None, NAN), (None, INF)])
def test_a_pace_without_sense_is_refused(interval: float | None, rate: float | None) -> None:
    with pytest.raises(InputError):
        pace(interval, rate)


def test_a_stream_may_take_as_long_as_it_lasts_and_its_last_answer() -> None:
    assert LoadOptions(timeout=2, stream_length=30).longest == 2
    assert LoadOptions(timeout=2, stream_length=30, stream="watch").longest == 32


def test_of_streams_only_what_was_given_is_set() -> None:
    assert streams(None, None, None) == {}
    assert streams("chat", None, 0.0) == {"stream": "chat", "stream_length": 0.0}


@pytest.mark.parametrize(("every", "length"), [(1.0, None), (None, 0.0)])
def test_what_is_for_streams_is_refused_without_one(every: float | None, length: float | None) -> None:
    with pytest.raises(InputError):
        streams(None, every, length)


@pytest.mark.parametrize(
    "target",
    ["a:1", "[::1]:65535", "dns:///a-b.c:80", "dns://8.8.8.8/a:80", "ipv4:1.2.3.4:80", "xds:///a:1", "unix:/s"],
)
def test_what_grpc_resolves_is_a_target(target: str) -> None:
    assert LoadOptions(target).target == target
