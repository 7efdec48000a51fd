"""`lbdemo demo`: the whole story on this machine, without a cluster."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo.cli import options, output
from lbdemo.errors import INTERRUPTED, InputError

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.local.options import DemoOptions
    from lbdemo.records import Report, Sample


class Drill(StrEnum):
    """Further acts."""

    slow = "slow"


def demo(
    ctx: typer.Context,
    servers: Annotated[
        int, typer.Option(min=2, max=10, metavar="N", help="Echo servers.", envvar="LBDEMO_DEMO_SERVERS")
    ] = 3,
    calls: Annotated[
        int,
        typer.Option(min=0, max=1_000_000, metavar="N", help="RPCs to judge (each act; 0: as many as it takes)."),
    ] = 0,
    rate: Annotated[
        float,
        typer.Option(
            min=0,
            max=100_000,
            metavar="RPC/S",
            help="RPCs a second (0: well below what this machine holds now).",
            envvar="LBDEMO_DEMO_RATE",
        ),
    ] = 0.0,
    drill: Annotated[
        Drill | None,
        typer.Option(
            help="Three more acts, with one of 3 or more servers made slow.",
            show_default=False,
            envvar="LBDEMO_DEMO_DRILL",
        ),
    ] = None,
    tls: Annotated[
        bool,
        typer.Option(
            "--tls", help="One more act: the same calls with TLS, and what that costs.", envvar="LBDEMO_DEMO_TLS"
        ),
    ] = False,
    trace: Annotated[
        bool,
        typer.Option(
            "--trace",
            help="A trace of each call, from its caller to its server (needs lbdemo[trace]).",
            envvar="LBDEMO_DEMO_TRACE",
        ),
    ] = False,
    ui: Annotated[
        bool,
        typer.Option(
            "--ui", help="The page instead of the acts: calls from your browser, until Ctrl-C.", envvar="LBDEMO_DEMO_UI"
        ),
    ] = False,
    port: options.Port = 0,
    no_open: options.NoOpen = False,
    as_json: options.AsJson = False,
    junit: output.Junit = "",
    html: output.Html = "",
) -> int:
    """Shows on this machine what a connection hides: real servers, a TCP proxy, a real Envoy, and verdicts.

    Exits with 0 when every act came out as it should, with 1 when not. Without Envoy the acts that need it are skipped.
    """
    from lbdemo.local.options import DemoOptions

    check_together(ctx, ui=ui)
    if ui:
        return shown(servers, port, no_open=no_open, trace=trace)
    output.check_writable(junit, html)
    if rate and not rate >= 1:
        raise InputError(
            f"--rate {rate:g} is out of range", "it must be 0 (what this machine holds now), or from 1 to 100000"
        )
    wanted = DemoOptions(servers, calls, rate, drill.value if drill else "", tls, trace)
    return output.give(played(wanted), as_json=as_json, junit=junit, html=html)


ACTS_ONLY = {
    "calls": "--calls", "rate": "--rate", "drill": "--drill", "tls": "--tls", "as_json": "--json",
    "junit": "--junit", "html": "--html",
}  # fmt: skip
PAGE_ONLY = {"port": "--port", "no_open": "--no-open"}


def check_together(ctx: typer.Context, *, ui: bool) -> None:
    """Refuses options that have no effect with the page, or without it; raises InputError."""
    from lbdemo.cli.main import given

    for name, option in (ACTS_ONLY if ui else PAGE_ONLY).items():
        if given(ctx, name):
            raise InputError(f"{option} has no effect {'with' if ui else 'without'} --ui", "leave one of them out")


def shown(servers: int, port: int, *, no_open: bool, trace: bool) -> int:
    """Serves the page until Ctrl-C."""
    from lbdemo.cli.browsing import check_port, show
    from lbdemo.cli.session import say
    from lbdemo.local.page import page

    check_port(port)
    say(f"starting {servers} servers, a TCP proxy and Envoy")
    with contextlib.suppress(KeyboardInterrupt), page(servers, port, trace=trace) as served:
        show(served.url, no_open=no_open)
        served.stay()
    return INTERRUPTED


def played(wanted: DemoOptions) -> Report:
    """Plays it before whoever looks at stderr."""
    from lbdemo import __version__
    from lbdemo.local.demo import play
    from lbdemo.records import Report

    started = output.now()
    outcome = play(wanted, audience())
    return Report("demo", __version__, started, outcome.results, outcome.environment, outcome.skipped, outcome.broken)


def audience() -> Audience:
    """Live bars on a terminal, plain lines otherwise."""
    if not sys.stderr.isatty():
        return Audience(None)
    from lbdemo.cli.session import stderr_console

    return Audience(stderr_console())


class Audience:
    """Is told what happens, a line each; with a console it sees the bars grow, too."""

    def __init__(self, console: Console | None) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """One line on stderr."""
        from lbdemo.cli.session import say

        say(text)

    @contextlib.contextmanager
    def watch(self, title: str, calls: int, servers: Sequence[str]) -> Iterator[Callable[[Sample], None]]:
        """Bars while the act lasts."""
        if self._console is None:
            yield lambda _: None
            return
        from lbdemo.render.bars import LiveBars

        with LiveBars(self._console, title, calls, servers) as bars:
            yield bars.add
