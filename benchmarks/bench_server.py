"""The echo server beside a bare grpcio handler of the same kind: RPC/s and memory, as ratios.

Both run at once, each in its own process, and are called in turns, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import asyncio
import re
import signal
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS, CALLS, IN_FLIGHT = 12, 1500, 10
OURS = [sys.executable, "-m", "lbdemo", "serve", "--listen", "127.0.0.1:0", "--drain", "0"]
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
            process.send_signal(signal.SIGTERM if argv == OURS else signal.SIGKILL)


async def calls_per_second(stub: echo_pb2_grpc.EchoStub) -> float:
    request, left = echo_pb2.EchoRequest(message="hello"), CALLS

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await stub.EchoMessage(request, timeout=10)

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return CALLS / (time.perf_counter() - start)


async def measure(ours: str, bare: str) -> list[tuple[float, float]]:
    """Pairs of RPC/s: ours, bare. The first round warms up."""
    async with grpc.aio.insecure_channel(ours) as one, grpc.aio.insecure_channel(bare) as two:
        stubs = echo_pb2_grpc.EchoStub(one), echo_pb2_grpc.EchoStub(two)
        return [(await calls_per_second(stubs[0]), await calls_per_second(stubs[1])) for _ in range(ROUNDS)][1:]


def resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def main() -> None:
    with running(OURS) as (our_pid, ours), running(BARE) as (bare_pid, bare):
        pairs = asyncio.run(measure(ours, bare))
        memory = resident_mb(our_pid), resident_mb(bare_pid)
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    print(f"server, {IN_FLIGHT} in flight: {statistics.median(p[0] for p in pairs):.0f} RPC/s")
    print(
        f"  bare grpcio aio handler:  {statistics.median(p[1] for p in pairs):.0f} RPC/s; ratio {ratio:.2f} (aim: 0.95)"
    )
    print(
        f"  memory under load: {memory[0]:.0f} MB, bare {memory[1]:.0f} MB; {memory[0] - memory[1]:+.0f} MB (aim: 15)"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["bare"]:
        asyncio.run(serve_bare())
    else:
        main()
