"""`lbdemo serve`: the echo server, in a pod or by hand."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo.cli.traces import Trace, traces
from lbdemo.durations import span

if TYPE_CHECKING:
    from lbdemo.echo.server import EchoServer


class ServeFormat(StrEnum):
    """How to say where the server listens."""

    text = "text"
    json = "json"


def serve(
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 takes a free one and prints it.")
    ] = "0.0.0.0:8080",
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="How answers are signed.", show_default="POD_NAME, HOSTNAME or the address"),
    ] = "",
    max_connection_age: Annotated[
        float,
        typer.Option(parser=span, metavar="DURATION", help="Servers close connections older than this (0: never)."),
    ] = 0,
    drain: Annotated[
        float,
        typer.Option(
            parser=span, metavar="DURATION", show_default="3s", help="On SIGTERM, go on serving so long as NOT_SERVING."
        ),
    ] = 3,
    admin: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            show_default="off",
            help="Answer the owner's questions (counts, faults, a sudden end) here, on loopback.",
        ),
    ] = "",
    tls_cert: Annotated[
        str, typer.Option(metavar="FILE", help="Serve with TLS: the certificate, in PEM. A renewed file is noticed.")
    ] = "",
    tls_key: Annotated[str, typer.Option(metavar="FILE", help="Its key, in PEM.")] = "",
    tls_client_ca: Annotated[
        str, typer.Option(metavar="FILE", help="Answer only clients whose certificates are signed by this CA.")
    ] = "",
    metrics: Annotated[
        str,
        typer.Option(metavar="HOST:PORT", show_default="off", help="Tell Prometheus here, over HTTP, of all calls."),
    ] = "",
    trace: Trace = None,
    format: Annotated[  # noqa: A002 - the option's name
        ServeFormat,
        typer.Option(help="The line that says where the server listens.", envvar="LBDEMO_SERVE_FORMAT"),
    ] = ServeFormat.text,
) -> int:
    """Answers echo calls until SIGTERM or Ctrl-C.

    It ends in good order: it says NOT_SERVING, serves on while clients are sent elsewhere, and answers what it has
    read. A client that has not left by then needs --retry; one that has a stream opened here has to open another.
    """
    import asyncio

    from lbdemo.echo import server
    from lbdemo.echo.tls import server_tls
    from lbdemo.echo.tracing import SERVER

    tls = server_tls(tls_cert, tls_key, tls_client_ca)
    with traces(SERVER, trace, server.server_name(name, os.environ)) as traced:
        options = server.server_options(
            listen, name, max_connection_age, drain, os.environ, admin, tls, metrics, traced
        )
        return asyncio.run(server.serve(options, say_json if format == ServeFormat.json else say_text))


def say_text(server: EchoServer) -> None:
    """The line for people, and for who starts a server on port 0."""
    admin = f", admin on {server.admin}" if server.admin else ""
    metrics = f", metrics on {server.metrics}" if server.metrics else ""
    print(f"listening on {server.address} as {server.name}{metrics}{admin}", flush=True)


def say_json(server: EchoServer) -> None:
    """The same for programs."""
    import json

    said = {
        "event": "listening",
        "address": str(server.address),
        "port": server.address.port,
        "server": server.name,
        "admin": str(server.admin) if server.admin else None,
        "metrics": str(server.metrics) if server.metrics else None,
    }
    print(json.dumps(said), flush=True)
