"""Streams as the client makes and counts them, against real servers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from echo_server import running

from lbdemo._proto import echo_pb2
from lbdemo.echo.address import Address
from lbdemo.echo.faults import Faults
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.measure import Expectation, Outcome, judge
from lbdemo.records import Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from lbdemo.echo.load import LoadReport
    from lbdemo.echo.server import EchoServer

KINDS = pytest.mark.parametrize("kind", ["watch", "chat"])


def to(*servers: EchoServer, **more: Any) -> LoadOptions:
    """Loops that open one stream after another."""
    target = f"ipv4:{','.join(str(server.address) for server in servers)}"
    usual = {"interval": 0, "policy": "round_robin", "stream": "watch", "stream_every": 0.02, "stream_length": 0.2}
    return LoadOptions(target, **{**usual, **more})


async def load(options: LoadOptions) -> tuple[list[Sample], LoadReport]:
    samples = list[Sample]()
    report = await run_load(options, samples.append)
    return sorted(samples, key=lambda sample: sample.seq), report


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


@KINDS
def test_a_stream_is_one_sample_with_its_server_its_answers_and_its_length(kind: str) -> None:
    async def story() -> tuple[list[Sample], int, int]:
        async with running() as server:
            samples, _ = await load(to(server, stream=kind, count=3, concurrency=3, run="mine", wait=5))
            await until(lambda: server.service.stats.total.streams_open == 0)
            counts = server.service.stats.of("mine")
            return samples, counts.streams, counts.stream_answers

    samples, streams, answers = asyncio.run(story())

    assert [(sample.server, sample.code, sample.seq) for sample in samples] == [("pod-a", "OK", n) for n in range(3)]
    assert streams == 3
    for sample in samples:
        assert sample.answers
        assert 2 <= sample.answers <= 11
        assert 0.2 <= sample.lasted < 1
        assert sample.latency < sample.lasted, "that of its first answer"
    assert answers >= sum(sample.answers or 0 for sample in samples), "some may be on their way when a stream ends"


@KINDS
def test_streams_are_balanced_when_they_begin_and_stay_where_they_are(kind: str) -> None:
    async def story() -> tuple[list[Sample], LoadReport]:
        async with running("pod-a") as one, running("pod-b") as two:
            options = to(one, two, stream=kind, servers=2, count=8, concurrency=4, wait=5)
            return await load(options)

    samples, report = asyncio.run(story())

    assert Counter(sample.server for sample in samples if not sample.gate) == {"pod-a": 4, "pod-b": 4}
    assert all(sample.answers == 1 for sample in samples if sample.gate), "in the gate the first answer is enough"
    assert report.summary.sent == 8
    assert (report.summary.stream_answers or 0) > 16


def test_a_thousand_answers_on_one_stream_are_no_thousand_calls_to_judge() -> None:
    async def story() -> LoadReport:
        async with running("pod-a") as one, running("pod-b") as two:
            options = to(one, two, count=1, stream_every=0.001, stream_length=0.6, wait=5)
            return (await load(options))[1]

    summary = asyncio.run(story()).summary

    assert (summary.stream_answers or 0) > 100
    assert judge(summary.counts, Expectation(count=2)).outcome is Outcome.INCONCLUSIVE


def test_on_the_grid_a_stream_begins_when_it_is_due_though_others_are_open() -> None:
    async def story() -> tuple[list[Sample], float]:
        async with running() as server:
            start = time.monotonic()
            samples, _ = await load(to(server, interval=0.05, count=10, stream_length=0.5, wait=5))
            return samples, time.monotonic() - start

    samples, took = asyncio.run(story())

    assert [sample.code for sample in samples] == ["OK"] * 10
    assert took < 3, "one after another they would take 5 s"


def test_stopped_it_ends_open_streams_at_once_and_counts_them() -> None:
    async def story() -> tuple[float, list[Sample], LoadReport]:
        async with running() as server:
            stop, samples = asyncio.Event(), list[Sample]()
            options = to(server, concurrency=5, stream_every=60, stream_length=600)
            loading = asyncio.create_task(run_load(options, samples.append, stop))
            await until(lambda: server.service.stats.total.stream_answers == 5)
            await asyncio.sleep(0.1)
            stop.set()
            start = time.monotonic()
            report = await loading
            return time.monotonic() - start, samples, report

    took, samples, report = asyncio.run(story())

    assert took < 1
    assert [(sample.code, sample.answers) for sample in samples] == [("OK", 1)] * 5
    assert report.abandoned == 0


@KINDS
def test_a_server_that_leaves_breaks_its_streams_off_at_once_and_the_next_ones_go_elsewhere(kind: str) -> None:
    async def story() -> list[Sample]:
        async with running("leaves") as leaves, running("stays") as stays:
            stop, samples = asyncio.Event(), list[Sample]()
            options = to(
                leaves, stays, stream=kind, concurrency=10, servers=2, wait=5, stream_every=60, stream_length=600
            )
            loading = asyncio.create_task(run_load(options, samples.append, stop))
            await until(lambda: leaves.service.stats.total.streams_open + stays.service.stats.total.streams_open == 10)
            await leaves.drain(lead=0)
            await until(lambda: stays.service.stats.total.streams_open == 10)
            stop.set()
            await loading
            return [sample for sample in samples if not sample.gate]

    ends = Counter((sample.server, sample.code) for sample in asyncio.run(story()))

    assert ends == {("leaves", "UNAVAILABLE"): 5, ("stays", "OK"): 10}


@pytest.mark.parametrize("retry", [False, True])
def test_of_many_open_streams_each_breaks_off_once_and_retries_open_all_of_them_again(retry: bool) -> None:
    async def story() -> tuple[int, list[Sample]]:
        async with running("leaves") as leaves, running("stays") as stays:
            stop, samples = asyncio.Event(), list[Sample]()
            many = {"connections": 60, "concurrency": 120, "retry": retry, "wait": 20, "timeout": 20}
            options = to(leaves, stays, stream_every=1, stream_length=600, servers=2, **many)
            loading = asyncio.create_task(run_load(options, samples.append, stop))
            here, there = leaves.service.stats.total, stays.service.stats.total
            await until(lambda: here.streams_open + there.streams_open == 120)
            lost = here.streams_open
            await leaves.drain(lead=0)
            await until(lambda: there.streams_open == 120)
            stop.set()
            await loading
            return lost, [sample for sample in samples if not sample.gate]

    lost, samples = asyncio.run(story())
    broken = Counter((sample.server, sample.code) for sample in samples if sample.answers and not sample.ok)
    unopened = {sample.code for sample in samples if not sample.answers}

    assert lost > 20
    assert broken == {("leaves", "UNAVAILABLE"): lost}, "what has been answered is tried by nobody again"
    assert unopened <= (set() if retry else {"UNAVAILABLE", "CANCELLED"})


def test_a_sick_server_is_told_by_its_signature_and_retries_go_past_it() -> None:
    async def story(retry: bool) -> list[Sample]:
        async with running("sick") as sick, running("well") as well:
            sick.service.set_faults(Faults(unavailable_ratio=1))
            options = to(sick, well, count=6, stream_length=0.05, retry=retry, wait=5)
            return (await load(options))[0]

    plain, retried = asyncio.run(story(retry=False)), asyncio.run(story(retry=True))

    assert {(sample.server, sample.code, bool(sample.answers)) for sample in plain} == {
        ("sick", "UNAVAILABLE", False), ("well", "OK", True),
    }  # fmt: skip
    assert {(sample.server, sample.code) for sample in retried} == {("well", "OK")}
    assert 2 <= max(sample.attempts for sample in retried) <= 5


def test_a_stream_that_no_server_answers_in_time_ends_at_its_deadline() -> None:
    async def story() -> tuple[list[Sample], LoadReport]:
        async with running() as server:
            server.service.set_faults(Faults(delay_ms=5_000))
            return await load(to(server, count=1, timeout=0.2, stream_length=0.1, wait=5))

    [sample], report = asyncio.run(story())

    assert (sample.server, sample.code, sample.answers, sample.unheard) == ("", "DEADLINE_EXCEEDED", 0, True)
    assert 0.2 <= sample.latency < 2
    assert dict(report.reasons) == {"DEADLINE_EXCEEDED": "no answer on a stream"}


def test_a_stream_that_falls_silent_ends_at_the_deadline_of_its_next_answer() -> None:
    async def story() -> tuple[Sample, LoadReport]:
        async with running() as server:
            loading = asyncio.create_task(load(to(server, count=1, timeout=0.2, stream_length=600, wait=5)))
            await until(lambda: server.service.stats.total.stream_answers > 0)
            server.service.set_faults(Faults(delay_ms=60_000))
            samples, report = await loading
            return samples[0], report

    sample, report = asyncio.run(story())

    assert (sample.server, sample.code, sample.unheard) == ("pod-a", "DEADLINE_EXCEEDED", False)
    assert sample.latency < 0.2 < sample.lasted < 5
    assert dict(report.reasons) == {"DEADLINE_EXCEEDED": "a stream fell silent"}


@KINDS
def test_without_a_server_every_stream_is_a_sample_with_its_code(kind: str) -> None:
    options = LoadOptions("127.0.0.1:1", interval=0, count=3, stream=kind, timeout=0.5)

    samples, _ = asyncio.run(load(options))

    assert [(sample.server, sample.answers) for sample in samples] == [("", 0)] * 3
    assert {sample.code for sample in samples} <= {"UNAVAILABLE", "DEADLINE_EXCEEDED"}


class Odd:
    """Answers with what is no EchoResponse, or says no more after one answer."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    async def watch(self, _: bytes, context: Any) -> None:
        await context.write(self._answer)


@pytest.mark.parametrize(("answer", "code", "answers"), [
    (b"\xff\xff", "INTERNAL", 0), (echo_pb2.EchoResponse(serverID="odd").SerializeToString(), "OK", 1),
])  # fmt: skip
def test_what_another_server_may_answer_is_no_crash(answer: bytes, code: str, answers: int) -> None:
    async def story() -> Sample:
        server = grpc.aio.server()
        handlers: dict[str, Any] = {"WatchEcho": grpc.unary_stream_rpc_method_handler(Odd(answer).watch)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("message.Echo", handlers),))
        address = Address("127.0.0.1", server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        try:
            options = LoadOptions(str(address), interval=0, count=1, stream="watch", stream_length=60)
            return (await load(options))[0][0]
        finally:
            with suppress(grpc.aio.UsageError):
                await server.stop(None)

    sample = asyncio.run(story())

    assert (sample.code, sample.answers) == (code, answers)
    assert sample.lasted < 5
