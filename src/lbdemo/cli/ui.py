"""`lbdemo ui`: the page before the servers in the cluster, in your browser."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from lbdemo import config
from lbdemo.cli import options
from lbdemo.errors import INTERRUPTED


def ui(
    ctx: typer.Context,
    port: options.Port = 0,
    no_open: options.NoOpen = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="A page without buttons that change the cluster.")
    ] = False,
    envoy_image: Annotated[
        str, typer.Option(metavar="NAME[:TAG]", help="Envoy's image (that serves the page).")
    ] = config.ENVOY_IMAGE,
    timeout: options.Timeout = "5m",
    yes: options.Yes = False,
) -> int:
    """Shows calls from your browser to what `up` has installed, coloured by the pod that answered; until Ctrl-C.

    Brings an Envoy that serves the page, which `up` keeps and `clean` takes away with the rest.
    """
    from lbdemo.cli.browsing import check_port, show
    from lbdemo.cli.session import say, session
    from lbdemo.durations import seconds

    check_port(port)
    place = config.Place(ctx.obj.context, config.check_namespace(ctx.obj.namespace))
    image, limit = config.check_image(envoy_image), seconds(timeout)
    with contextlib.suppress(KeyboardInterrupt), session(ctx.obj, yes=yes, changes=True) as here:
        from lbdemo.cluster.install.bringing import Wish, bring
        from lbdemo.cluster.page.page import page
        from lbdemo.tools.runner import Runner

        if not bring(here.tools, Wish(place, image, limit), here.cleanup, here.reporter):
            say("the page is there already")
        trace = (lambda line: say(f"+ {line}")) if ctx.obj.verbose else None
        with page(here.tools, Runner(trace), place.namespace, say, port=port, read_only=read_only) as served:
            show(served.url, no_open=no_open)
            served.stay()
    return INTERRUPTED
