"""The echo server, without and with metrics, beside a bare grpcio handler of the same kind: RPC/s, p99, memory.

All run at once, each in its own process, and are called in turns, so that a noisy machine is noisy for all.
"""

from __future__ import annotations

import asyncio
import re
import signal
import statistics
import subprocess
import sys
import time
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROUNDS, CALLS, IN_FLIGHT = 12, 1500, 10
OURS = [sys.executable, "-m", "lbdemo", "serve", "--listen", "127.0.0.1:0", "--drain", "0"]
METERED = [*OURS, "--metrics", "127.0.0.1:0"]
BARE = [sys.executable, __file__, "bare"]


class BareEcho(echo_pb2_grpc.EchoServicer):
    async def EchoMessage(self, request: echo_pb2.EchoRequest, _: object) -> echo_pb2.EchoResponse:  # noqa: N802
        return echo_pb2.EchoResponse(message=request.message, serverID="bare")


async def serve_bare() -> None:
    server = grpc.aio.server()
    echo_pb2_grpc.add_EchoServicer_to_server(BareEcho(), server)
    print(f"listening on 127.0.0.1:{server.add_insecure_port('127.0.0.1:0')} as bare", flush=True)
    await server.start()
    await server.wait_for_termination()


@contextmanager
def running(argv: list[str]) -> Iterator[tuple[int, str]]:
    """The process's id and its address."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.pid, process.stdout.readline().split()[2]
        finally:
            process.send_signal(signal.SIGKILL if argv == BARE else signal.SIGTERM)


async def round_of_calls(stub: echo_pb2_grpc.EchoStub) -> tuple[float, float]:
    """RPC/s of a closed loop, and its p99 in ms."""
    request, left, taken = echo_pb2.EchoRequest(message="hello"), CALLS, list[float]()

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            sent = time.perf_counter()
            await stub.EchoMessage(request, timeout=10)
            taken.append(time.perf_counter() - sent)

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return CALLS / (time.perf_counter() - start), statistics.quantiles(taken, n=100)[98] * 1000


async def measure(addresses: Sequence[str]) -> list[list[tuple[float, float]]]:
    """For each address its rounds, in turns. The first round warms up."""
    async with AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(grpc.aio.insecure_channel(address)) for address in addresses]
        stubs = [echo_pb2_grpc.EchoStub(channel) for channel in channels]
        rounds = [[await round_of_calls(stub) for stub in stubs] for _ in range(ROUNDS)][1:]
    return [list(one) for one in zip(*rounds, strict=True)]


def resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def ratio(mine: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(mine, theirs, strict=True))


def main() -> None:
    with running(OURS) as (our_pid, ours), running(METERED) as (metered_pid, metered), running(BARE) as (pid, bare):
        rounds = asyncio.run(measure([ours, metered, bare]))
        mine, told, least = map(resident_mb, (our_pid, metered_pid, pid))
    (rates, told_rates, bare_rates), (tails, told_tails, _) = ([[x[n] for x in one] for one in rounds] for n in (0, 1))
    print(f"server, {IN_FLIGHT} in flight: {statistics.median(rates):.0f} RPC/s")
    print(
        f"  bare grpcio aio handler:  {statistics.median(bare_rates):.0f} RPC/s; "
        f"ratio {ratio(rates, bare_rates):.2f} (aim: 0.95)"
    )
    print(f"  with --metrics: {ratio(told_rates, rates):.2f} of the RPC/s, {ratio(told_tails, tails):.2f} of the p99")
    print(f"  memory under load: {mine:.0f} MB, bare {least:.0f} MB; {mine - least:+.0f} MB (aim: 15)")
    print(f"  with --metrics: {told - mine:+.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:] == ["bare"]:
        asyncio.run(serve_bare())
    else:
        main()
