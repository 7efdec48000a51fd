"""What a server tells Prometheus, read as Prometheus reads it."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

import grpc
import pytest
from echo_server import LOOPBACK, lbdemo, running
from prometheus_client.parser import text_string_to_metric_families

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.faults import Faults
from lbdemo.echo.metrics import exposed
from lbdemo.echo.server import EchoServer
from lbdemo.echo.server_metrics import server_metrics
from lbdemo.errors import OperationFailedError

Values = dict[tuple[str, frozenset[str]], float]


def scraped(server: EchoServer) -> Values:
    with urllib.request.urlopen(f"http://{server.metrics}/metrics", timeout=5) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


async def called(*names: str, **more: Any) -> Values:
    """What a server tells after calls of these methods, in this order; `more` are its faults."""
    async with running(metrics=LOOPBACK) as server:
        server.service.set_faults(Faults(**more))
        async with grpc.aio.insecure_channel(str(server.address)) as channel:
            stub = echo_pb2_grpc.EchoStub(channel)
            for name in names:
                await CALLS[name](stub)
        await asyncio.sleep(0.05)  # a server hears of a client's end a little later
        return await asyncio.to_thread(scraped, server)


async def unary(stub: echo_pb2_grpc.EchoStub) -> None:
    await stub.EchoMessage(echo_pb2.EchoRequest(message="hi"))


async def refused(stub: echo_pb2_grpc.EchoStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await unary(stub)


async def given_up(stub: echo_pb2_grpc.EchoStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.EchoMessage(echo_pb2.EchoRequest(message="hi"), timeout=0.1)


async def watched(stub: echo_pb2_grpc.EchoStub) -> None:
    watching = stub.WatchEcho(echo_pb2.WatchRequest(interval_ms=1))
    await watching.read()
    watching.cancel()


async def chatted(stub: echo_pb2_grpc.EchoStub) -> None:
    async for _ in stub.Chat(iter([echo_pb2.EchoRequest(message="hi")])):
        pass


async def asked_for_too_long(stub: echo_pb2_grpc.EchoStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.WatchEcho(echo_pb2.WatchRequest(interval_ms=2**32 - 1)).read()


CALLS = {call.__name__: call for call in (unary, refused, given_up, watched, chatted, asked_for_too_long)}
ECHO = "message.Echo"


def test_each_call_is_counted_under_both_names() -> None:
    told = asyncio.run(called("unary", "unary", "unary"))

    assert told["grpc_server_started_total", frozenset(("unary", ECHO, "EchoMessage"))] == 3
    assert told["grpc_server_handled_total", frozenset(("unary", ECHO, "EchoMessage", "OK"))] == 3
    assert told["grpc_server_handling_seconds_count", frozenset(("unary", ECHO, "EchoMessage"))] == 3
    assert told["grpc_server_call_started_total", frozenset(("message.Echo/EchoMessage",))] == 3
    assert told["grpc_server_call_duration_seconds_count", frozenset(("message.Echo/EchoMessage", "OK"))] == 3


def test_a_refused_call_is_told_by_its_code() -> None:
    told = asyncio.run(called("refused", unavailable_ratio=1.0))

    assert told["grpc_server_handled_total", frozenset(("unary", ECHO, "EchoMessage", "Unavailable"))] == 1
    assert told["grpc_server_call_duration_seconds_count", frozenset(("message.Echo/EchoMessage", "UNAVAILABLE"))] == 1


def test_a_call_that_its_client_gave_up_is_cancelled_after_its_time() -> None:
    told = asyncio.run(called("given_up", delay_ms=5_000))

    assert told["grpc_server_handled_total", frozenset(("unary", ECHO, "EchoMessage", "Canceled"))] == 1
    seconds = told["grpc_server_call_duration_seconds_sum", frozenset(("message.Echo/EchoMessage", "CANCELLED"))]
    assert 0 < seconds < 4, "the client's 0.1 s, less its way here, and not the 5 s of the fault"


def test_a_stream_is_one_call() -> None:
    told = asyncio.run(called("watched", "chatted", "asked_for_too_long"))

    assert told["grpc_server_started_total", frozenset(("server_stream", ECHO, "WatchEcho"))] == 2
    assert told["grpc_server_handled_total", frozenset(("server_stream", ECHO, "WatchEcho", "Canceled"))] == 1
    assert told["grpc_server_handled_total", frozenset(("server_stream", ECHO, "WatchEcho", "InvalidArgument"))] == 1
    assert told["grpc_server_handled_total", frozenset(("bidi_stream", ECHO, "Chat", "OK"))] == 1


def test_without_being_asked_a_server_tells_nothing() -> None:
    async def where() -> object:
        async with running() as server:
            return server.metrics

    assert asyncio.run(where()) is None


def test_a_port_that_is_taken_is_told() -> None:
    with (
        exposed(server_metrics(), LOOPBACK) as first,
        pytest.raises(OperationFailedError, match="cannot listen") as caught,
        exposed(server_metrics(), first),
    ):
        pass

    assert "--metrics" in caught.value.hint


def test_the_command_says_where_it_tells() -> None:
    with lbdemo("serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0") as served:
        assert served.stdout
        address = served.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
            said = answer.read().decode()

    assert "# TYPE grpc_server_started_total counter" in said
