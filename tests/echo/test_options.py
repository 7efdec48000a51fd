from __future__ import annotations

from typing import Any

import pytest

from lbdemo.echo.options import LoadOptions, pace
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


@pytest.mark.parametrize(
    "target",
    ["a:1", "[::1]:65535", "dns:///a-b.c:80", "dns://8.8.8.8/a:80", "ipv4:1.2.3.4:80", "xds:///a:1", "unix:/s"],
)
def test_what_grpc_resolves_is_a_target(target: str) -> None:
    assert LoadOptions(target).target == target
