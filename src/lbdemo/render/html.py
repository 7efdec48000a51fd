"""A report as one page that needs nothing else: no network, no script; the record itself is embedded as JSON."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from lbdemo.render import charts, figures
from lbdemo.render.figures import extras, printable
from lbdemo.render.tables import badge, key_values, overview, servers, witness
from lbdemo.words import number

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

RECORD_ID = "lbdemo-report"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the page may load: nothing. (The empty icon keeps a browser from asking a server for one.)"""


def page(report: Record) -> str:
    """The record as a page. The JSON in it (`<script id="lbdemo-report">`) is what `--json` prints."""
    title = f"lbdemo {printable(report['command'])}"
    style = files("lbdemo.render").joinpath("page.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{escape(f"{title}: {figures.closing(report)}")}</title>
<style>
{style}</style>
</head>
<body>
<main>
{header(report, title)}
{body(report)}
</main>
<script type="application/json" id="{RECORD_ID}">
{embedded(report)}
</script>
</body>
</html>
"""


def embedded(report: Record) -> str:
    """The record as JSON that cannot end the element it stands in."""
    return json.dumps(report, indent=2).replace("<", "\\u003c")


def header(report: Record, title: str) -> str:
    """What it is, and how it came out."""
    said = f"lbdemo {printable(report['version'])}"
    said += f", {printable(report['started'])}" if report["started"] else ""
    whole = badge(figures.closing(report), ok=report["ok"])
    return f"""<header>
<h1>{escape(title)}</h1>
<p class="whole">{whole}</p>
<p class="quiet">{escape(said)}</p>
</header>"""


def body(report: Record) -> str:
    """The sections, those without content left out."""
    results = report["results"]
    scale = charts.share_scale(results)
    environment = [(figures.printable(name).replace("_", " "), value) for name, value in report["environment"].items()]
    return "\n".join(
        filter(
            None,
            (
                section("Overview", overview(report)) if len(results) > 1 else "",
                latencies(report),
                *(result_section(result, scale) for result in results),
                skipped(report),
                section("Environment", key_values(environment)) if any(v for _, v in environment) else "",
            ),
        )
    )


def section(title: str, inside: str) -> str:
    """A part of the page under a heading."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{inside}\n</section>"


def latencies(report: Record) -> str:
    """The quantiles of all results on one logarithmic axis."""
    axis = charts.latency_axis(report["results"])
    if axis is None:
        return ""
    rows = [
        f'<div class="row"><span class="name">{escape(printable(result["name"]))}</span>'
        f"{charts.latency_row(result['summary']['latency_ms'], axis, printable(result['name']))}"
        f'<span class="values">{escape(figures.tail(result))}</span></div>'
        for result in report["results"]
        if result["summary"]["latency_ms"]
    ]
    legend = (
        '<p class="legend"><span><i class="key p50"></i>p50</span> <span><i class="key p90"></i>p90</span> '
        '<span><i class="key p99"></i>p99</span> <span><i class="key max"></i>max</span> '
        "(counted from when each call was due, on a logarithmic scale)</p>"
    )
    axis_row = f'<div class="row axis"><span class="name"></span>{charts.latency_scale(axis)}</div>'
    late = figures.lateness(report)
    doubt = [f'<p class="quiet">{escape(late)}</p>'] if late else []
    return section("Latency", "\n".join([legend, *rows, axis_row, *doubt]))


def result_section(result: Record, scale: float) -> str:
    """One result: the verdict, the reasons, a bar a server, the second witness, further figures."""
    first, *rest = figures.sentences(result)
    summary = result["summary"]
    codes = ", ".join(f" {printable(code)} {number(count)}" for code, count in summary["errors"].items())
    calls = (
        f"{number(summary['sent'])} calls, {figures.rate(result)} a second, {number(summary['failed'])} failed{codes}"
    )
    calls += f"; fingerprint: {figures.policy(result)}"
    extra = extras(result["extra"])
    parts = [
        f'<p class="quiet">{escape(printable(result["title"]))}</p>',
        f"<p>{badge(figures.judgement(result), ok=result['ok'])}</p>",
        f'<p class="headline">{escape(first)}</p>',
        *(f"<p>{escape(sentence)}</p>" for sentence in rest),
        servers(result, scale),
        f'<p class="quiet">{escape(calls)}</p>',
        witness(result),
        f"<h3>Further figures</h3>\n{key_values(extra)}" if extra else "",
    ]
    return section(printable(result["name"]), "\n".join(filter(None, parts)))


def skipped(report: Record) -> str:
    """What could not be measured, and why."""
    rows = [
        (printable(item["name"]), f"{'failed: ' if item['failed'] else ''}{item['reason']}")
        for item in report["skipped"]
    ]
    return section("Skipped", key_values(rows)) if rows else ""
