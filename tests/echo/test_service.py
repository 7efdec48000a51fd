"""The server as any gRPC client sees it: raw bytes on the wire, health, reflection, counts and faults."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import pytest
from echo_server import running
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.service import ATTEMPTS_KEY, PREVIOUS_KEY
from lbdemo.echo.stats import RUN_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ECHO = "/message.Echo/EchoMessage"
TWELVE = "zwölf".encode()


async def raw_echo(address: str, request: bytes) -> bytes:
    """A client that knows nothing but the method's path."""
    async with grpc.aio.insecure_channel(address) as channel:
        echo: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(ECHO)
        return await echo(request, timeout=5)


async def ask(request: bytes, name: str = "pod-a") -> bytes:
    async with running(name) as server:
        return await raw_echo(str(server.address), request)


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        (b"\x0a\x05hello", b"\x0a\x05hello\x12\x05pod-a"),
        (b"", b"\x12\x05pod-a"),
        (b"\x0a\x06" + TWELVE, b"\x0a\x06" + TWELVE + b"\x12\x05pod-a"),
        (b"\x0a\x01a\x0a\x01b", b"\x0a\x01b\x12\x05pod-a"),  # the last one counts, says protobuf
        (b"\x0a\x80\x80\x04" + b"x" * 65536, b"\x0a\x80\x80\x04" + b"x" * 65536 + b"\x12\x05pod-a"),
    ],
)
def test_the_bytes_on_the_wire_are_those_of_the_original(request_bytes: bytes, answer: bytes) -> None:
    assert asyncio.run(ask(request_bytes)) == answer


def test_fields_of_a_later_version_are_no_hindrance() -> None:
    assert asyncio.run(ask(b"\x0a\x02hi\x98\x06\x2a")) == b"\x0a\x02hi\x12\x05pod-a"


@pytest.mark.parametrize("garbage", [b"\x0a\x05hel", b"\xff\xff", b"\x0a\x02\xff\xfe"])
def test_garbage_gets_an_error_and_the_server_lives_on(garbage: bytes) -> None:
    async def story() -> tuple[grpc.StatusCode, bytes]:
        async with running() as server:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await raw_echo(str(server.address), garbage)
            return refused.value.code(), await raw_echo(str(server.address), b"\x0a\x01a")

    code, answer = asyncio.run(story())

    assert code in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
    assert answer == b"\x0a\x01a\x12\x05pod-a"


@pytest.mark.parametrize("method", ["Echo/GetStats", "Echo/SetFault", "Admin/GetStats", "Admin/SetFault"])
def test_the_owners_questions_are_unknown_on_the_port_that_everybody_can_reach(method: str) -> None:
    async def story() -> grpc.StatusCode:
        async with running() as server, grpc.aio.insecure_channel(str(server.address)) as channel:
            ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/message.{method}")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await ask(b"", timeout=5)
            return refused.value.code()

    assert asyncio.run(story()) is grpc.StatusCode.UNIMPLEMENTED


@asynccontextmanager
async def served() -> AsyncIterator[tuple[echo_pb2_grpc.EchoStub, echo_pb2_grpc.AdminStub]]:
    async with (
        running() as server,
        # A client without retries says of attempts what it is told to say; one with them strikes it out.
        grpc.aio.insecure_channel(str(server.address), options=(("grpc.enable_retries", 0),)) as public,
        grpc.aio.insecure_channel(str(server.admin)) as own,
    ):
        yield echo_pb2_grpc.EchoStub(public), echo_pb2_grpc.AdminStub(own)


def test_the_owners_port_answers_no_echo_calls() -> None:
    async def story() -> grpc.StatusCode:
        async with running() as server:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await raw_echo(str(server.admin), b"")
            return refused.value.code()

    assert asyncio.run(story()) is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("service", ["", "message.Echo"])
def test_health_is_serving(service: str) -> None:
    async def story() -> int:
        async with running() as server, grpc.aio.insecure_channel(str(server.address)) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
            return int(answer.status)

    assert asyncio.run(story()) == health_pb2.HealthCheckResponse.SERVING


def test_reflection_lists_the_services() -> None:
    async def story() -> set[str]:
        async with running() as server, grpc.aio.insecure_channel(str(server.address)) as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            requests = [reflection_pb2.ServerReflectionRequest(list_services="")]
            async for answer in stub.ServerReflectionInfo(iter(requests), timeout=5):
                return {service.name for service in answer.list_services_response.service}
            return set()

    assert asyncio.run(story()) == {
        "message.Echo",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }


def test_a_server_without_a_name_signs_with_its_real_address() -> None:
    async def story() -> tuple[str, bytes]:
        async with running(name="") as server:
            return str(server.address), await raw_echo(str(server.address), b"")

    address, answer = asyncio.run(story())

    assert not address.endswith(":0")
    assert answer == b"\x12" + bytes([len(address)]) + address.encode()


def test_calls_are_counted_by_their_run() -> None:
    async def story() -> tuple[echo_pb2.StatsResponse, echo_pb2.StatsResponse]:
        async with served() as (echo, admin):
            for run in ("mine", "mine", "other"):
                await echo.EchoMessage(echo_pb2.EchoRequest(), metadata=((RUN_KEY, run),), timeout=5)
            mine = await admin.GetStats(echo_pb2.StatsRequest(run="mine"), timeout=5)
            return mine, await admin.GetStats(echo_pb2.StatsRequest(), timeout=5)

    mine, everything = asyncio.run(story())

    assert (mine.serverID, mine.received, mine.answered, mine.failed) == ("pod-a", 2, 2, 0)
    assert everything.answered == 3
    assert time.time() - 60 < everything.started <= time.time()


def test_a_fault_makes_calls_slow_and_sick_until_it_is_healed() -> None:
    async def story() -> tuple[float, str, str, int]:
        async with served() as (echo, admin):
            await admin.SetFault(echo_pb2.Fault(delay_ms=60, unavailable_ratio=1), timeout=5)
            start = time.monotonic()
            with pytest.raises(grpc.aio.AioRpcError) as sick:
                await echo.EchoMessage(echo_pb2.EchoRequest(message="a"), timeout=5)
            took = time.monotonic() - start
            await admin.SetFault(echo_pb2.Fault(), timeout=5)
            healed = await echo.EchoMessage(echo_pb2.EchoRequest(message="b"), timeout=5)
            counts = await admin.GetStats(echo_pb2.StatsRequest(), timeout=5)
            return took, sick.value.code().name, healed.message, counts.failed

    took, code, message, failed = asyncio.run(story())

    assert took >= 0.06
    assert (code, message, failed) == ("UNAVAILABLE", "b", 1)


def test_a_fault_without_sense_is_refused_and_changes_nothing() -> None:
    async def story() -> tuple[str, str]:
        async with served() as (echo, admin):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await admin.SetFault(echo_pb2.Fault(unavailable_ratio=1.5), timeout=5)
            answer = await echo.EchoMessage(echo_pb2.EchoRequest(message="a"), timeout=5)
            return refused.value.code().name, answer.message

    assert asyncio.run(story()) == ("INVALID_ARGUMENT", "a")


def test_a_call_that_the_client_gave_up_was_received_and_is_not_counted_as_answered() -> None:
    async def story() -> tuple[int, int, int]:
        async with served() as (echo, admin):
            await admin.SetFault(echo_pb2.Fault(delay_ms=150), timeout=5)
            with pytest.raises(grpc.aio.AioRpcError):
                await echo.EchoMessage(echo_pb2.EchoRequest(), timeout=0.05)
            await asyncio.sleep(0.2)
            counts = await admin.GetStats(echo_pb2.StatsRequest(), timeout=5)
            return counts.received, counts.answered, counts.failed

    assert asyncio.run(story()) == (1, 0, 0)


@pytest.mark.parametrize(("said", "attempts"), [("1", 2), ("4", 5)])
def test_a_further_attempt_is_counted_and_told_to_the_client(said: str, attempts: int) -> None:
    async def story() -> tuple[dict[str, object], int, int]:
        async with served() as (echo, admin):
            call = echo.EchoMessage(echo_pb2.EchoRequest(), metadata=((PREVIOUS_KEY, said),), timeout=5)
            told = dict(await call.trailing_metadata())
            await echo.EchoMessage(echo_pb2.EchoRequest(), timeout=5)
            counts = await admin.GetStats(echo_pb2.StatsRequest(), timeout=5)
            return told, counts.received, counts.retries

    told, received, retries = asyncio.run(story())

    assert told[ATTEMPTS_KEY] == str(attempts)
    assert (received, retries) == (2, 1)


@pytest.mark.parametrize("said", ["", "x", "-1", "9" * 5000])
def test_a_count_of_attempts_that_is_none_is_no_crash(said: str) -> None:
    async def story() -> str:
        async with served() as (echo, _):
            answer = await echo.EchoMessage(
                echo_pb2.EchoRequest(message="a"), metadata=((PREVIOUS_KEY, said),), timeout=5
            )
            return str(answer.message)

    assert asyncio.run(story()) == "a"
