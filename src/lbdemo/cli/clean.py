"""`lbdemo clean`: removes what lbdemo made and nothing else, then proves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo.cli import options
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.cluster.cleanup.remains import Remains

NAMED = 20  # makers of others' objects that are named, and scopes that could not be compared
EACH = 5  # objects that are named of each maker


def clean(
    ctx: typer.Context,
    istio: Annotated[
        bool,
        typer.Option("--istio", help="Remove the Istio that lbdemo installed, too.", rich_help_panel=options.SAFETY),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Change nothing (print what would go, and why it is lbdemo's)."),
    ] = False,
    timeout: options.Timeout = "5m",
    yes: options.Yes = False,
) -> int:
    """Removes what lbdemo made, compares the cluster with what it was before, and says what is left."""
    from lbdemo.cli.session import say, session
    from lbdemo.cluster.cleanup import clean as cleaning
    from lbdemo.config import Place
    from lbdemo.durations import seconds

    limit = seconds(timeout)
    with session(ctx.obj, yes=yes, changes=not dry_run) as here:
        place = Place(ctx.obj.context, ctx.obj.namespace)
        if dry_run:
            print("\n".join(cleaning.describe(here.tools, place, with_istio=istio, timeout=limit)))
            return 0
        explain = (lambda line: say(f"+ {line}")) if ctx.obj.verbose else cleaning.not_explained
        remains = cleaning.clean(
            here.tools, place, here.cleanup, here.reporter, with_istio=istio, timeout=limit, explain=explain
        )
    return tell(remains, ctx.obj)


def tell(remains: Remains, here: options.Globals) -> int:
    """Says what was found, on stdout; exit code 1 when something is left that should not be."""
    if remains.nothing_to_do and not remains.kept_istio:
        print(f"nothing to clean in namespace {here.namespace}")
    for other in remains.elsewhere:
        print(f"lbdemo is also in namespace {other}; `{here.typed(other)} clean` removes it")
    if remains.istio_stays and not remains.kept_istio:
        print(f"Istio stays; `{here.typed()} clean --istio` removes it")
    if remains.kept_istio:
        print(f"Istio stays: {remains.kept_istio}")
    if remains.left:
        print("left in the cluster:")
        print(
            "\n".join(f"  {item}: {reason or 'it should have gone; why is unknown'}" for item, reason in remains.left)
        )
    elif not remains.nothing_to_do and not remains.kept_istio:
        print(f"nothing left{proof(remains)}")
    for line in beside(remains):
        print(line)
    return 1 if remains.left or remains.kept_istio else 0


def proof(remains: Remains) -> str:
    """What the sentence rests on."""
    seen = " of what could be seen" if remains.unseen else ""
    if remains.compared:
        return f"{seen} (compared with the {count(remains.compared, 'object')} that were there before)"
    return f"{seen} (there was no inventory from before to compare with)"


def beside(remains: Remains) -> list[str]:
    """What others made meanwhile, and what could not be compared, with what would settle the first of it."""
    from lbdemo.cluster.cleanup.items import some

    lines = []
    makers = list(dict.fromkeys(maker for _, maker in remains.others))
    if makers:
        lines.append("new since then, and not lbdemo's:")
    made = {maker: [item for item, its in remains.others if its == maker] for maker in makers[:NAMED]}
    lines += [f"  {some(items, EACH)}: {maker}" for maker, items in made.items()]
    if len(makers) > NAMED:
        lines.append(f"  and those of {len(makers) - NAMED} more")
    for reason in dict.fromkeys(gap.reason for gap in remains.unseen):
        gaps = [gap for gap in remains.unseen if gap.reason == reason]
        hint = f"; {gaps[0].hint}" if gaps[0].hint else ""
        lines.append(f"not compared ({reason}): {some([gap.scope for gap in gaps], NAMED)}{hint}")
    return lines
