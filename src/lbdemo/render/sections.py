"""The parts of the page, from what is asked first to what is asked last."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from lbdemo.render import charts, curves, figures
from lbdemo.render.axis import QUANTILES, Axis, axis_of
from lbdemo.render.boards import boards
from lbdemo.render.figures import extras, printable
from lbdemo.render.marks import key
from lbdemo.render.strips import strips
from lbdemo.render.tables import badge, board, finding, key_values, overview, servers, slugs, witness
from lbdemo.render.traced import traced_section
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
    scale, axis = charts.share_scale(report["results"]), axis_of(report["results"])
    whole = (
        Section("overview", "Overview", overview(report) if len(report["results"]) > 1 else ""),
        Section("scoreboard", "Scoreboard", "\n".join(map(board, boards(report["results"])))),
        Section("latency", "Latency", latencies(report, axis)),
        *(Section(slug, printable(result["name"]), details(result, scale, axis)) for slug, result in slugs(report)),
        Section("skipped", "Skipped", skipped(report)),
        Section("environment", "Environment", environment(report)),
    )
    return tuple(section for section in whole if section.inside)


def latencies(report: Record, axis: Axis | None) -> str:
    """The quantiles of all results on one logarithmic axis."""
    rows = [_row(result, axis) for result in report["results"] if axis and result["summary"]["latency_ms"]]
    late = figures.lateness(report)
    doubt = [f'<p class="quiet">{escape(late)}</p>'] if late else []
    if axis is None or not rows:
        return "".join(doubt)
    axis_row = f'<div class="row axis"><span class="name"></span>{charts.latency_scale(axis)}</div>'
    return "\n".join([_legend(report), *rows, axis_row, *doubt])


def _row(result: Record, axis: Axis) -> str:
    name = printable(result["name"])
    return (
        f'<div class="row"><span class="name">{escape(name)}</span>'
        f"{charts.latency_row(result['summary']['latency_ms'], axis, name)}"
        f'<span class="values">{escape(figures.tail(result))}</span></div>'
    )


def _legend(report: Record) -> str:
    keys = [f"<span>{key(name)} {name}</span>" for name in QUANTILES]
    keys.append('<span><i class="key interval"></i> its interval of 95 %</span>')
    if any((result["summary"]["latency_ms"] or {}).get("at_least") for result in report["results"]):
        keys.append(f"<span>{key('max', bound=True)} hollow: at least that, the deadline ended these calls</span>")
    return f'<p class="legend">{" ".join(keys)} (of all calls, from when each was due; a logarithmic scale)</p>'


def details(result: Record, scale: float, axis: Axis | None) -> str:
    """One result: what was found and whether that was promised, the reasons, a bar a server, the second witness."""
    first, *rest = figures.sentences(result)
    extra = extras({name: value for name, value in result["extra"].items() if name != "traces"})
    traced = result["extra"].get("traces")
    parts = [
        f'<p class="quiet">{escape(printable(result["title"]))}</p>',
        f"<p>{finding(result)} {badge(figures.standing(result), ok=result['ok'])}</p>",
        f'<p class="headline">{escape(first)}</p>',
        *(f"<p>{escape(sentence)}</p>" for sentence in rest),
        servers(result, scale),
        f'<p class="quiet">{escape(calls(result))}</p>',
        f'<p class="quiet">{escape(streams)}</p>' if (streams := figures.streams(result)) else "",
        witness(result),
        strips(result),
        drawn(result, axis),
        f"<h3>Traces</h3>\n{traced_section(traced)}" if traced else "",
        f"<h3>Further figures</h3>\n{key_values(extra)}" if extra else "",
    ]
    return "\n".join(filter(None, parts))


def drawn(result: Record, axis: Axis | None) -> str:
    """The time line and the distribution side by side; without a latency neither."""
    summary = result["summary"]
    if axis is None or not summary["latency_ms"]:
        return ""
    marks = f"{key('p50')} p50, {key('max')} max" + (f", {key('failed')} failed" if summary["failed"] else "")
    pictures = (
        (curves.timeline(summary, axis), f"Over time, by when calls were due: {marks}"),
        (
            curves.distribution(summary, axis),
            "The part of the calls that took no longer, with the quantiles' intervals",
        ),
    )
    shown = [f"<figure><figcaption>{words}</figcaption>{chart}</figure>" for chart, words in pictures if chart]
    return f'<div class="pair">{"".join(shown)}</div>' if shown else ""


def calls(result: Record) -> str:
    """How many calls there were, how many failed, and what the spread looks like, in one line."""
    summary = result["summary"]
    codes = ", ".join(f" {printable(code)} {number(times)}" for code, times in summary["errors"].items())
    rate = figures.rate(result)
    pace = f", {rate} a second" if rate != figures.NONE else ""
    return (
        f"{count(summary['sent'], 'call')}{pace}, {number(summary['failed'])} failed{codes}; "
        f"fingerprint: {figures.policy(result)}{_also(figures.attempts(result))}"
    )


def _also(words: str) -> str:
    return f"; {words}" if words else ""


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
