"""What the judge makes of real calls on loopback that used to be told as something else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest
from echo_server import running

from lbdemo.echo.faults import Faults
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.server import EchoServer
from lbdemo.local.tcp_proxy import serve
from lbdemo.measure import Expectation, Outcome, judge
from lbdemo.records import Sample, Summary, Tally

DEADLINE = 0.3


@asynccontextmanager
async def servers(*names: str, **more: Any) -> AsyncIterator[list[EchoServer]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running(name, **more)) for name in names]


@contextmanager
def in_front(backends: Sequence[EchoServer]) -> Iterator[str]:
    """A proxy that gives one connection after the other to the next server, and knows nothing of calls."""
    addresses = [("127.0.0.1", server.address.port) for server in backends]
    turn = cycle(addresses)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, addresses, lambda _: next(turn)), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


async def samples_of(options: LoadOptions) -> list[Sample]:
    samples: list[Sample] = []
    await run_load(options, samples.append)
    return samples


def round_robin(backends: Sequence[EchoServer], **more: Any) -> LoadOptions:
    target = f"ipv4:{','.join(str(server.address) for server in backends)}"
    return LoadOptions(**{"target": target, "policy": "round_robin", "interval": 0.002, "wait": 10, **more})


def tallied(samples: Sequence[Sample]) -> Summary:
    tally = Tally()
    for sample in samples:
        tally.add(sample)
    return tally.summary()


def on_time(samples: Sequence[Sample]) -> list[Sample]:
    """As a client on an idle machine would have it: a busy one sends late, and then no latency is told."""
    return [replace(each, due=each.sent, latency=max(0.0, each.due + each.latency - each.sent)) for each in samples]


def test_a_stall_that_the_deadline_ends_is_in_the_tail() -> None:
    async def story() -> list[Sample]:
        async with servers("fast", "slow") as both:
            both[1].service.set_faults(Faults(1000))
            return await samples_of(round_robin(both, count=600, interval=0.001, timeout=DEADLINE))

    summary = tallied(on_time(asyncio.run(story())))

    assert summary.latency is not None
    assert summary.latency.p99 is not None
    assert summary.latency.p99 >= 0.98 * DEADLINE, "buckets are 1 % wide"
    assert "p99" in summary.latency.at_least
    assert summary.answered_latency is not None
    assert summary.answered_latency.p50 < DEADLINE


def test_one_pod_at_a_time_is_in_turns_however_even_in_the_long_run() -> None:
    async def story() -> list[Sample]:
        async with servers("a", "b", max_connection_age=0.2) as both:
            with in_front(both) as target:
                return await samples_of(LoadOptions(target, interval=0.002, count=700, wait=10))

    verdict = judge(tallied(asyncio.run(story())).counts, Expectation(count=2, max_error_ratio=1.0))

    assert (verdict.outcome, verdict.fingerprint) == (Outcome.IN_TURNS, "in turns")


def test_two_connections_with_a_pod_each_are_pinned_though_the_total_is_exact() -> None:
    async def story() -> list[Sample]:
        async with servers("a", "b") as both:
            with in_front(both) as target:
                return await samples_of(LoadOptions(target, interval=0.001, count=900, connections=2, wait=10))

    verdict = judge(tallied(asyncio.run(story())).counts, Expectation(count=2))

    assert [share.calls for share in verdict.shares] == [450, 450]
    assert (verdict.outcome, verdict.pinned_connections) == (Outcome.PINNED, 2)


def test_failures_of_a_slow_server_do_not_blame_an_exact_round_robin() -> None:
    async def story() -> tuple[list[Sample], tuple[tuple[str, int], ...]]:
        async with servers("a", "b", "slow") as all_three:
            all_three[2].service.set_faults(Faults(5000))
            options = round_robin(all_three, count=1200, interval=0.001, timeout=1.5, run="here")
            samples = await samples_of(options)
            return samples, tuple((each.name, each.service.stats.of("here").received) for each in all_three)

    samples, received = asyncio.run(story())
    counts = tallied(samples).counts
    alone, settled = (judge(each, Expectation(count=3, max_error_ratio=1.0, tolerance=0.3))
                      for each in (counts, replace(counts, received=received)))  # fmt: skip

    assert counts.failed >= 300
    assert (alone.outcome, alone.fingerprint) == (Outcome.INCONCLUSIVE, "")
    assert alone.reasons[0].code == "failures_hide"
    assert settled.outcome is Outcome.BALANCED


@pytest.mark.parametrize("in_flight", [0, 8], ids=["an open loop", "a cap that binds"])
def test_what_a_client_waits_for_is_not_charged_to_the_healthy_server(in_flight: int) -> None:
    async def story() -> list[Sample]:
        async with servers("healthy", "slow") as both:
            both[1].service.set_faults(Faults(200))
            return await samples_of(round_robin(both, count=100, concurrency=in_flight))

    summary = tallied(asyncio.run(story()))
    service = {server.server: server.service for server in summary.servers}

    healthy, slow = service["healthy"], service["slow"]
    assert healthy is not None
    assert slow is not None
    assert healthy.p50 < 0.1 < 0.19 < slow.p50
    assert (summary.latency is None) is (summary.latency_missing == "late")
    assert not in_flight or summary.latency is None, "what waited for the cap is no latency"
