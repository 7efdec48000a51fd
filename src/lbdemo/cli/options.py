"""Options that several commands share, declared once."""

from __future__ import annotations

from typing import Annotated

import typer

from lbdemo import config
from lbdemo.cli.context import SAFETY, Globals
from lbdemo.cluster.install.strategies import TABLE
from lbdemo.trace_config import BACKENDS

__all__ = [
    "SAFETY",
    "Addons",
    "AddonsFrom",
    "AsJson",
    "ClusterDomain",
    "Globals",
    "IstioCharts",
    "IstioRevision",
    "IstioValues",
    "IstioVersion",
    "JaegerImage",
    "NoOpen",
    "Otlp",
    "PlainHttp",
    "Port",
    "Registry",
    "Sets",
    "Timeout",
    "Trace",
    "TraceBackend",
    "ValuesFiles",
    "Yes",
]

ISTIO = "Istio"
CHART = "The cluster's wishes"
TRACES = "Traces"


def strategies() -> tuple[str, ...]:
    """What a shell may complete a strategy's name to."""
    return TABLE


def strategy(name: str, option: str = "--strategy") -> str:
    """The name, when it is a strategy's; raises InputError."""
    return config.check_choice(name, TABLE, option)


def policies() -> tuple[str, ...]:
    """What a shell may complete --lb-policy to."""
    return config.LB_POLICIES


Yes = Annotated[
    bool, typer.Option("--yes", help="Work on a cluster that does not look local, too.", rich_help_panel=SAFETY)
]
Registry = Annotated[
    str,
    typer.Option(metavar="HOST[:PORT][/PATH]", help="Push the image there; the cluster pulls it from there."),
]
ValuesFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--values",
        metavar="FILE",
        help="Helm values for lbdemo's own releases; may be repeated.",
        rich_help_panel=CHART,
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="One of them, such as resources.limits.cpu=1.", rich_help_panel=CHART
    ),
]
ClusterDomain = Annotated[
    str,
    typer.Option(metavar="DOMAIN", help="The cluster's DNS domain (default: as istiod has it).", rich_help_panel=CHART),
]
Addons = Annotated[
    bool,
    typer.Option(
        "--addons", help="Istio's samples of Kiali, Jaeger, Grafana and Prometheus, too.", rich_help_panel=ISTIO
    ),
]
AddonsFrom = Annotated[
    str,
    typer.Option(
        metavar="FOLDER|URL",
        help="Where their manifests are (default: the sources of the Istio in use, at GitHub).",
        show_default=False,
        rich_help_panel=ISTIO,
    ),
]
Trace = Annotated[
    bool,
    typer.Option(
        "--trace",
        help="Trace each call, into a Jaeger in the namespace (`lbdemo trace` shows and proves it).",
        envvar="LBDEMO_UP_TRACE",
        rich_help_panel=TRACES,
    ),
]
Otlp = Annotated[
    str,
    typer.Option(
        metavar="HOST:PORT", help="Send the spans there, by OTLP over gRPC.", show_default=False, rich_help_panel=TRACES
    ),
]
TraceBackend = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What takes them: jaeger, or lbdemo (its own collector, in the image that is there anyway).",
        show_default="jaeger; with --addons theirs",
        autocompletion=lambda: BACKENDS,
        rich_help_panel=TRACES,
    ),
]
JaegerImage = Annotated[str, typer.Option(metavar="NAME[:TAG]", help="Jaeger's image.", rich_help_panel=TRACES)]
Timeout = Annotated[str, typer.Option(metavar="DURATION", help="How long to wait for pods, such as 90s or 5m.")]
Port = Annotated[
    int, typer.Option(min=0, max=65_535, metavar="N", help="Where the page is on this machine (0: a free port).")
]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON (versioned, stable).")]
IstioVersion = Annotated[str, typer.Option(metavar="VERSION", help="The Istio to install.", rich_help_panel=ISTIO)]
IstioRevision = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Of the Istio that is there, use this revision, or tag.",
        show_default=False,
        rich_help_panel=ISTIO,
    ),
]
IstioCharts = Annotated[
    str,
    typer.Option(
        metavar="URL|oci://…|FOLDER",
        help=f"Where Istio's charts are (default: {config.ISTIO_CHARTS}).",
        show_default=False,
        rich_help_panel=ISTIO,
    ),
]
IstioValues = Annotated[
    str,
    typer.Option(metavar="FILE", help="Helm values for the istiod chart.", show_default=False, rich_help_panel=ISTIO),
]
PlainHttp = Annotated[
    bool, typer.Option("--plain-http", help="The chart registry speaks HTTP without TLS.", rich_help_panel=ISTIO)
]
