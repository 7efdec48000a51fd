"""`lbdemo trace`: each call seen whole, hop by hop, or what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lbdemo.cli import options, output
from lbdemo.errors import ANSWER_IS_NO, OK

if TYPE_CHECKING:
    from lbdemo.cluster.trial.trace import Traced, TraceOptions

SCHEMA = "lbdemo.trace/1"


def trace(
    ctx: typer.Context,
    calls: Annotated[
        int, typer.Option(min=1, max=5000, metavar="N", help="RPCs to trace.", envvar="LBDEMO_TRACE_CALLS")
    ] = 100,
    rate: Annotated[float, typer.Option(min=1, metavar="RPC/S", help="RPCs a second (at fixed times).")] = 50.0,
    timeout: Annotated[
        str, typer.Option("--deadline", "--timeout", metavar="DURATION", help="The deadline of each RPC.")
    ] = "5s",
    query: Annotated[
        str,
        typer.Option(
            metavar="SERVICE.NS[:PORT][/PATH]",
            help="Who answers for the spans: Jaeger's query service (default: what `up --trace` installed).",
            show_default=False,
        ),
    ] = "",
    as_json: options.AsJson = False,
    html: output.Html = "",
) -> int:
    """Sends RPCs and proves by their traces which way each took. Exits with 0: all were seen whole, 1: not."""
    from lbdemo.cluster.trial.trace import TraceOptions
    from lbdemo.config import check_rate
    from lbdemo.durations import seconds

    output.check_writable("", "", html)
    record = traced(ctx.obj, TraceOptions(calls, check_rate(rate), seconds(timeout)), query)
    output.hand_out(lambda: show(record, as_json=as_json), {html: lambda: page(record)})
    return OK if record["ok"] else ANSWER_IS_NO


def page(record: dict[str, Any]) -> str:
    """It as a page."""
    from lbdemo.render.trace_run import trace_run_page

    return trace_run_page(record)


def traced(globals_: options.Globals, wanted: TraceOptions, query: str) -> dict[str, Any]:
    """Runs it, and gives its record."""
    from lbdemo.cli.session import say, session
    from lbdemo.cli.verify import environment
    from lbdemo.config import Place

    started = output.now()
    with session(globals_, live=False) as here:
        from lbdemo.cluster.trial.backend import backend_of
        from lbdemo.cluster.trial.trace import check_traced, trace
        from lbdemo.cluster.trial.verify import read_installation

        place = Place(globals_.context, globals_.namespace)
        installation = read_installation(here.tools.api, place)
        check_traced(installation)
        backend = backend_of(installation.otlp, place.namespace, query)
        found = trace(here.tools, place, wanted, installation, backend, say)
    return to_record(found, started, environment(installation, here.context.name, globals_.namespace))


def to_record(found: Traced, started: str, where: dict[str, str]) -> dict[str, Any]:
    """What `--json` prints; times are in milliseconds (see `traces.record`)."""
    from lbdemo import __version__
    from lbdemo.traces.record import proof_record

    return {
        "schema": SCHEMA,
        "command": "trace",
        "version": __version__,
        "started": started,
        "ok": found.holds,
        "environment": where,
        "answered": found.answered,
        "backend": str(found.backend),
        "away": found.away,
        "spans": {"made": found.spans.made, "lost": found.spans.lost, "why": found.spans.why},
        "traces": proof_record(found.proof),
    }


def show(record: dict[str, Any], *, as_json: bool) -> None:
    """Prints it on stdout."""
    import json

    if as_json:
        print(json.dumps(record, indent=2))
        return
    from lbdemo.render.trace_run import print_trace_run

    with output.shown(output.PIPED_WIDTH) as console:
        print_trace_run(console, record)
