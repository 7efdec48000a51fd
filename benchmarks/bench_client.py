"""The client, without and with metrics and traces, beside a bare grpcio loop of the same concurrency, as ratios.

Every call of ours becomes a Sample, a line of JSON in a pipe, and part of the summary; the bare loop drops its answers.
Both run in one process in turns, against the same server; this process reads the pipe.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import grpc
from bench_server import OURS, running

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.cli.lines import LineFormat, Lines
from lbdemo.echo.client_metrics import client_metrics, metered
from lbdemo.echo.load import loop_for, run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.stream_caller import caller
from lbdemo.echo.tracing import CLIENT, tracing
from lbdemo.local.processes import ProcessGroup
from lbdemo.local.traces import start_collector

if TYPE_CHECKING:
    from collections.abc import Callable

    from lbdemo.echo.stream_caller import Make

ROUNDS, CALLS = 10, 2000


def bare(target: str, in_flight: int) -> None:
    asyncio.run(bare_loop(target, in_flight))


async def bare_loop(target: str, in_flight: int) -> None:
    left = CALLS
    async with grpc.aio.insecure_channel(target) as channel:
        stub = echo_pb2_grpc.EchoStub(channel)
        request = echo_pb2.EchoRequest(message="hello")

        async def worker() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await stub.EchoMessage(request, timeout=10)

        await asyncio.gather(*(worker() for _ in range(in_flight)))


def ours(target: str, in_flight: int, make: Make = caller, *, trace: bool = False) -> float:
    """Returns the p99 of its calls, in seconds."""
    options = LoadOptions(target, interval=0, count=CALLS, concurrency=in_flight, run="bench", trace=trace)
    with asyncio.Runner(loop_factory=lambda: loop_for(options.interval)) as runner:
        lines = Lines(LineFormat.json, lambda: False)
        latency = runner.run(run_load(options, lines.add, flush=lines.write, make=make)).summary.latency
    assert latency is not None
    assert latency.p99 is not None
    return latency.p99


def metrics(target: str) -> None:
    """What counting for Prometheus costs, in turns with the same client that does not."""
    told = metered(client_metrics(target))
    for in_flight in (1, 10, 50):
        rounds = [[timed(target, in_flight, make) for make in (caller, told)] for _ in range(ROUNDS)][1:]
        rate, tail = (statistics.median(with_[n] / without[n] for without, with_ in rounds) for n in (0, 1))
        print(
            f"client with --metrics, {in_flight} in flight: {rate:.2f} of the calls/s, {tail:.2f} of the p99",
            file=sys.stderr,
        )


def traces(target: str) -> None:
    """What spans cost, told to a collector in a process of its own, in turns with the same client that tells none."""
    with ProcessGroup() as group:
        endpoint = start_collector(group).endpoint
        for in_flight in (1, 10, 50):
            with tracing(CLIENT, os.environ, endpoint=endpoint) as active:
                rounds = [[timed(target, in_flight, trace=each) for each in (False, True)] for _ in range(ROUNDS)][1:]
            rate, tail = (statistics.median(with_[n] / without[n] for without, with_ in rounds) for n in (0, 1))
            said = f"{rate:.2f} of the calls/s, {tail:.2f} of the p99, {active.spans.lost} spans lost"
            print(f"client with --trace, {in_flight} in flight: {said}", file=sys.stderr)


def timed(target: str, in_flight: int, make: Make = caller, *, trace: bool = False) -> tuple[float, float]:
    """Calls/s, and the p99 in seconds."""
    begun = time.perf_counter()
    tail = ours(target, in_flight, make, trace=trace)
    return CALLS / (time.perf_counter() - begun), tail


def cost(work: Callable[[str, int], object], target: str, in_flight: int) -> tuple[float, float]:
    """Calls/s, and CPU in µs a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(target, in_flight)
    return CALLS / (time.perf_counter() - wall), (time.process_time() - cpu) / CALLS * 1e6


def measure(target: str, in_flight: int) -> None:
    rounds = [(cost(ours, target, in_flight), cost(bare, target, in_flight)) for _ in range(ROUNDS)][1:]
    (rate, cpu), (bare_rate, bare_cpu) = (
        [statistics.median(pair[who][what] for pair in rounds) for what in (0, 1)] for who in (0, 1)
    )
    ratio = statistics.median(mine[0] / theirs[0] for mine, theirs in rounds)
    print(f"client, {in_flight} in flight: {rate:.0f} calls/s, {cpu:.0f} µs of CPU a call", file=sys.stderr)
    print(
        f"  bare grpcio aio loop: {bare_rate:.0f} calls/s, {bare_cpu:.0f} µs; ratio {ratio:.2f} (aim: 0.85)",
        file=sys.stderr,
    )


MORE = {"metrics": metrics, "traces": traces}


def main() -> None:
    with running(OURS) as (_, target):
        for in_flight in ("1", "10", "50", *MORE):
            argv = [sys.executable, __file__, target, in_flight]
            with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
                assert process.stdout
                while os.read(process.stdout.fileno(), 1 << 16):
                    pass


if __name__ == "__main__":
    if sys.argv[1:]:
        what = MORE.get(sys.argv[2])
        what(sys.argv[1]) if what else measure(sys.argv[1], int(sys.argv[2]))
    else:
        main()
