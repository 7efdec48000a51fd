"""`lbdemo ui`: the page before the servers in the cluster, in your browser."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import config
from lbdemo.cli import options
from lbdemo.errors import INTERRUPTED

if TYPE_CHECKING:
    from lbdemo.cli.session import Session
    from lbdemo.cluster.page.gateway import Gateway

GATEWAY = "Through a gateway"


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
    gateway: Annotated[
        bool,
        typer.Option(
            "--gateway", help="Calls go through Istio's ingress gateway, not through a port-forward.",
            rich_help_panel=GATEWAY,
        ),
    ] = False,
    gateway_service: Annotated[
        str,
        typer.Option(
            metavar="NAMESPACE/NAME", help="Which gateway, by its Service (default: the one that is there).",
            show_default=False, rich_help_panel=GATEWAY,
        ),
    ] = "",
    timeout: options.Timeout = "5m",
    yes: options.Yes = False,
) -> int:  # fmt: skip
    """Shows calls from your browser to what `up` has installed, coloured by the pod that answered; until Ctrl-C.

    Brings an Envoy that serves the page, which `up` keeps and `clean` takes away with the rest.
    """
    from lbdemo.cli.browsing import check_port, end_with_the_terminal, show
    from lbdemo.cli.session import say, session
    from lbdemo.durations import seconds

    check_port(port)
    place = config.Place(ctx.obj.context, config.check_namespace(ctx.obj.namespace))
    image, limit = config.check_image(envoy_image), seconds(timeout)
    named = config.check_service(gateway_service, "--gateway-service") if gateway_service else ""
    with contextlib.suppress(KeyboardInterrupt), session(ctx.obj, yes=yes, changes=True) as here:
        from lbdemo.cluster.install.bringing import Wish, bring
        from lbdemo.cluster.page.page import page
        from lbdemo.tools.runner import Runner

        end_with_the_terminal()
        entrance = found(here, place.namespace, named) if gateway or named else None
        if not bring(here.tools, Wish(place, image, limit), here.cleanup, here.reporter):
            say("the page is there already")
        trace = (lambda line: say(f"+ {line}")) if ctx.obj.verbose else None
        with page(
            here.tools, Runner(trace), place.namespace, say, port=port, read_only=read_only, gateway=entrance
        ) as served:
            show(served.url, no_open=no_open)
            served.stay()
    return INTERRUPTED


def found(here: Session, namespace: str, named: str) -> Gateway:
    """The gateway, before anything has been changed."""
    from lbdemo.cluster.page import ingress
    from lbdemo.cluster.page.gateway import Gateway

    gateway = Gateway(here.tools, here.fresh_tools, here.reporter, namespace, ingress.find(here.tools.api, named))
    gateway.check()
    return gateway
