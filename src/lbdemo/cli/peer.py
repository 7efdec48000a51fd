"""`lbdemo peer`: asks one server for its counts, makes it slow, sick or dead, or ends a client. Hidden: for pods."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lbdemo.durations import span


class Action(StrEnum):
    """What to ask of the server."""

    stats = "stats"
    fault = "fault"
    crash = "crash"
    end = "end"


def peer(
    action: Annotated[
        Action,
        typer.Argument(help="stats: what it counted; fault: set its faults; crash: end it at once; end: clients here."),
    ],
    target: Annotated[
        str,
        typer.Option(metavar="HOST:PORT", help="What the server was given as --admin.", envvar="LBDEMO_PEER_TARGET"),
    ] = "127.0.0.1:8081",
    run: Annotated[str, typer.Option(metavar="ID", help="A run's name (stats: of it only; end: its client).")] = "",
    delay_ms: Annotated[int, typer.Option(metavar="MS", help="fault: added to every answer.")] = 0,
    unavailable: Annotated[float, typer.Option(metavar="RATIO", help="fault: share of calls that fail, 0 to 1.")] = 0,
    timeout: Annotated[
        float,
        typer.Option("--deadline", "--timeout", parser=span, metavar="DURATION", help="The deadline of each RPC."),
    ] = 5,
) -> int:
    """Asks one server, prints its answer as JSON; `fault` without options heals; `end` ends clients in this pod."""
    import json

    from lbdemo.echo import peer as server

    if action == Action.end:
        from lbdemo.echo.clients import end_clients

        print(json.dumps({"ended": end_clients(run)}))
        return 0
    if action == Action.crash:
        server.crash(target, timeout)
        print(json.dumps({"crashed": target}))
        return 0
    if action == Action.stats:
        answer = server.read_stats(target, run, timeout).to_dict()
    else:
        answer = server.set_faults(target, delay_ms, unavailable, timeout).to_dict()
    print(json.dumps(answer))
    return 0
