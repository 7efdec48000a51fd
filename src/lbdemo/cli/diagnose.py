"""`lbdemo diagnose SERVICE`: why is a service not balanced? Nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import errors
from lbdemo.cli import output
from lbdemo.cli.diagnosis import Format, check, give

if TYPE_CHECKING:
    from lbdemo.cli.session import Session
    from lbdemo.diagnose.evidence import Evidence

Port = Annotated[str, typer.Option(metavar="PORT", help="Which port, by number or name (default: the one for gRPC).")]
From = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="CALLER", help="Look at these callers: POD or deployment/NAME; may be repeated."),
]
Watch = Annotated[str, typer.Option(metavar="DURATION", help="For how long calls are counted.")]
Ignore = Annotated[
    list[str] | None, typer.Option(metavar="CODE", help="Do not tell findings of this code; may be repeated.")
]
FailOn = Annotated[str, typer.Option(metavar="SEVERITY", help="What makes it exit with 1: problem, risk, note, never.")]
Save = Annotated[str, typer.Option(metavar="DIR", callback=output.named, help="Keep all evidence there.")]
Load = Annotated[
    str, typer.Option(metavar="DIR", callback=output.named, help="Judge kept evidence, without a cluster.")
]


def diagnose(
    ctx: typer.Context,
    service: Annotated[str, typer.Argument(metavar="[SERVICE]", help="The service, as NAME or NAMESPACE/NAME.")] = "",
    port: Port = "",
    callers: From = None,
    watch: Watch = "10s",
    ignore: Ignore = None,
    fail_on: FailOn = "problem",
    form: Format = "text",
) -> int:
    """Tells why a service is not balanced: any gRPC service, with or without a mesh. Changes nothing."""
    from lbdemo.diagnose.diagnosis import diagnose as judge

    check(form, fail_on)
    evidence = seen(ctx, service, port, callers or [], watch)
    return give(judge(evidence, ignore or ()), form, fail_on)


def seen(ctx: typer.Context, service: str, port: str, callers: list[str], watch: str) -> Evidence:
    """What can be seen of the service on the cluster."""
    from lbdemo.cli.session import say, session
    from lbdemo.diagnose.collect.asked import Asked, Means
    from lbdemo.diagnose.collect.gather import gather
    from lbdemo.durations import seconds

    with session(ctx.obj, quiet=True, live=False) as here:
        namespace, name = place(ctx, here, service)
        say(f"{here.context}, namespace {namespace}")
        asked = Asked(namespace, name, port, tuple(callers), seconds(watch))
        return gather(asked, Means(here.tools.api, here.tools.kubectl, say))


def place(ctx: typer.Context, here: Session, service: str) -> tuple[str, str]:
    """Namespace and name of the service: as it is written, else -n's, else that of the kubeconfig context."""
    from lbdemo.cli.main import given_somehow

    before, _, name = service.rpartition("/")
    if not name:
        raise errors.InputError("which service? give its name", "`kubectl get services` lists those of a namespace")
    if before in ("", "svc", "service", "services"):
        before = ctx.obj.namespace if given_somehow(ctx, "namespace") else here.context.namespace or "default"
    return before, name
