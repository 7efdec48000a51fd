"""`lbdemo diagnose SERVICE`: why is a service not balanced? Nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import errors
from lbdemo.cli import options, output
from lbdemo.cli.diagnosis import FAIL_ON, Format, How, Lost, codes, give
from lbdemo.durations import seconds as span

if TYPE_CHECKING:
    from lbdemo.cli.session import Session
    from lbdemo.diagnose.collect.asked import Asked
    from lbdemo.diagnose.evidence import Evidence

Port = Annotated[
    str,
    typer.Option(
        metavar="PORT", envvar="LBDEMO_DIAGNOSE_PORT", help="Which port, by number or name (default: gRPC's)."
    ),
]
From = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="CALLER", help="Look at these callers: POD or deployment/NAME; may be repeated."),
]
Watch = Annotated[str, typer.Option(metavar="DURATION", help="For how long calls are counted.")]
Everywhere = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="All services that speak gRPC, of all namespaces: a line each.")
]
Selector = Annotated[
    str, typer.Option("--selector", "-l", metavar="LABELS", help="The services with these labels: a line each.")
]
Probe = Annotated[
    str,
    typer.Option(
        metavar="IMAGE", callback=output.named, rich_help_panel=options.SAFETY,
        help="Add a container of this image (with a Python) to pods that have nothing to look with; it stays in them.",
    ),
]  # fmt: skip
Prometheus = Annotated[
    str,
    typer.Option(
        metavar="URL|NAMESPACE/SERVICE[:PORT]", callback=output.named,
        help="Ask this Prometheus for calls and their history (default: one that is found in the cluster).",
    ),
]  # fmt: skip
NoPrometheus = Annotated[bool, typer.Option("--no-prometheus", help="Look for no Prometheus, and ask none.")]
Ignore = Annotated[
    list[str] | None, typer.Option(metavar="CODE", help="Do not tell findings of this code, or of these (LB101,LB204).")
]
FailOn = Annotated[
    str,
    typer.Option(metavar="SEVERITY", help="What makes it exit with 1: problem, risk, note or never.",
                 autocompletion=lambda: FAIL_ON),
]  # fmt: skip
Keep = Annotated[
    str,
    typer.Option(
        "--save", metavar="DIR", envvar="LBDEMO_DIAGNOSE_SAVE", callback=output.named, help="Keep all evidence there."
    ),
]
Load = Annotated[
    str, typer.Option(metavar="DIR", callback=output.named, help="Judge kept evidence; no cluster needed.")
]
Anonymize = Annotated[bool, typer.Option("--anonymize", help="With --save: keep other names in place of yours.")]
LOOKING = {"port": "--port", "callers": "--from", "watch": "--watch", "probe": "--probe", "prometheus": "--prometheus",
           "no_prometheus": "--no-prometheus"}  # fmt: skip
"""Options that say what to look at, by their parameters."""
After = Annotated[str, typer.Option(metavar="DIR", callback=output.named, help="Say what changed since that evidence.")]


def diagnose(
    ctx: typer.Context,
    service: Annotated[str, typer.Argument(metavar="[SERVICE]", help="The service, as NAME or NAMESPACE/NAME.")] = "",
    port: Port = "",
    callers: From = None,
    watch: Watch = "10s",
    probe: Probe = "",
    prometheus: Prometheus = "",
    no_prometheus: NoPrometheus = False,
    everywhere: Everywhere = False,
    selector: Selector = "",
    save: Keep = "",
    anonymize: Anonymize = False,
    load: Load = "",
    after: After = "",
    ignore: Ignore = None,
    fail_on: FailOn = "problem",
    form: Format = "text",
    junit: output.Junit = "",
    html: output.Html = "",
) -> int:
    """Tells why a service is not balanced: any gRPC service, with or without a mesh. Changes nothing.

    Exits with 0 where calls are spread as they were told to be, 1 where something was found, 7 where nobody can tell.
    """
    many = everywhere or bool(selector)
    how = How(form, fail_on, codes(ignore or ()), junit, html, many)
    how.check()
    before = kept(after) if after else None
    check(service, load, save, after, many=many, anonymize=anonymize)
    asked_too = which_prometheus(prometheus, without=no_prometheus)
    seconds = span(watch)
    lost: list[Lost] = []
    if load:
        only_judged(ctx)
        found = [kept(load)]
    else:
        from lbdemo.diagnose.collect.asked import Asked

        asked = Asked("", service, port, tuple(callers or ()), seconds, probe)
        found = seen(ctx, asked, everywhere=everywhere, selector=selector, prometheus=asked_too, lost=lost)
    if save and (not load or from_command_line(ctx, "save")):
        from lbdemo.cli.session import say
        from lbdemo.diagnose.saving import save as keep

        say(f"evidence kept in {keep(found[0], Path(save), anonymous=anonymize)}")
    return give(found, how, lost, before)


def from_command_line(ctx: typer.Context, name: str) -> bool:
    """Whether somebody typed the option: a variable that is set for good means what is looked at."""
    from lbdemo.cli.main import given

    return given(ctx, name)


def only_judged(ctx: typer.Context) -> None:
    """Raises InputError for options that say what to look at: kept evidence is judged as it is."""
    if said := [option for name, option in LOOKING.items() if from_command_line(ctx, name)]:
        raise errors.InputError(f"--load looks at no cluster: {said[0]} means nothing with it", "leave it out")


def kept(folder: str) -> Evidence:
    """Evidence that somebody has kept."""
    from lbdemo.diagnose.saving import load

    return load(Path(folder))


def check(service: str, load: str, save: str, after: str, *, many: bool, anonymize: bool) -> None:
    """Raises InputError for options that contradict each other."""
    if not (service or load or many):
        raise errors.InputError("which service? give its name", "`kubectl get services` lists those of a namespace")
    if sum(map(bool, (service, load, many))) > 1:
        raise errors.InputError("a service, --load, and several services exclude each other")
    if many and (save or after):
        raise errors.InputError("--save and --after are for one service", "name the service")
    if save:
        from lbdemo.diagnose.saving import check as check_folder

        check_folder(Path(save))
    if anonymize and not save:
        raise errors.InputError("--anonymize is for what is kept", "give --save DIR, too")


def which_prometheus(name: str, *, without: bool) -> str | None:
    """The Prometheus to ask: "" for one that is found, None for none. Raises InputError for what makes no sense."""
    if not name:
        return None if without else ""
    from lbdemo.diagnose.collect.prometheus_found import check as check_name

    if without:
        raise errors.InputError("--prometheus and --no-prometheus contradict each other")
    check_name(name)
    return name


def seen(
    ctx: typer.Context, asked: Asked, *, everywhere: bool, selector: str, prometheus: str | None, lost: list[Lost]
) -> list[Evidence]:
    """What can be seen on the cluster of the service, called as it was typed (or of several: ""; those of which nothing
    can be seen are added to `lost`)."""
    from dataclasses import replace

    from lbdemo.cli.session import say, session
    from lbdemo.cluster.doctor.asked import DIAGNOSE
    from lbdemo.cluster.doctor.gate import stop_unfit
    from lbdemo.cluster.install.fitness import fitness
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.diagnose.collect.gather import gather
    from lbdemo.diagnose.collect.many import gather_each, several
    from lbdemo.diagnose.collect.prometheus_found import Finder
    from lbdemo.words import count, duration

    with session(ctx.obj, quiet=True, live=False, others=True) as here:
        namespace, name = place(ctx, here, asked.service)
        say(f"{here.context}, " + ("all namespaces" if everywhere else f"namespace {namespace}"))
        stop_unfit(here.tools, fitness(DIAGNOSE, here.context, namespace))
        asked = replace(asked, namespace=namespace, service=name)
        finder = None if prometheus is None else Finder(here.tools.api, prometheus)
        means = Means(here.tools.api, here.tools.kubectl, say, finder)
        if name:
            return [gather(asked, means)]
        each = several(asked, means, everywhere=everywhere, selector=selector)
        say(f"{count(len(each), 'service')}, {duration(asked.watch)} each")
        return list(gather_each(each, means, lambda asked, error: lost.append(unanswered(asked, error))))


def unanswered(asked: Asked, error: errors.LbdemoError) -> Lost:
    """A service that could not be seen at all; the others are told all the same."""
    from lbdemo.cli.session import say

    say(f"{asked.namespace}/{asked.service}: {error.message}")
    return Lost(asked.namespace, asked.service, error.message)


def place(ctx: typer.Context, here: Session, service: str) -> tuple[str, str]:
    """Namespace and name of the service: as it is written, else -n's, else that of the kubeconfig context."""
    from lbdemo.cli.main import given_somehow
    from lbdemo.cli.session import home

    before, _, name = service.rpartition("/")
    if "/" in before:
        raise errors.InputError(f"{service} is no service's name", "give NAME or NAMESPACE/NAME")
    if before in ("", "svc", "service", "services"):
        before = ctx.obj.namespace if given_somehow(ctx, "namespace") else home(here.context)
    return before, name
