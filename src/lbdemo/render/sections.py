"""The parts of the page, from what is asked first to what is asked last."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from lbdemo.render import charts, figures
from lbdemo.render.boards import boards, without_boards
from lbdemo.render.figures import extras, printable
from lbdemo.render.tables import badge, board, finding, key_values, overview, servers, slugs, witness
from lbdemo.words import count, number

if TYPE_CHECKING:
    from lbdemo.render.figures import Record


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: `slug` is its address in it, `inside` is markup."""

    slug: str
    title: str
    inside: str


def sections(report: Record) -> tuple[Section, ...]:
    """The parts, those without content left out."""
    shown = without_boards(report)
    scale = charts.share_scale(report["results"])
    whole = (
        Section("overview", "Overview", overview(report) if len(report["results"]) > 1 else ""),
        Section("scoreboard", "Scoreboard", "\n".join(map(board, boards(report["results"])))),
        Section("latency", "Latency", latencies(report)),
        *(Section(slug, printable(result["name"]), details(result, scale)) for slug, result in slugs(shown)),
        Section("skipped", "Skipped", skipped(report)),
        Section("environment", "Environment", environment(report)),
    )
    return tuple(section for section in whole if section.inside)


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
    keys = " ".join(f"<span>{charts.key(name)} {name}</span>" for name in charts.QUANTILES)
    legend = f'<p class="legend">{keys} (counted from when each call was due, on a logarithmic scale)</p>'
    axis_row = f'<div class="row axis"><span class="name"></span>{charts.latency_scale(axis)}</div>'
    late = figures.lateness(report)
    doubt = [f'<p class="quiet">{escape(late)}</p>'] if late else []
    return "\n".join([legend, *rows, axis_row, *doubt])


def details(result: Record, scale: float) -> str:
    """One result: what was found and whether that was promised, the reasons, a bar a server, the second witness."""
    first, *rest = figures.sentences(result)
    extra = extras(result["extra"])
    parts = [
        f'<p class="quiet">{escape(printable(result["title"]))}</p>',
        f"<p>{finding(result)} {badge(figures.standing(result), ok=result['ok'])}</p>",
        f'<p class="headline">{escape(first)}</p>',
        *(f"<p>{escape(sentence)}</p>" for sentence in rest),
        servers(result, scale),
        f'<p class="quiet">{escape(calls(result))}</p>',
        witness(result),
        f"<h3>Further figures</h3>\n{key_values(extra)}" if extra else "",
    ]
    return "\n".join(filter(None, parts))


def calls(result: Record) -> str:
    """How many calls there were, how many failed, and what the spread looks like, in one line."""
    summary = result["summary"]
    codes = ", ".join(f" {printable(code)} {number(times)}" for code, times in summary["errors"].items())
    rate = figures.rate(result)
    pace = f", {rate} a second" if rate != figures.NONE else ""
    return (
        f"{count(summary['sent'], 'call')}{pace}, {number(summary['failed'])} failed{codes}; "
        f"fingerprint: {figures.policy(result)}"
    )


def skipped(report: Record) -> str:
    """What could not be measured, and why."""
    rows = [
        (printable(item["name"]), f"{'failed: ' if item['failed'] else ''}{item['reason']}")
        for item in report["skipped"]
    ]
    return key_values(rows) if rows else ""


def environment(report: Record) -> str:
    """Where it was measured."""
    rows = [(printable(name).replace("_", " "), value) for name, value in report["environment"].items() if value]
    return key_values(rows) if rows else ""
