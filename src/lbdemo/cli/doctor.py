"""`lbdemo doctor`: is this machine, this cluster, this user fit for a command? Nothing is changed."""

from __future__ import annotations

from typing import Annotated

import typer

from lbdemo.cli import examination, options
from lbdemo.config import check_choice


def doctor(
    ctx: typer.Context,
    strategy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"How requests reach the pods: {', '.join(options.strategies())} (default: none in particular).",
            autocompletion=options.strategies,
        ),
    ] = "",
    command: Annotated[
        str,
        typer.Option(
            "--for", metavar="COMMAND", help="For which command: up, verify, diagnose or compare.",
            autocompletion=lambda: examination.COMMANDS,
        ),
    ] = "up",
    registry: options.Registry = "",
    form: examination.Format = "text",
) -> int:  # fmt: skip
    """Says whether machine, cluster and user are fit for a command, and how to mend what is not. Changes nothing."""
    check_choice(form, examination.FORMS, "--output")
    from lbdemo.cli.main import given_somehow

    wanted = options.strategy(strategy) if strategy else ""
    named = given_somehow(ctx, "namespace")
    asked = examination.Wanted(check_choice(command, examination.COMMANDS, "--for"), wanted, registry, named)
    return examination.give(examination.examined(ctx.obj, asked), form)
