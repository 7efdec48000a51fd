"""`lbdemo compare`: strategies side by side on this cluster."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import config
from lbdemo.cli import options, output
from lbdemo.errors import InputError, LbdemoError

if TYPE_CHECKING:
    from lbdemo.cli.session import Session
    from lbdemo.cluster.trial.compare import CompareTools, Comparison
    from lbdemo.records import Report

NO_DRILLS = "none"


def drills() -> tuple[str, ...]:
    """What a shell may complete a drill's name to."""
    from lbdemo.cluster.trial.drills import DRILLS

    return (*DRILLS, NO_DRILLS)


def compare(
    ctx: typer.Context,
    strategies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STRATEGY]...",
            help=f"Of {', '.join(options.strategies())}; default: all that the cluster can run.",
            autocompletion=options.strategies,
        ),
    ] = None,
    drill: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="scale-up, rolling-restart, kill, slow, sick, or none; may be repeated.",
            autocompletion=drills,
        ),
    ] = None,
    replicas: Annotated[int, typer.Option(min=2, max=20, metavar="N", help="Echo servers.")] = 3,
    lb_policy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What chooses a pod for a request (round-robin or least-request).",
            autocompletion=options.policies,
        ),
    ] = "round-robin",
    calls: Annotated[int, typer.Option(min=0, metavar="N", help="RPCs to judge (0: as many as it takes).")] = 0,
    rate: Annotated[float, typer.Option(min=1, metavar="RPC/S", help="RPCs a second (at fixed times).")] = 500.0,
    max_connection_age: Annotated[
        str,
        typer.Option(
            metavar="DURATION", help="Servers close connections older than this (where the strategy needs it)."
        ),
    ] = "",
    trace: Annotated[
        bool,
        typer.Option(
            "--trace",
            help="Measure what each hop costs, too: by traces, after all the rest.",
            envvar="LBDEMO_COMPARE_TRACE",
        ),
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything installed.")] = False,
    registry: options.Registry = "",
    envoy_image: Annotated[str, typer.Option(metavar="NAME[:TAG]", help="Envoy's image.")] = config.ENVOY_IMAGE,
    timeout: options.Timeout = "5m",
    values: options.ValuesFiles = None,
    sets: options.Sets = None,
    cluster_domain: options.ClusterDomain = "",
    istio_version: options.IstioVersion = config.ISTIO_VERSION,
    istio_charts: options.IstioCharts = config.ISTIO_CHARTS,
    istio_values: options.IstioValues = "",
    istio_revision: options.IstioRevision = "",
    plain_http: options.PlainHttp = False,
    as_json: options.AsJson = False,
    junit: output.Junit = "",
    html: output.Html = "",
    yes: options.Yes = False,
) -> int:
    """Installs each strategy in turn, measures it, drills it, and shows them side by side; cleans up at the end."""
    from lbdemo.cluster.trial.compare import Comparison
    from lbdemo.cluster.trial.options import VerifyOptions

    output.check_writable(junit, html)
    base = config.up_config(
        config.Place(ctx.obj.context, ctx.obj.namespace), replicas=replicas, lb_policy=lb_policy,
        max_connection_age=max_connection_age, registry=registry, envoy_image=envoy_image, timeout=timeout,
        values_files=values or (), sets=sets or (), cluster_domain=cluster_domain,
        source=config.IstioSource(istio_charts, istio_version, plain_http, istio_values, istio_revision),
    )  # fmt: skip
    wanted = tuple(options.strategy(name, "strategy") for name in strategies or ())
    how = VerifyOptions(calls=calls, rate=config.check_rate(rate))
    comparison = Comparison(base, wanted, chosen(drill), how, keep, trace)
    for name in comparison.strategies:
        config.check_namespace(comparison.config(name).place.namespace)
    report, left = measured(ctx.obj, comparison, yes=yes)
    code = output.give(report, as_json=as_json, junit=junit, html=html)
    return code or (1 if left else 0)


def chosen(names: list[str] | None) -> tuple[str, ...]:
    """The drills by name; the default ones when none is named. Raises InputError for an unknown one."""
    from lbdemo.cluster.trial.drills import DEFAULT, DRILLS

    if not names:
        return DEFAULT
    known = tuple(DRILLS)
    told = tuple(config.check_choice(name, (*known, NO_DRILLS), "--drill") for name in names)
    if NO_DRILLS in told and set(told) != {NO_DRILLS}:
        raise InputError("--drill none and another drill contradict each other", "give one of them")
    return tuple(name for name in known if name in told)


def measured(globals_: options.Globals, comparison: Comparison, *, yes: bool) -> tuple[Report, tuple[str, ...]]:
    """Runs it; says what was left behind."""
    from lbdemo import __version__
    from lbdemo.cli.session import say, session
    from lbdemo.cluster.doctor.asked import COMPARE
    from lbdemo.cluster.doctor.gate import stop_unfit
    from lbdemo.cluster.install.fitness import fitness
    from lbdemo.cluster.trial.compare import compare as run
    from lbdemo.records import Report

    started = output.now()
    with session(globals_, yes=yes, changes=True) as here:
        unfit = fitness(COMPARE, here.context, globals_.namespace, registry=comparison.base.registry)
        stop_unfit(
            here.tools, replace(unfit, repairs=config.ISTIO_NAMESPACE)
        )  # one strategy installs Istio, or mends ours
        compared = run(comparison, stage(here))
        where = environment(here, comparison, compared.istio)
    for line in compared.left:
        say(f"left in the cluster: {line}")
    return Report(
        "compare", __version__, started, compared.results, where, compared.skipped, compared.broken
    ), compared.left


def stage(here: Session) -> CompareTools:
    """The session as the comparison needs it; the clean-up gets programs that a Ctrl-C has not ended."""
    from lbdemo.cluster.trial.compare import CompareTools

    return CompareTools(here.tools, here.fresh_tools, here.context, here.reporter, lambda _: None)


def environment(here: Session, comparison: Comparison, istio: str) -> dict[str, str]:
    """Where it was measured: the cluster, its nodes, the versions. `istio` is the version used, "" for none."""
    nodes = []
    with contextlib.suppress(LbdemoError):  # not everybody may look at nodes
        nodes = here.fresh_tools().kubectl.get_json("nodes").get("items", [])
    info = nodes[0]["status"] if nodes else {}
    return {
        "context": here.context.name,
        "nodes": str(len(nodes) or "?"),
        "cores a node": str(info.get("capacity", {}).get("cpu", "?")),
        "kubernetes": str(info.get("nodeInfo", {}).get("kubeletVersion", "?")),
        **({"istio": istio} if istio else {}),
        "servers": str(comparison.base.replicas),
        "rate": f"{comparison.options.rate:g} RPC/s",
    }
