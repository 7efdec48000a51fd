"""Tables and rows of the page. Every text is escaped here, where it meets the markup."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from lbdemo.render import charts, figures
from lbdemo.render.axis import QUANTILES
from lbdemo.render.figures import printable
from lbdemo.words import count, number, percent

if TYPE_CHECKING:
    from lbdemo.render.boards import Board
    from lbdemo.render.figures import Record


def badge(text: str, *, ok: bool) -> str:
    """A word in a frame: its mark says the same as its colour."""
    return f'<span class="badge {"good" if ok else "bad"}">{"✓" if ok else "✗"} {escape(text)}</span>'


def finding(result: Record) -> str:
    """What was found, without a judgement: a PINNED that was promised is no praise."""
    return f'<span class="badge found">{escape(result["verdict"]["outcome"])}</span>'


def overview(report: Record) -> str:
    """All results, a row each; on a telephone a card each."""
    kind = figures.measured(report)
    times = tuple(figures.heading(kind, name) for name in QUANTILES)
    heads = ("", "found", "as expected?", "calls/s", *times, "failed", "calls per server", "fingerprint")
    rows = [_overview_row(result, slug, kind) for slug, result in slugs(report)]
    return table("cards wide", heads, rows, "All results", {"calls/s", *times, "failed"})


def slugs(report: Record) -> list[tuple[str, Record]]:
    """Each result with the name under which the page can be linked to it."""
    return [
        (f"{number}-{'-'.join(re.findall('[a-z0-9]+', str(result['name']).lower())) or 'result'}", result)
        for number, result in enumerate(report["results"], 1)
    ]


def _overview_row(result: Record, slug: str, kind: str) -> tuple[str, ...]:
    ok = result["ok"]
    return (
        f'<a href="#{slug}">{escape(printable(result["name"]))}</a>',
        finding(result),
        badge("yes" if ok else f"NO: {figures.standing(result).removeprefix('but ')}", ok=ok),
        figures.rate(result),
        *(escape(figures.quantile(result, name, kind)) for name in QUANTILES),
        number(result["summary"]["failed"]),
        escape(figures.counts(result)),
        escape(result["verdict"]["fingerprint"] or figures.NONE),
    )


def board(shown: Board) -> str:
    """A table of the scoreboard: a row a strategy, with what it promises and whether that came true."""
    promised = any(row.kept is not None for row in shown.rows)
    heads = ("", *shown.heads, *(("as expected?", "promise") if promised else ()))
    rows = [
        (
            escape(printable(row.name)),
            *map(escape, row.cells),
            *((badge("yes" if row.kept else "NO", ok=bool(row.kept)), escape(row.promise)) if promised else ()),
        )
        for row in shown.rows
    ]
    notes = "".join(f'<p class="quiet">{escape(note)}</p>' for note in shown.notes)
    return table("cards board", heads, rows, figures.printable(shown.title), shown.heads) + notes


def servers(result: Record, scale: float) -> str:
    """A bar a server, with its figures in words."""
    verdict = result["verdict"]
    rows = [
        f'<div class="row"><span class="name">{escape(printable(share["server"]))}</span>'
        f"{charts.share_bar(share, verdict['tolerance'], scale)}"
        f'<span class="values">{escape(_figures(share))}</span></div>'
        for share in figures.servers(result)
    ]
    legend = (
        '<p class="legend"><span><i class="key bar"></i>share of the calls</span> '
        '<span><i class="key whisker"></i>its interval</span> <span><i class="key fair"></i>fair share</span> '
        f'<span><i class="key band"></i>± {verdict["tolerance"] * 100:g} % of it</span></p>'
    )
    return "\n".join([*rows, legend]) if rows else ""


def _figures(share: Record) -> str:
    return ", ".join(filter(None, (count(share["calls"], "call"), percent(share["share"]), figures.service(share))))


def witness(result: Record) -> str:
    """What the second witness says: one line where it agrees; otherwise what the client counted beside it."""
    said = result["witness"]
    if all(server["own"] == server["client"] for server in said["servers"]):
        line = figures.witness(result)
        return f'<p class="quiet">{escape(line)}</p>' if line else ""
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
        "cards board",
        heads[:kept],
        [row[:kept] for row in rows],
        "Calls answered, gate included",
        {"client", "witness"},
    )


def key_values(rows: Iterable[tuple[str, object]]) -> str:
    """Names and values, as they are."""
    lines = [f'<tr><th scope="row">{escape(name)}</th><td>{escape(printable(value))}</td></tr>' for name, value in rows]
    return f'<table class="pairs"><tbody>{"".join(lines)}</tbody></table>'


def table(
    kind: str, heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str, numbers: Container[str] = ()
) -> str:
    """A table of cells that are markup already; the columns `numbers` stand on the right.

    The roles stay what they are where a style makes cards of the rows.
    """
    kinds = [' class="number"' if name in numbers else "" for name in heads]
    head = "".join(
        f'<th scope="col" role="columnheader"{its}>{escape(name) or "name"}</th>'
        for name, its in zip(heads, kinds, strict=True)
    )
    body = "".join(f'<tr role="row">{_cells(heads, row, kinds)}</tr>' for row in rows)
    return (
        f'<table class="{kind}" role="table"><caption>{escape(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def _cells(heads: Sequence[str], row: Sequence[str], kinds: Sequence[str]) -> str:
    first = f'<th scope="row" role="rowheader">{row[0]}</th>'
    rest = (
        f'<td role="cell" data-label="{escape(head)}"{its}>{cell}</td>'
        for head, cell, its in zip(heads[1:], row[1:], kinds[1:], strict=True)
    )
    return first + "".join(rest)
