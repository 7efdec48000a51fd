"""What becomes of open streams when a server stops: how they end, and how long it takes until all go on elsewhere.

As in `bench_leaving.py`, two servers stand behind a relay that gives new connections to whoever is not leaving, and one
gets SIGTERM. Each connection has one stream, which has no end of its own; whoever loses it opens the next one at once.
A server that "leaves them" does not end its streams, so that gRPC does after its grace, as with a server that knows
nothing of it. With an "age" nobody stops: streams on connections that grow old are seen.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench_leaving import service

from lbdemo.cli.serve import say_text
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.peer import read_stats
from lbdemo.echo.server import GRACE, EchoServer, serve, server_options
from lbdemo.records import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 90.0  # seconds that one case may take
DRAIN = 1.0  # seconds


@dataclass(frozen=True)
class Case:
    """One stop, or (with an `age` in seconds) none. `leaves` are servers that do not end their streams."""

    connections: int
    kind: str = "watch"
    retry: bool = False
    leaves: bool = False
    age: float = 0.0


CASES = (
    *(Case(connections, kind) for connections in (100, 400, 800) for kind in ("watch", "chat")),
    *(Case(connections, retry=True) for connections in (100, 400, 800)),
    *(Case(400, kind, leaves=True) for kind in ("watch", "chat")),
    Case(100, age=2.0),
)


def serve_until_told(age: str, leaves: str) -> None:
    """A server of its own process."""

    def begin(server: EchoServer) -> None:
        if leaves:
            server.service.leave = lambda: None  # type: ignore[method-assign]
        say_text(server)

    asyncio.run(serve(server_options("127.0.0.1:0", "", float(age), DRAIN, {}, "127.0.0.1:0"), begin))


@contextmanager
def server(case: Case) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    argv = [sys.executable, __file__, str(case.age), "leaves" if case.leaves else ""]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout
            words = served.stdout.readline().split()
            yield served, words[2], words[-1]
        finally:
            served.kill()


async def until_all_are_open(case: Case, *admins: str) -> int:
    """Waits for it; returns how many are open at the first server."""
    while True:
        first, *others = [await asyncio.to_thread(read_stats, admin) for admin in admins]
        if first.streams_open + sum(other.streams_open for other in others) >= case.connections:
            return first.streams_open
        await asyncio.sleep(0.1)


async def story(case: Case, stop_one: partial[None], to: str, one: str, two: str) -> tuple[int, list[Sample]]:
    samples, stop = list[Sample](), asyncio.Event()
    options = LoadOptions(
        to, interval=0, concurrency=case.connections, connections=case.connections, retry=case.retry, wait=20,
        timeout=10, stream=case.kind, stream_every=1, stream_length=600,
    )  # fmt: skip
    load = asyncio.create_task(run_load(options, samples.append, stop))
    there = await until_all_are_open(case, one, two)
    if case.age:
        await asyncio.sleep(case.age * 1.1 + GRACE + 1)
    else:
        await asyncio.to_thread(stop_one)
        await until_all_are_open(case, two)
    stop.set()
    await load
    return there, samples


def leave(leaves: subprocess.Popen[str], relaying: subprocess.Popen[str]) -> None:
    assert relaying.stdin
    assert relaying.stdout
    print("leave", file=relaying.stdin, flush=True)
    relaying.stdout.readline()
    leaves.terminate()
    leaves.wait()


async def measure(case: Case) -> str:
    with ExitStack() as stack:
        (leaves, one, first), (_, two, second) = (stack.enter_context(server(case)) for _ in range(2))
        relaying, target = stack.enter_context(service(one, two))
        stop_one = partial(leave, leaves, relaying)
        there, samples = await asyncio.wait_for(story(case, stop_one, target, first, second), LIMIT)
    broken = [sample for sample in samples if sample.answers and not sample.ok]
    unopened = Counter(sample.code for sample in samples if not sample.answers)
    ends = min((sample.sent + sample.lasted for sample in broken), default=0.0)
    again = [sample.due + sample.latency for sample in samples if sample.answers and sample.due >= ends]
    took = max(again, default=ends) - ends
    codes = ", ".join(f"{code} {number}" for code, number in sorted(Counter(s.code for s in broken).items()))
    lost = ", ".join(f"{code} {number}" for code, number in sorted(unopened.items()))
    longest = max((sample.lasted for sample in broken), default=0.0)
    how = f"age {case.age:g} s" if case.age else "leaves them" if case.leaves else "retries" if case.retry else "plain"
    further = sum(sample.attempts - 1 for sample in samples)
    return (
        f"| {case.connections} | {case.kind} | {how} | {there} | {codes or '-'} | {longest:.1f} s | {lost or '0'} "
        f"| {further} | {took * 1000:.0f} ms |"
    )


async def main() -> None:
    """All in one event loop: the end of one would be told to the next."""
    print("| streams | kind | how | open at the one that stops | broken off | the longest lasted | did not open "
          "| further attempts | all went on after |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for case in CASES:
        print(await measure(case), flush=True)


if __name__ == "__main__":
    serve_until_told(*sys.argv[1:]) if sys.argv[1:] else asyncio.run(main())
