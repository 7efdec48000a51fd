"""What is lost when a server stops under load: plain, with gRPC's retries, and where no connection outlives the drain.

Two servers behind a relay that stands for a Service: it gives new connections to whoever is not leaving. One server
gets SIGTERM in the middle of the load; everything is counted at the client, and attempts at both ends. Each call is due
on a grid, through so many connections. With an age below the drain, gRPC itself renews all connections before the stop.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.peer import read_stats
from lbdemo.records import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator


RATE, BEFORE, AFTER = 400.0, 2.0, 2.0
LIMIT = 90.0  # seconds that one case may take
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Case:
    """One stop. `age` and `drain` are in seconds, `size` is in bytes."""

    connections: int
    retry: bool = False
    age: float = 0.0
    drain: float = 1.0
    size: int = 5

    @property
    def rate(self) -> float:
        return RATE if self.size < MEGABYTE else RATE / 10


CASES = (
    *(Case(connections, retry) for connections in (100, 400, 800) for retry in (False, True)),
    *(Case(20, retry, size=MEGABYTE) for retry in (False, True)),
    *(Case(connections, age=2.0, drain=3.0) for connections in (100, 800)),
)


@contextmanager
def server(case: Case) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    argv = [sys.executable, "-m", "lbdemo", "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    argv += ["--drain", f"{case.drain}s", "--max-connection-age", f"{case.age}s"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout
            words = served.stdout.readline().split()
            yield served, words[2], words[-1]
        finally:
            served.kill()


async def relay(backends: list[str]) -> None:
    """New connections go to the backends in turn. A line on stdin takes the first one off the list: the connections
    that it has are left to it, as those of a pod are when its endpoint is taken away."""
    turn = 0

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        turn += 1
        host, port = backends[turn % len(backends)].rsplit(":", 1)
        try:
            inner, outer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(pass_on(reader, outer), pass_on(inner, writer))

    relaying = await asyncio.start_server(connect, "127.0.0.1", 0, backlog=4096)
    print(f"127.0.0.1:{relaying.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    del backends[0]
    print("left", flush=True)
    await relaying.serve_forever()


@contextmanager
def service(*backends: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    argv = [sys.executable, __file__, *backends]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as relaying:
        try:
            assert relaying.stdout
            yield relaying, relaying.stdout.readline().strip()
        finally:
            relaying.kill()


async def stop_one(case: Case, leaves: subprocess.Popen[str], relaying: subprocess.Popen[str], to: str) -> list[Sample]:
    samples, stop = list[Sample](), asyncio.Event()
    options = LoadOptions(
        to, "x" * case.size, 1 / case.rate, connections=case.connections, retry=case.retry, wait=20, timeout=10
    )
    load = asyncio.create_task(run_load(options, samples.append, stop))
    while len(samples) < BEFORE * case.rate:
        await asyncio.sleep(0.1)
    assert relaying.stdin
    assert relaying.stdout
    print("leave", file=relaying.stdin, flush=True)
    await asyncio.to_thread(relaying.stdout.readline)
    leaves.terminate()
    await asyncio.to_thread(leaves.wait)
    await asyncio.sleep(AFTER)
    stop.set()
    await load
    return samples


def measure(case: Case) -> str:
    with ExitStack() as stack:
        (leaves, one, _), (_, two, admin) = (stack.enter_context(server(case)) for _ in range(2))
        relaying, target = stack.enter_context(service(one, two))
        samples = asyncio.run(asyncio.wait_for(stop_one(case, leaves, relaying, target), LIMIT))
        stayed = read_stats(admin)
    lost = Counter(sample.code for sample in samples if not sample.ok)
    further = sum(sample.attempts - 1 for sample in samples)
    how = f"age {case.age:g} s, drain {case.drain:g} s" if case.age else "retries" if case.retry else "plain"
    codes = ", ".join(f"{code} {number}" for code, number in sorted(lost.items())) or "-"
    return (
        f"| {case.connections} | {case.size} | {how} | {len(samples)} | {lost.total()} | {codes} "
        f"| {further} | {stayed.retries} |"
    )


def main() -> None:
    print("| connections | bytes | how | calls | lost | codes | further attempts | of them seen by the other server |")
    print("|---|---|---|---|---|---|---|---|")
    for case in CASES:
        print(measure(case), flush=True)


if __name__ == "__main__":
    asyncio.run(relay(sys.argv[1:])) if sys.argv[1:] else main()
