"""One of the processes that share a load: `python -m lbdemo.echo.part`, started and told by `team.py`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from lbdemo.echo.drive import Go, cancel
from lbdemo.echo.grid import loop_for
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.tls import ClientTls
from lbdemo.echo.tracing import CLIENT, tracing
from lbdemo.records.sample import Sample, encode


class Part:
    """A part of the load, and its talk with the process that started it."""

    def __init__(self, index: int, of: int) -> None:
        self.index, self.of = index, of
        self.stop = asyncio.Event()
        self._go: asyncio.Future[Go | None] = asyncio.get_running_loop().create_future()

    async def go(self, sent: int) -> Go | None:
        """Says that it is ready, and after how many calls; waits for the word to begin."""
        say(json.dumps({"ready": sent}))
        return await self._go

    async def listen(self, stdin: asyncio.StreamReader) -> None:
        """Hears when to begin, and then stdin's end, which ends the load whatever it is doing."""
        told = await stdin.readline()
        self._go.set_result(Go(**json.loads(told)) if told else None)
        await stdin.read()
        self.stop.set()


def say(lines: str) -> None:
    """One or more lines, at once."""
    sys.stdout.write(f"{lines}\n")
    sys.stdout.flush()


def load_options(told: dict[str, Any]) -> LoadOptions:
    """The options as JSON has them."""
    tls = told["tls"] and ClientTls(**{name: path and Path(path) for name, path in told["tls"].items()})
    return LoadOptions(**{**told, "tls": tls or None, "names": tuple(told["names"])})


async def run(told: dict[str, Any]) -> None:
    """Makes this part of the load, and says all."""
    stdin, kept = asyncio.StreamReader(), list[str]()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)

    def keep(sample: Sample) -> None:
        kept.append(encode(sample))

    def flush() -> None:
        lines = "\n".join(kept)
        kept.clear()
        say(lines)

    part = Part(told["index"], told["of"])
    listening = asyncio.create_task(part.listen(stdin))
    report = await run_load(load_options(told["options"]), keep, part.stop, flush=flush, team=part)
    say(json.dumps({"abandoned": report.abandoned, "reasons": dict(report.reasons)}))
    await cancel(listening)


def main() -> None:
    """Reads what to do from the first line of stdin, byte by byte: the rest is the event loop's."""
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(sys.stdin.fileno(), 1)
        if not more:
            return
        line += more
    told = json.loads(line)
    with (
        tracing(CLIENT, os.environ) if told["options"]["trace"] else nullcontext() as traced,
        asyncio.Runner(loop_factory=lambda: loop_for(told["options"]["interval"])) as runner,
    ):
        runner.run(run(told))
    if traced and traced.words:
        sys.stderr.write(f"traces: {traced.words}\n")


if __name__ == "__main__":
    main()
