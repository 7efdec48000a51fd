"""`lbdemo up`: everything on the cluster, converging from whatever is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import config
from lbdemo.cli import options
from lbdemo.trace_config import JAEGER_IMAGE

if TYPE_CHECKING:
    from lbdemo.cluster.install.up import Outcome

METRICS = tuple(
    f"{role}.{name}"
    for role, names in {
        "server": ("metricsPort=9464", "podMonitor=true", "prometheusRule=true", "dashboard=true"),
        "client": ("metricsPort=9464", "podMonitor=true"),
    }.items()
    for name in names
)
"""What --metrics says to the chart, which makes of it what the cluster has kinds for. A --set comes after, and wins."""


def up(
    ctx: typer.Context,
    istio: Annotated[bool, typer.Option("--istio", help="Istio's sidecars: short for --strategy istio.")] = False,
    strategy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"How requests reach the pods: {', '.join(options.strategies())} (default: {config.STRATEGY}).",
            autocompletion=options.strategies,
        ),
    ] = "",
    replicas: Annotated[int, typer.Option(min=1, max=100, metavar="N", help="Echo servers.")] = 2,
    connections: Annotated[
        int | None, typer.Option(min=1, max=100, metavar="N", help="The client's connections (with --strategy pool).")
    ] = None,
    lb_policy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What chooses a pod for a request (round-robin or least-request).",
            autocompletion=options.policies,
        ),
    ] = "round-robin",
    outlier_detection: Annotated[
        bool, typer.Option("--outlier-detection", help="Take failing pods out of the rotation (istio, envoy).")
    ] = False,
    max_connection_age: Annotated[
        str,
        typer.Option(
            metavar="DURATION", help="Servers close connections older than this (0: never; default: the strategy's)."
        ),
    ] = "",
    metrics: Annotated[
        bool,
        typer.Option(
            "--metrics",
            help="Servers and client tell Prometheus of their calls; rules and a dashboard.",
            envvar="LBDEMO_UP_METRICS",
        ),
    ] = False,
    trace: options.Trace = False,
    otlp: options.Otlp = "",
    trace_backend: options.TraceBackend = "",
    jaeger_image: options.JaegerImage = JAEGER_IMAGE,
    registry: options.Registry = "",
    image: Annotated[str, typer.Option(metavar="NAME[:TAG]", help="Use this image; build and deliver none.")] = "",
    envoy_image: Annotated[
        str, typer.Option(metavar="NAME[:TAG]", help="Envoy's image (with --strategy envoy).")
    ] = config.ENVOY_IMAGE,
    timeout: options.Timeout = "5m",
    values: options.ValuesFiles = None,
    sets: options.Sets = None,
    cluster_domain: options.ClusterDomain = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing (print the plan as commands to paste).")
    ] = False,
    istio_version: options.IstioVersion = config.ISTIO_VERSION,
    istio_revision: options.IstioRevision = "",
    istio_charts: options.IstioCharts = config.ISTIO_CHARTS,
    istio_values: options.IstioValues = "",
    plain_http: options.PlainHttp = False,
    addons: options.Addons = False,
    addons_from: options.AddonsFrom = "",
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Use a namespace that lbdemo did not make.", rich_help_panel=options.SAFETY)
    ] = False,
    yes: options.Yes = False,
) -> int:
    """Installs echo servers and a client, with a load-balancing strategy or without (clusterip)."""
    istio, strategy = one_of_both(ctx, istio=istio, strategy=options.strategy(strategy) if strategy else "")
    source = config.IstioSource(istio_charts, istio_version, plain_http, istio_values, istio_revision)
    wanted = config.up_config(
        config.Place(ctx.obj.context, ctx.obj.namespace), istio=istio, strategy=strategy, replicas=replicas,
        connections=connections, lb_policy=lb_policy, max_connection_age=max_connection_age, source=source,
        registry=registry, image=image, envoy_image=envoy_image, timeout=timeout, adopt=adopt,
        outlier_detection=outlier_detection, values_files=values or (),
        sets=(*(METRICS if metrics else ()), *(sets or ())), cluster_domain=cluster_domain,
        addons=addons, addons_from=addons_from,
        trace=trace, otlp=otlp, trace_backend=trace_backend, jaeger_image=jaeger_image,
    )  # fmt: skip
    if dry_run:
        return show_plan(ctx.obj, wanted)
    return carry_out(ctx.obj, wanted, yes=yes)


def one_of_both(ctx: typer.Context, *, istio: bool, strategy: str) -> tuple[bool, str]:
    """--istio and --strategy: what stands on the command line has precedence over the other one's variable."""
    from lbdemo.cli.main import given

    if given(ctx, "istio") == given(ctx, "strategy"):
        return istio, strategy
    return (istio, "") if given(ctx, "istio") else (False, strategy)


def show_plan(options_: options.Globals, wanted: config.UpConfig) -> int:
    """Prints the plan as shell commands on stdout."""
    from lbdemo.cli.session import session

    with session(options_) as here:
        from lbdemo.cluster.install.addons import commands
        from lbdemo.cluster.install.look import look
        from lbdemo.cluster.install.up import describe

        seen = look(here.tools, wanted, here.context)
        lines = describe(here.tools, wanted, seen) if seen.plan or not seen.more.plan else []
        print("\n".join([*lines, *commands(seen.more, here.tools)]))
    return 0


def carry_out(options_: options.Globals, wanted: config.UpConfig, *, yes: bool) -> int:
    """Converges, and says what to do next."""
    import time

    from lbdemo.cli.session import say, session

    begun = time.monotonic()
    with session(options_, yes=yes, changes=True) as here:
        from lbdemo.cluster.install.up import up as converge

        outcome = converge(here.tools, wanted, here.context, here.cleanup, here.reporter)
    seconds = time.monotonic() - begun
    what = f"strategy {outcome.desired.strategy.name}, {wanted.replicas} servers"
    if wanted.addons:
        tell_addons(outcome)
    for line in outcome.lacking:
        say(line)
    if not outcome.changed:
        say(f"nothing to change: {what}, image {outcome.desired.image.reference} ({seconds:.1f} s)")
        return 0
    say(f"ready: {what} ({seconds:.1f} s)")
    say(f"next: {options_.typed()} logs client   or   {options_.typed()} {'trace' if wanted.trace else 'verify'}")
    if outcome.addons.failure is not None:
        raise outcome.addons.failure
    return 0


def tell_addons(outcome: Outcome) -> None:
    """Says whose add-ons are used."""
    from lbdemo.cli.session import say
    from lbdemo.cluster.install.addons import told

    for line in told(outcome.addons.planned):
        say(line)
