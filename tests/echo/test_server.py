from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc
import pytest
from echo_server import process, running
from grpc_health.v1 import health_pb2, health_pb2_grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.address import Address
from lbdemo.echo.faults import Faults
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.server import EchoServer, ServerOptions, SignsOfLife, server_name, server_options
from lbdemo.errors import InputError, OperationFailedError
from lbdemo.records import Sample, Summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from lbdemo.echo.stats import CallCounts

IN_FLIGHT = 20


@pytest.mark.parametrize(
    ("given", "environment", "name"),
    [
        ("given", {"POD_NAME": "pod", "HOSTNAME": "host"}, "given"),
        ("", {"POD_NAME": "pod", "HOSTNAME": "host"}, "pod"),
        ("", {"POD_NAME": "", "HOSTNAME": "host"}, "host"),
        ("", {}, ""),
    ],
)
def test_the_name_is_the_given_one_or_the_pods_or_the_hosts(given: str, environment: dict[str, str], name: str) -> None:
    assert server_name(given, environment) == name


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\n", "x" * 254, "\udcff"])
def test_a_name_that_no_terminal_can_show_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        server_name(name, {})


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_times_without_sense_are_refused(seconds: float) -> None:
    with pytest.raises(InputError):
        server_options("127.0.0.1:0", "", seconds, 0, {})
    with pytest.raises(InputError):
        server_options("127.0.0.1:0", "", 0, seconds, {})


def test_two_servers_cannot_share_a_port() -> None:
    async def story() -> str:
        async with running() as first:
            with pytest.raises(OperationFailedError) as refused:
                EchoServer(ServerOptions(first.address))
            return refused.value.message

    assert "address already in use" in asyncio.run(story())


def test_a_host_that_does_not_exist_is_an_error_with_its_reason() -> None:
    async def story() -> str:
        with pytest.raises(OperationFailedError) as refused:
            EchoServer(ServerOptions(Address("no-such-host.invalid", 0)))
        return refused.value.message

    assert asyncio.run(story()).startswith("cannot listen on no-such-host.invalid:0: ")


def test_it_listens_on_ipv6() -> None:
    async def story() -> str:
        async with EchoServerOn(Address("::1", 0)) as server, grpc.aio.insecure_channel(str(server.address)) as channel:
            answer = await echo_pb2_grpc.EchoStub(channel).EchoMessage(echo_pb2.EchoRequest(message="six"), timeout=5)
            return str(answer.message)

    assert asyncio.run(story()) == "six"


class EchoServerOn:
    def __init__(self, address: Address) -> None:
        self.address = address

    async def __aenter__(self) -> EchoServer:
        self.server = EchoServer(ServerOptions(self.address, "six"))
        await self.server.start()
        return self.server

    async def __aexit__(self, *_: object) -> None:
        await self.server.stop()


@pytest.mark.parametrize(("connections", "size"), [(20, 5), (20, 1_000_000), (120, 5)])
def test_drained_under_load_retries_lose_nothing_and_are_not_hidden(connections: int, size: int) -> None:
    async def story() -> tuple[Summary, list[Sample], CallCounts, CallCounts]:
        async with running("leaves") as leaves, running("stays") as stays:
            stop, samples = asyncio.Event(), list[Sample]()
            options = replace(
                round_robin(leaves, stays), connections=connections, concurrency=3 * connections, retry=True,
                message="x" * size, run="run", timeout=60,
            )  # fmt: skip
            load = asyncio.create_task(run_load(options, samples.append, stop))
            await until(lambda: len(samples) > 200)
            await leaves.drain(lead=0)
            after = len(samples)
            await until(lambda: len(samples) > after + 100)
            stop.set()
            summary = (await load).summary
            return summary, samples, leaves.service.stats.of("run"), stays.service.stats.of("run")

    summary, samples, left, stayed = asyncio.run(story())
    further = Counter(sample.attempts for sample in samples if sample.attempts > 1)

    assert summary.errors == ()
    assert {server.server for server in summary.servers} == {"leaves", "stays"}
    assert further.total() > 0, "a stop under load cancels what it has not read"
    assert left.retries + stayed.retries >= further.total()
    assert left.received + stayed.received >= len(samples)


def test_drained_under_load_without_retries_what_is_lost_is_told() -> None:
    async def story() -> Summary:
        async with running("leaves") as leaves, running("stays") as stays:
            stop, samples = asyncio.Event(), list[Sample]()
            options = replace(round_robin(leaves, stays), connections=20, concurrency=60)
            load = asyncio.create_task(run_load(options, samples.append, stop))
            await until(lambda: len(samples) > 200)
            await leaves.drain(lead=0)
            stop.set()
            return (await load).summary

    summary = asyncio.run(story())

    assert {code for code, _ in summary.errors} <= {"CANCELLED", "UNAVAILABLE"}
    assert summary.failed <= 60, "no more than was in flight"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


def test_a_connection_that_grows_too_old_loses_no_call() -> None:
    async def story() -> Summary:
        async with running(max_connection_age=0.1) as server:
            stop = asyncio.Event()
            load = asyncio.create_task(run_load(calls_to(server), lambda _: None, stop))
            await asyncio.sleep(0.6)
            stop.set()
            return (await load).summary

    summary = asyncio.run(story())

    assert summary.answered > 50
    assert summary.errors == ()


def test_while_draining_it_says_not_serving_and_still_answers() -> None:
    async def story() -> tuple[int, str]:
        async with running() as server, grpc.aio.insecure_channel(str(server.address)) as channel:
            draining = asyncio.create_task(server.drain(lead=0.3))
            await asyncio.sleep(0.05)
            request = health_pb2.HealthCheckRequest(service="message.Echo")
            health = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=5)
            answer = await echo_pb2_grpc.EchoStub(channel).EchoMessage(echo_pb2.EchoRequest(message="still"), timeout=5)
            await draining
            return int(health.status), str(answer.message)

    assert asyncio.run(story()) == (health_pb2.HealthCheckResponse.NOT_SERVING, "still")


def test_a_slow_call_in_flight_is_answered_before_the_end() -> None:
    async def story() -> int:
        async with running() as server:
            server.service.set_faults(Faults(delay_ms=300))
            report = asyncio.create_task(run_load(LoadOptions(str(server.address), count=1), lambda _: None))
            await asyncio.sleep(0.1)
            await server.drain(lead=0)
            return (await report).summary.answered

    assert asyncio.run(story()) == 1


def test_after_the_drain_nobody_listens() -> None:
    async def story() -> str:
        async with running() as server:
            await server.drain(lead=0)
            report = await run_load(LoadOptions(str(server.address), count=1, timeout=1), lambda _: None)
            return report.summary.errors[0][0]

    assert asyncio.run(story()) == "UNAVAILABLE"


def test_an_open_health_watch_does_not_hold_the_end_up_for_long() -> None:
    async def story() -> tuple[list[int], float]:
        seen = []
        async with running() as server, grpc.aio.insecure_channel(str(server.address)) as channel:
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=""), timeout=30)
            seen.append(int((await watch.read()).status))
            start = time.monotonic()
            await server.drain(lead=0)
            took = time.monotonic() - start
            seen.append(int((await watch.read()).status))
            return seen, took

    seen, took = asyncio.run(story())

    assert seen == [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING]
    assert took < 3


def test_a_client_that_vanished_without_a_word_is_given_up() -> None:
    async def story() -> bytes:
        async with running(signs_of_life=SignsOfLife(after=0.2, patience=0.2)) as server:
            reader, writer = await raw_client(server)
            async with asyncio.timeout(10):
                said = await reader.read()  # to the end: the server has hung up
            writer.close()
            return said

    assert ping_frames(asyncio.run(story())) >= 1, "it was asked for a sign of life before"


def test_a_quiet_client_that_answers_stays_connected() -> None:
    async def story() -> tuple[str, str]:
        async with (
            running(signs_of_life=SignsOfLife(after=0.1, patience=0.3)) as server,
            grpc.aio.insecure_channel(str(server.address)) as channel,
        ):
            stub = echo_pb2_grpc.EchoStub(channel)
            await stub.EchoMessage(echo_pb2.EchoRequest(), timeout=5)
            await asyncio.sleep(1.0)
            state = channel.get_state().name
            return state, str((await stub.EchoMessage(echo_pb2.EchoRequest(), timeout=5)).serverID)

    assert asyncio.run(story()) == ("READY", "pod-a")


def test_a_client_that_often_asks_for_a_sign_of_life_is_not_sent_away() -> None:
    async def story() -> bytes:
        async with running() as server:
            reader, writer = await raw_client(server)
            for number in range(20):
                writer.write(frame(PING, number.to_bytes(8)))
            said = b""
            async with asyncio.timeout(10):
                while ping_frames(said) < 20:
                    said += await reader.read(4096)
            writer.close()
            return said

    assert goaway_frames(asyncio.run(story())) == 0


def test_unless_told_a_vanished_client_is_given_up_after_80_seconds() -> None:
    assert (SignsOfLife().after, SignsOfLife().patience) == (60, 20)


PING, GOAWAY, SETTINGS = 6, 7, 4


async def raw_client(server: EchoServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has said as much as HTTP/2 asks for, and says no more by itself."""
    reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
    writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, b""))
    return reader, writer


def frame(kind: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, 0, 0, 0, 0, 0]) + payload


def kinds(said: bytes) -> Counter[int]:
    found: Counter[int] = Counter()
    while len(said) >= 9:
        found[said[3]] += 1
        said = said[9 + int.from_bytes(said[:3]) :]
    return found


def ping_frames(said: bytes) -> int:
    return kinds(said)[PING]


def goaway_frames(said: bytes) -> int:
    return kinds(said)[GOAWAY]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_well(number: signal.Signals) -> None:
    with process("--drain", "0") as (served, _):
        served.send_signal(number)
        _, words = served.communicate(timeout=10)

        assert (served.returncode, words) == (0, "")


def test_ctrl_c_does_not_wait_for_clients_to_be_sent_elsewhere() -> None:
    with process("--drain", "60") as (served, _):
        served.send_signal(signal.SIGINT)

        assert served.wait(timeout=5) == 0


def test_a_process_drained_under_load_loses_nothing_to_retries_and_exits_0() -> None:
    async def story(addresses: list[str], leave: object) -> Summary:
        assert callable(leave)
        stop, answers = asyncio.Event(), list[str]()
        options = LoadOptions(
            f"ipv4:{','.join(addresses)}", interval=0, concurrency=IN_FLIGHT, policy="round_robin", retry=True,
            timeout=20,  # a call that the machine holds up is not one that the server lost
        )  # fmt: skip
        load = asyncio.create_task(run_load(options, lambda sample: answers.append(sample.server), stop))
        while "leaves" not in answers:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(leave)
        stop.set()
        return (await load).summary

    with process("--drain", "0.1", "--name", "leaves") as (served, leaves), process("--name", "stays") as (_, stays):

        def leave() -> None:
            served.terminate()
            served.wait(timeout=10)

        summary = asyncio.run(story([leaves, stays], leave))

        assert served.returncode == 0
        assert summary.errors == ()
        assert [server.server for server in summary.servers] == ["leaves", "stays"]


def test_a_second_signal_ends_the_drain_at_once() -> None:
    with process("--drain", "60") as (served, _):
        served.terminate()
        time.sleep(0.2)
        assert served.poll() is None
        served.terminate()

        assert served.wait(timeout=5) == 0


def round_robin(*servers: EchoServer) -> LoadOptions:
    addresses = ",".join(str(server.address) for server in servers)
    return LoadOptions(f"ipv4:{addresses}", interval=0, concurrency=IN_FLIGHT, policy="round_robin")


def calls_to(server: EchoServer) -> LoadOptions:
    return LoadOptions(str(server.address), interval=0, concurrency=4)
