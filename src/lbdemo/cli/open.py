"""`lbdemo open`: an add-on's pages, or lbdemo's own, in your browser."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from lbdemo import config
from lbdemo.cli import options
from lbdemo.errors import INTERRUPTED

UI = "ui"


def names() -> tuple[str, ...]:
    """What can be opened."""
    from lbdemo.cluster.addons.catalogue import ADDONS

    return (*ADDONS, UI)


def open(  # noqa: A001 - a command's function has its name
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="kiali, jaeger, grafana, prometheus, or ui (lbdemo's own page).", autocompletion=names
        ),
    ],
    port: options.Port = 0,
    no_open: options.NoOpen = False,
    yes: options.Yes = False,
) -> int:
    """Opens the pages of an add-on, lbdemo's or anybody's, wherever it is in the cluster; until Ctrl-C."""
    from lbdemo.cli.browsing import check_port, show
    from lbdemo.cli.session import say, session

    config.check_choice(name, names(), "open")
    if name == UI:
        return own_page(ctx, ["--port", str(port), *(["--no-open"] if no_open else []), *(["--yes"] if yes else [])])
    check_port(port)
    with contextlib.suppress(KeyboardInterrupt), session(ctx.obj, others=True) as here:
        from lbdemo.cluster.addons.catalogue import ADDONS
        from lbdemo.cluster.page.opening import opened
        from lbdemo.tools.runner import Runner

        trace = (lambda line: say(f"+ {line}")) if ctx.obj.verbose else None
        with opened(here.tools, Runner(trace), ADDONS[name], ctx.obj.namespace, say, port=port) as served:
            show(served.url, no_open=no_open)
            served.stay()
    return INTERRUPTED


def own_page(ctx: typer.Context, arguments: list[str]) -> int:
    """Runs `lbdemo ui`, with the variables that its further options read."""
    from lbdemo.cli.main import load

    command = load(UI)
    with command.make_context(UI, arguments, parent=ctx) as inner:
        code: int = command.invoke(inner)
    return code
