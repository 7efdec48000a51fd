"""Tables and rows of the page. Every text is escaped here, where it meets the markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from lbdemo.render import charts, figures
from lbdemo.render.figures import printable
from lbdemo.words import number

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

OVERVIEW = ("", "verdict", "calls/s", "p50", "p90", "p99", "max", "failed", "calls per server", "fingerprint")


def badge(text: str, *, ok: bool) -> str:
    """A word in a frame: its mark says the same as its colour."""
    return f'<span class="badge {"good" if ok else "bad"}">{"✓" if ok else "✗"} {escape(text)}</span>'


def overview(report: Record) -> str:
    """All results, a row each; on a telephone a card each."""
    rows = [_overview_row(result) for result in report["results"]]
    return table("cards", OVERVIEW, rows, "All results")


def _overview_row(result: Record) -> tuple[str, ...]:
    return (
        escape(printable(result["name"])),
        badge(result["verdict"]["outcome"], ok=result["ok"]),
        figures.rate(result),
        *(escape(figures.quantile(result, name)) for name in charts.QUANTILES),
        number(result["summary"]["failed"]),
        escape(figures.counts(result)),
        escape(result["verdict"]["fingerprint"] or figures.NONE),
    )


def servers(result: Record, scale: float) -> str:
    """A bar a server, with its figures in words."""
    verdict = result["verdict"]
    rows = [
        f'<div class="row"><span class="name">{escape(printable(share["server"]))}</span>'
        f"{charts.share_bar(share, verdict['effect'], scale)}"
        f'<span class="values">{escape(_figures(share))}</span></div>'
        for share in figures.servers(result)
    ]
    legend = (
        '<p class="legend"><span><i class="key bar"></i>share of the calls</span> '
        '<span><i class="key whisker"></i>its interval</span> <span><i class="key fair"></i>fair share</span> '
        f'<span><i class="key band"></i>± {verdict["effect"] * 100:g} % of it</span></p>'
    )
    return "\n".join([*rows, legend]) if rows else ""


def _figures(share: Record) -> str:
    latency = share["latency_ms"]
    tail = f", p50 {figures.span(latency['p50'])}, p99 {figures.span(latency['p99'])}" if latency else ""
    return f"{number(share['calls'])} calls, {figures.share_text(share['share'])}{tail}"


def witness(result: Record) -> str:
    """What the client counted beside what the second witness counted."""
    said = result["witness"]
    if not said["servers"]:
        return ""
    rows = [
        (
            escape(printable(server["server"])),
            number(server["client"]),
            figures.NONE if server["own"] is None else number(server["own"]),
            badge("yes" if server["agrees"] else "no", ok=server["agrees"]),
            escape(printable(server["note"])),
        )
        for server in said["servers"]
    ]
    name = printable(said["name"]) or "a second witness"
    heads = ("", "client", "witness", "agrees", "note")
    kept = len(heads) if any(row[-1] for row in rows) else len(heads) - 1
    return f"<h3>Second witness: {escape(name)}</h3>\n" + table(
        "cards", heads[:kept], [row[:kept] for row in rows], "Calls answered, gate included"
    )


def key_values(rows: Iterable[tuple[str, object]]) -> str:
    """Names and values, as they are."""
    lines = [f'<tr><th scope="row">{escape(name)}</th><td>{escape(printable(value))}</td></tr>' for name, value in rows]
    return f'<table class="pairs"><tbody>{"".join(lines)}</tbody></table>'


def table(kind: str, heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """A table of cells that are markup already. The roles stay what they are where a style makes cards of the rows."""
    head = "".join(f'<th scope="col" role="columnheader">{escape(name) or "name"}</th>' for name in heads)
    body = "".join(f'<tr role="row">{_cells(heads, row)}</tr>' for row in rows)
    return (
        f'<table class="{kind}" role="table"><caption>{escape(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def _cells(heads: Sequence[str], row: Sequence[str]) -> str:
    first = f'<th scope="row" role="rowheader">{row[0]}</th>'
    rest = (
        f'<td role="cell" data-label="{escape(head)}">{cell}</td>'
        for head, cell in zip(heads[1:], row[1:], strict=True)
    )
    return first + "".join(rest)
