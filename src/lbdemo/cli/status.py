"""`lbdemo status`: releases, pods, sidecars, strategy, image, at a glance."""

from __future__ import annotations

import json
import sys

import typer

from lbdemo.cli import options

PIPED_WIDTH = 1000  # columns where nobody sees them end: names are not cut


def status(ctx: typer.Context, as_json: options.AsJson = False) -> int:
    """Shows what is installed: releases, pods, sidecars, strategy, image."""
    from lbdemo.cli.session import console, session

    with session(ctx.obj, quiet=True) as here:
        from lbdemo.cluster.status import status as read
        from lbdemo.config import Place

        if not as_json:
            from lbdemo.render.status import print_status
        record = read(here.tools, Place(ctx.obj.context, ctx.obj.namespace), here.context).to_dict()
    if as_json:
        print(json.dumps(record, indent=2))
        return 0
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    print_status(console(width=width), record)
    return 0
