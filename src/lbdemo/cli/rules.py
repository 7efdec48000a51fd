"""`lbdemo rules`: recording rules and an alert for Prometheus, for the service of anybody."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from lbdemo import errors
from lbdemo.config import check_choice, check_label
from lbdemo.durations import seconds
from lbdemo.rules.origins import ORIGINS, Service

FORMS = ("file", "prometheusrule", "dashboard")
LEAST = 60.0  # seconds: the rate of a counter needs some scrapes


def rules(
    ctx: typer.Context,
    service: Annotated[str, typer.Option(metavar="NAME", help="The Kubernetes Service whose calls are watched.")],
    pods: Annotated[
        str, typer.Option(metavar="REGEX", show_default="NAME-.+", help="The names of its pods, from end to end.")
    ] = "",
    counters: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN", show_default="each that is there, in this order",
            help=f"Whose counters: {', '.join(ORIGINS)}; may be repeated.", autocompletion=lambda: tuple(ORIGINS),
        ),
    ] = None,
    window: Annotated[
        float, typer.Option(parser=seconds, metavar="DURATION", show_default="5m", help="Shares are over so long.")
    ] = 300.0,
    peak: Annotated[
        float, typer.Option(metavar="RATIO", help="One pod gets more than so many times the mean: too much.")
    ] = 1.5,
    patience: Annotated[
        float,
        typer.Option(
            "--alert-after", parser=seconds, metavar="DURATION", show_default="15m", help="Alert after so long above."
        ),
    ] = 900.0,
    form: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FORM", envvar="LBDEMO_RULES_OUTPUT",
            help="file (for rule_files), prometheusrule (for Prometheus Operator), or dashboard (Grafana's).",
            autocompletion=lambda: FORMS,
        ),
    ] = "file",
) -> int:  # fmt: skip
    """Prints rules for Prometheus: each pod's share of a service's calls, peak to mean, pinned, and one alert."""
    from lbdemo.rules.dashboard import dashboard, to_json
    from lbdemo.rules.document import prometheus_rule, rule_file, to_yaml
    from lbdemo.rules.recording import Wanted

    check_choice(form, FORMS, "--output")
    wanted = Wanted(
        Service(_name(service), _namespace(ctx), _expression(pods or f"{re.escape(service)}-.+")),
        tuple(check_choice(each, tuple(ORIGINS), "--counters") for each in counters or ORIGINS),
        _scraped(window), _above_one(peak), patience,
    )  # fmt: skip
    if form == "dashboard":
        print(to_json(dashboard(wanted.service)))
        return 0
    print(to_yaml((rule_file if form == "file" else prometheus_rule)(wanted)), end="")
    return 0


def _namespace(ctx: typer.Context) -> str:
    from lbdemo.cli.main import given_somehow

    if not given_somehow(ctx, "namespace"):
        raise errors.InputError("in which namespace is the service?", "give -n NAMESPACE")
    return check_label(ctx.obj.namespace)


def _name(service: str) -> str:
    try:
        return check_label(service)
    except errors.InputError as error:
        raise errors.InputError(f"{service!r} cannot be a Service's name", error.hint) from error


def _expression(pods: str) -> str:
    try:
        re.compile(pods)
    except re.error as error:
        raise errors.InputError(f"--pods {pods!r} is no regular expression: {error}") from error
    return pods


def _scraped(window: float) -> float:
    if window < LEAST:
        raise errors.InputError(f"--window is shorter than {LEAST:g} s", "counters are scraped every 15 to 60 s")
    return window


def _above_one(peak: float) -> float:
    if not peak > 1.0:
        raise errors.InputError(f"--peak {peak:g} is not above 1", "one pod always gets at least the mean")
    return peak
