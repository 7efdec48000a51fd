"""`lbdemo clean`: removes what lbdemo made and nothing else, then proves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo.cli import options

if TYPE_CHECKING:
    from lbdemo.cluster.cleanup.clean import Remains


def clean(
    ctx: typer.Context,
    istio: Annotated[bool, typer.Option("--istio", help="Remove the Istio that lbdemo installed, too.")] = False,
    timeout: options.Timeout = "5m",
    yes: options.Yes = False,
) -> int:
    """Removes what lbdemo made, compares the cluster with what it was before, and says what is left."""
    from lbdemo.cli.session import session
    from lbdemo.cluster.cleanup.clean import clean as remove
    from lbdemo.config import Place
    from lbdemo.durations import seconds

    limit = seconds(timeout)
    with session(ctx.obj, yes=yes, changes=True) as here:
        place = Place(ctx.obj.context, ctx.obj.namespace)
        remains = remove(here.tools, place, here.cleanup, here.reporter, with_istio=istio, timeout=limit)
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
    return 1 if remains.left or remains.kept_istio else 0


def proof(remains: Remains) -> str:
    """What the sentence rests on."""
    if remains.compared:
        return f" (compared with the {remains.compared} objects that were there before)"
    return " (there was no inventory from before to compare with)"
