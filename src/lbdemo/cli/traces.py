"""--trace of the commands that run in pods: spans, where somebody wants them, and a word on those that got lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo.errors import InputError

if TYPE_CHECKING:
    from lbdemo.records.spans import Spans

Trace = Annotated[
    bool | None,
    typer.Option(
        "--trace/--no-trace",
        show_default="where OTEL_EXPORTER_OTLP_ENDPOINT is set",
        help="Tell a collector of each call, by OTLP over gRPC (needs lbdemo[trace]); OTEL_* variables say how.",
    ),
]


@contextmanager
def traces(
    service: str, told: bool | None, name: str = "", tell: Callable[[Spans], None] | None = None
) -> Iterator[bool]:
    """Yields whether calls are traced; at the end says on stderr which spans were not delivered, and `tell`s it all.

    Raises InputError where that was asked for and cannot be; where only the environment asks, a line says so.
    """
    from lbdemo.echo import tracing

    if not tracing.wanted(told, os.environ):
        yield False
        return
    with ExitStack() as stack:
        try:
            active = stack.enter_context(tracing.tracing(service, os.environ, name))
        except InputError as error:
            if told:
                raise
            print(f"no traces: {error.message}", file=sys.stderr)
            yield False
            return
        yield True
    if tell is not None:
        tell(active.spans)
    if active.words:
        print(f"traces: {active.words}", file=sys.stderr)
