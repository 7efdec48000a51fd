"""What a client tells Prometheus."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

from echo_server import lbdemo, running

from lbdemo.echo.client_metrics import client_metrics, metered
from lbdemo.echo.faults import Faults
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.records.sample import Sample

TARGET = {"grpc_target": "them"}
A66 = {"grpc_method": "message.Echo/EchoMessage", **TARGET}
ECHO = {"grpc_type": "unary", "grpc_service": "message.Echo", "grpc_method": "EchoMessage"}


async def counted(faults: Faults | None = None, **more: Any) -> Any:
    """What a client that has called a server says of one series, by its labels."""
    metrics = client_metrics("them")
    async with running() as server:
        server.service.set_faults(faults or Faults())
        options = LoadOptions(str(server.address), interval=0, **more)
        await run_load(options, list[Sample]().append, make=metered(metrics))
    return metrics.registry.get_sample_value


def test_each_call_is_counted_under_both_names() -> None:
    told = asyncio.run(counted(count=3))

    assert told("grpc_client_started_total", ECHO) == 3
    assert told("grpc_client_handled_total", {**ECHO, "grpc_code": "OK"}) == 3
    assert told("grpc_client_handling_seconds_count", ECHO) == 3
    assert told("grpc_client_attempt_started_total", A66) == 3
    assert told("grpc_client_attempt_duration_seconds_count", {**A66, "grpc_status": "OK"}) == 3
    assert told("grpc_client_call_duration_seconds_count", {**A66, "grpc_status": "OK"}) == 3


def test_a_failed_call_is_told_by_its_code() -> None:
    told = asyncio.run(counted(Faults(unavailable_ratio=1.0), count=2))

    assert told("grpc_client_handled_total", {**ECHO, "grpc_code": "Unavailable"}) == 2
    assert told("grpc_client_call_duration_seconds_count", {**A66, "grpc_status": "UNAVAILABLE"}) == 2


def test_attempts_are_counted_beside_the_call_that_they_were_made_for() -> None:
    told = asyncio.run(counted(Faults(unavailable_ratio=1.0), count=1, retry=True))

    assert told("grpc_client_started_total", ECHO) == 1
    assert told("grpc_client_attempt_started_total", A66) == 5
    assert told("grpc_client_call_duration_seconds_count", {**A66, "grpc_status": "UNAVAILABLE"}) == 1
    assert told("grpc_client_attempt_duration_seconds_count", {**A66, "grpc_status": "UNAVAILABLE"}) == 0


def test_a_stream_is_one_call_however_much_is_answered_on_it() -> None:
    for stream, kind, method in (("watch", "server_stream", "WatchEcho"), ("chat", "bidi_stream", "Chat")):
        told = asyncio.run(counted(count=1, stream=stream, stream_every=0.01, stream_length=0.1))
        labels = {"grpc_type": kind, "grpc_service": "message.Echo", "grpc_method": method}

        assert told("grpc_client_started_total", labels) == 1
        assert told("grpc_client_handled_total", {**labels, "grpc_code": "OK"}) == 1


def test_the_command_says_where_it_tells() -> None:
    argv = ("client", "--target", "127.0.0.1:1", "--metrics", "127.0.0.1:0", "--interval", "0.05")
    with lbdemo(*argv) as calling:
        assert calling.stderr
        address = calling.stderr.readline().split()[-1]
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
            said = answer.read().decode()

    assert "# TYPE grpc_client_started_total counter" in said


def test_several_processes_would_each_count_a_part() -> None:
    with lbdemo("client", "--metrics", "127.0.0.1:0", "--processes", "2", "--count", "4") as calling:
        _, said = calling.communicate(timeout=20)

    assert "--metrics and --processes" in said
