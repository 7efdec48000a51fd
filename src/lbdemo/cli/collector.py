"""`lbdemo collector`: takes the spans of calls, in a pod or by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lbdemo.echo.collector import Collecting


def collector(
    otlp: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="Where to take spans, by OTLP over gRPC; port 0 takes a free one.",
            envvar="LBDEMO_COLLECTOR_OTLP",
        ),
    ] = "127.0.0.1:4317",
    query: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="Where to answer over HTTP, as Jaeger's API v3 does.",
            envvar="LBDEMO_COLLECTOR_QUERY",
        ),
    ] = "127.0.0.1:16686",
) -> int:
    """Keeps the traces of the last calls in memory until SIGTERM or Ctrl-C, and shows them as pages."""
    import asyncio

    from lbdemo.echo.address import parse_address
    from lbdemo.echo.collecting import Pages, collect
    from lbdemo.render.trace_html import trace_list, trace_page

    return asyncio.run(collect(parse_address(otlp), parse_address(query), say, Pages(trace_page, trace_list)))


def say(collecting: Collecting) -> None:
    """The line for people, and for who starts a collector on port 0."""
    print(f"taking spans on {collecting.otlp}, answering on http://{collecting.query}", flush=True)
