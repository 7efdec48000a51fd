"""WatchEcho and Chat as any gRPC client sees them: one call each, answered by one server, to its end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from echo_server import LOOPBACK, running

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.faults import Faults
from lbdemo.echo.server import EchoServer, ServerOptions
from lbdemo.echo.service import ATTEMPTS_KEY, PREVIOUS_KEY, SERVER_KEY
from lbdemo.echo.stats import RUN_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from lbdemo.echo.stats import CallCounts

FAST = echo_pb2.WatchRequest(message="a", interval_ms=1)


@asynccontextmanager
async def served(**more: Any) -> AsyncIterator[tuple[EchoServer, echo_pb2_grpc.EchoStub]]:
    async with (
        running(**more) as server,
        grpc.aio.insecure_channel(str(server.address), options=(("grpc.enable_retries", 0),)) as channel,
    ):
        yield server, echo_pb2_grpc.EchoStub(channel)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


async def end_of(call: Any) -> tuple[str, str]:
    """Reads to the end: its code, and the server that signed it."""
    try:
        async with asyncio.timeout(20):
            while isinstance(await call.read(), echo_pb2.EchoResponse):
                pass
    except grpc.aio.AioRpcError:
        pass
    signed = dict(await call.trailing_metadata()).get(SERVER_KEY, b"")
    return (await call.code()).name, signed.decode()


def test_a_watch_is_answered_at_once_and_at_each_interval_until_its_client_goes() -> None:
    async def story() -> tuple[list[str], list[float], CallCounts]:
        async with served() as (server, echo):
            await echo.EchoMessage(echo_pb2.EchoRequest(), timeout=5)  # it is connected
            start, answers, times = time.monotonic(), list[str](), list[float]()
            watch = echo.WatchEcho(echo_pb2.WatchRequest(message="m", interval_ms=100), timeout=10)
            while len(answers) < 4:
                answer = await watch.read()
                answers.append(f"{answer.message} {answer.serverID}")
                times.append(time.monotonic() - start)
            watch.cancel()
            await until(lambda: server.service.stats.total.streams_open == 0)
            return answers, times, server.service.stats.total

    answers, times, counts = asyncio.run(story())

    assert answers == ["m pod-a"] * 4
    assert times[0] < 0.09
    assert 0.28 < times[3] < 0.9
    assert (counts.streams, counts.stream_answers) == (1, 4)
    assert (counts.received, counts.answered) == (1, 1), "those are EchoMessage's"


def test_an_interval_that_is_not_given_is_a_second() -> None:
    async def story() -> float:
        async with served() as (_, echo):
            watch = echo.WatchEcho(echo_pb2.WatchRequest(), timeout=10)
            await watch.read()
            start = time.monotonic()
            await watch.read()
            return time.monotonic() - start

    assert 0.9 < asyncio.run(story()) < 3


def test_an_absurd_interval_is_refused() -> None:
    async def story() -> tuple[str, str]:
        async with served() as (_, echo):
            return await end_of(echo.WatchEcho(echo_pb2.WatchRequest(interval_ms=3_600_001), timeout=10))

    assert asyncio.run(story()) == ("INVALID_ARGUMENT", "")


def test_each_message_of_a_chat_is_answered_and_it_ends_when_the_client_has_no_more() -> None:
    async def story() -> tuple[list[str], str, CallCounts]:
        async with served() as (server, echo):
            chat, answers = echo.Chat(timeout=10, metadata=((RUN_KEY, "mine"),)), list[str]()
            for message in ("one", "zwölf", ""):
                await chat.write(echo_pb2.EchoRequest(message=message))
                answer = await chat.read()
                answers.append(f"{answer.message} {answer.serverID}")
            await chat.done_writing()
            code, _ = await end_of(chat)
            return answers, code, server.service.stats.of("mine")

    answers, code, counts = asyncio.run(story())

    assert answers == ["one pod-a", "zwölf pod-a", " pod-a"]
    assert code == "OK"
    assert (counts.streams, counts.streams_open, counts.stream_answers) == (1, 0, 3)


def test_what_is_slow_delays_each_answer() -> None:
    async def story() -> float:
        async with served() as (server, echo):
            server.service.set_faults(Faults(delay_ms=80))
            watch, start = echo.WatchEcho(FAST, timeout=10), time.monotonic()
            for _ in range(3):
                await watch.read()
            return time.monotonic() - start

    assert asyncio.run(story()) >= 0.24


def test_a_slow_answer_shifts_no_other() -> None:
    async def story() -> float:
        async with served() as (server, echo):
            server.service.set_faults(Faults(delay_ms=150))
            watch, start = echo.WatchEcho(echo_pb2.WatchRequest(interval_ms=200), timeout=10), time.monotonic()
            for _ in range(6):
                await watch.read()
            return time.monotonic() - start

    assert 1.14 <= asyncio.run(story()) < 1.6


def test_who_is_sick_fails_streams_when_they_begin_and_lets_those_be_that_are_open() -> None:
    async def story() -> tuple[tuple[str, str], tuple[str, str], str]:
        async with served() as (server, echo):
            before = echo.WatchEcho(FAST, timeout=10)
            await before.read()
            server.service.set_faults(Faults(unavailable_ratio=1))
            ends = await end_of(echo.WatchEcho(FAST, timeout=10)), await end_of(echo.Chat(timeout=10))
            for _ in range(20):
                answer = await before.read()
            return *ends, str(answer.serverID)

    assert asyncio.run(story()) == (("UNAVAILABLE", "pod-a"), ("UNAVAILABLE", "pod-a"), "pod-a")


def test_at_which_attempt_a_stream_began_is_said_at_its_begin() -> None:
    async def story() -> tuple[dict[str, object], dict[str, object]]:
        async with served() as (_, echo):
            second = echo.WatchEcho(FAST, metadata=((PREVIOUS_KEY, "1"),), timeout=10)
            first = echo.WatchEcho(FAST, timeout=10)
            return dict(await second.initial_metadata()), dict(await first.initial_metadata())

    second, first = asyncio.run(story())

    assert second[ATTEMPTS_KEY] == "2"
    assert ATTEMPTS_KEY not in first


def test_who_leaves_ends_its_streams_at_once_signed_and_a_new_one_goes_elsewhere() -> None:
    async def story() -> tuple[float, Counter[tuple[str, str]], set[str], CallCounts]:
        async with running("leaves") as leaves, running("stays") as stays:
            target = f"ipv4:{leaves.address},{stays.address}"
            options = (("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),)
            async with grpc.aio.insecure_channel(target, options=options) as channel:
                echo, hour = echo_pb2_grpc.EchoStub(channel), echo_pb2.WatchRequest(interval_ms=3_600_000)
                while not (leaves.service.stats.total.answered and stays.service.stats.total.answered):
                    await echo.EchoMessage(echo_pb2.EchoRequest(), timeout=5)
                streams = [echo.WatchEcho(hour) if n % 4 > 1 else echo.Chat() for n in range(40)]
                await until(lambda: leaves.service.stats.total.streams + stays.service.stats.total.streams == 40)
                mine = leaves.service.stats.total.streams_open
                start = time.monotonic()
                await leaves.drain(lead=0)
                took = time.monotonic() - start
                ends = [end for end in await asyncio.gather(*map(ended_or_open, streams)) if end]
                again = {(await echo.WatchEcho(hour, timeout=10).read()).serverID for _ in range(2 * mine)}
                for stream in streams:
                    stream.cancel()
                return took, Counter(ends), again, leaves.service.stats.total

    took, ends, again, counts = asyncio.run(story())

    assert took < 3, "nobody waits for streams that have no end"
    assert ends == {("UNAVAILABLE", "leaves"): 20}
    assert again == {"stays"}
    assert (counts.streams, counts.streams_open) == (20, 0)


async def ended_or_open(call: Any) -> tuple[str, str] | None:
    """Its end, if that comes within a moment."""
    try:
        async with asyncio.timeout(0.5):
            return await end_of(call)
    except (TimeoutError, asyncio.CancelledError):
        return None


def test_no_stream_begins_at_a_server_that_leaves() -> None:
    async def story() -> tuple[str, str]:
        async with served() as (server, echo):
            server.service.leave()
            return await end_of(echo.Chat(timeout=10))

    assert asyncio.run(story()) == ("UNAVAILABLE", "pod-a")


def test_a_server_that_stops_leaves_no_stream_behind() -> None:
    async def story() -> str:
        server = EchoServer(ServerOptions(LOOPBACK))
        await server.start()
        async with grpc.aio.insecure_channel(str(server.address)) as channel:
            watch = echo_pb2_grpc.EchoStub(channel).WatchEcho(FAST)
            await watch.read()
            await server.stop()
            return (await end_of(watch))[0]

    assert asyncio.run(story()) in {"CANCELLED", "UNAVAILABLE"}


async def raw(kind: str, *requests: bytes) -> tuple[list[bytes], str, int]:
    """Two answers at most to a client that knows nothing but the method's path, the code, and what is open after it."""
    async with running() as server, grpc.aio.insecure_channel(str(server.address)) as channel:
        path, answers, code = f"/message.Echo/{kind}", list[bytes](), "none"
        method: Any = channel.unary_stream(path) if kind == "WatchEcho" else channel.stream_stream(path)
        call = method(requests[0] if kind == "WatchEcho" else iter(requests))
        try:
            async for answer in call:
                answers.append(answer)
                if len(answers) == 2:
                    break
        except grpc.aio.AioRpcError as error:
            code = error.code().name
        call.cancel()
        await until(lambda: server.service.stats.total.streams_open == 0)
        return answers, code, server.service.stats.total.streams_open


def test_the_bytes_of_streams_are_those_of_single_answers() -> None:
    answer = b"\x0a\x01a\x12\x05pod-a"

    assert asyncio.run(raw("WatchEcho", b"\x0a\x01a\x10\x01")) == ([answer, answer], "none", 0)
    assert asyncio.run(raw("Chat", b"\x0a\x01a", b"")) == ([answer, b"\x12\x05pod-a"], "none", 0)


@pytest.mark.parametrize(("kind", "answers"), [("WatchEcho", 0), ("Chat", 1)])
def test_garbage_ends_a_stream_with_an_error(kind: str, answers: int) -> None:
    requests = [b"\xff\xff"] if kind == "WatchEcho" else [b"\x0a\x01a", b"\xff\xff"]

    heard, code, still_open = asyncio.run(raw(kind, *requests))

    assert len(heard) == answers
    assert code in {"INTERNAL", "UNKNOWN"}
    assert still_open == 0
