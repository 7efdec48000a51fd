"""`lbdemo logs client|server`: the logs of all pods of a release, live."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import errors

if TYPE_CHECKING:
    from lbdemo.cluster.follow.logs import Sink
    from lbdemo.render.live_logs import LiveLines
    from lbdemo.render.logs import LogLines


class Release(StrEnum):
    """Whose logs."""

    client = "client"
    server = "server"


def logs(
    ctx: typer.Context,
    release: Annotated[Release, typer.Argument(help="Whose logs: the client's or the servers'.")],
    since: Annotated[str, typer.Option(metavar="DURATION", help="Only lines younger than this, such as 90s.")] = "",
    tail: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Begin with the last N lines of each pod.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Wait for more, also from new pods.")] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, with the pod.", envvar="LBDEMO_LOGS_JSON")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="The lines exactly as the pods wrote them.")] = False,
) -> int:
    """Shows the logs of all pods, as they come; for the client, how the servers share the calls.

    With --no-follow all pods' lines are merged by time. The end is Ctrl-C.
    """
    from lbdemo.cli.session import session
    from lbdemo.cluster.follow import logs as cluster
    from lbdemo.cluster.follow.log_pod import Start
    from lbdemo.durations import seconds

    if as_json and raw:
        raise errors.InputError("--json and --raw contradict each other", "give one of them")
    selection = cluster.Selection(cluster.RELEASES[release], Start(seconds(since) if since else None, tail))
    live = follow and not ctx.obj.verbose  # the program calls that -v shows would run into the panel
    with session(ctx.obj, quiet=True, live=False) as here, writing(release, form(as_json, raw), live=live) as sink:
        if not follow:
            cluster.read(here.tools.api, ctx.obj.namespace, selection, sink)
            return errors.OK
        try:
            cluster.follow(here.tools.api, ctx.obj.namespace, selection, sink, here.tools.cancel)
        except KeyboardInterrupt:
            return errors.INTERRUPTED


def form(as_json: bool, raw: bool) -> str:
    """How the lines are written."""
    return "json" if as_json else "raw" if raw else "readable"


@contextlib.contextmanager
def writing(release: Release, wanted: str, *, live: bool) -> Iterator[Sink]:
    """Takes the lines; at the end says on stderr what they came to, unless nobody reads any more."""
    os.set_blocking(sys.stdout.fileno(), True)
    terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if live and terminal and wanted == "readable":
        sink: LiveLines | LogLines = live_lines(release)
    else:
        sink = log_lines(release, wanted, terminal=terminal)
    try:
        yield sink
    finally:
        sink.close()
    print(sink.summary(), file=sys.stderr)


def live_lines(release: Release) -> LiveLines:
    """For a terminal."""
    from lbdemo.cli.session import console
    from lbdemo.cluster.follow.logs import RELEASES
    from lbdemo.render.live_logs import LiveLines, LiveSamples

    kind = LiveSamples if release is Release.client else LiveLines
    return kind(console(), RELEASES[release])


def log_lines(release: Release, wanted: str, *, terminal: bool) -> LogLines:
    """For a pipe or a file, or for a terminal that should show every line."""
    from lbdemo.cli.streams import colour
    from lbdemo.render.logs import JsonLines, PlainLines, PlainSamples, RawLines

    if wanted != "readable":
        return (JsonLines if wanted == "json" else RawLines)(sys.stdout.buffer, sys.stderr)
    kind = PlainSamples if release is Release.client else PlainLines
    return kind(sys.stdout.buffer, sys.stderr, terminal=terminal, colour=colour(sys.stdout))
