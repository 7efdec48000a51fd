"""A report on the terminal: each result with its bars, then all of them in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lbdemo.render import figures
from lbdemo.render.bars import bar_rows
from lbdemo.render.traced import print_traced

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from lbdemo.render.figures import Record

INDENT = (0, 0, 0, 2)
COLOUR = {True: "green", False: "red"}


def print_report(console: Console, report: Record) -> None:
    """Prints the record that `--json` prints, for a person."""
    for result in report["results"]:
        print_result(console, result)
        console.print()
    if report["results"]:
        console.print(overview(console, report))
    if late := figures.lateness(report):
        console.print(Text(late, "dim"))
    for skipped in report["skipped"]:
        name, reason = figures.printable(skipped["name"]), figures.printable(skipped["reason"])
        word, style = ("failed", "red") if skipped["failed"] else ("skipped", "yellow")
        console.print(Text.assemble((f"{word} {name}: ", style), reason))
    console.print(closing(report))


def print_result(console: Console, result: Record) -> None:
    """One result: what was measured, the verdict, its reasons, a bar a server, the tail, the second witness."""
    console.print(heading(result))
    console.print(indented(Text(figures.printable(result["title"]), "dim")))
    for sentence in figures.sentences(result):
        console.print(indented(Text(sentence)))
    console.print(indented(shares(result)))
    for line in (
        f"latency: {figures.tail(result)}",
        figures.streams(result),
        figures.course(result),
        f"fingerprint: {figures.policy(result)}",
        figures.attempts(result),
        figures.witness(result),
        "  ".join(f"{name}: {text}" for name, text in plain_extras(result)),
    ):
        if line:
            console.print(indented(Text(line, "dim")))
    if found := result["extra"].get("traces"):
        print_traced(console, found)


def indented(what: RenderableType) -> Padding:
    """Two columns in, and no wider than need be: lines that are piped should not end in blanks."""
    return Padding(what, INDENT, expand=False)


def plain_extras(result: Record) -> list[tuple[str, str]]:
    """The further figures that are single ones; whatever is nested needs a table of its own."""
    single = {name: value for name, value in result["extra"].items() if not isinstance(value, (dict, list, tuple))}
    return figures.extras(single)


def heading(result: Record) -> Text:
    """The result's name, what was found, and in colour whether that is as it should be.

    They are two things: a PINNED that was promised is no praise.
    """
    name, outcome = figures.printable(result["name"]), result["verdict"]["outcome"]
    return Text.assemble((name, "bold"), "  ", outcome, ", ", (figures.standing(result), COLOUR[result["ok"]]))


def shares(result: Record) -> Table:
    """A bar a server, on a scale from nothing to all calls; the fair share is marked."""
    return bar_rows(
        (
            share["server"],
            share["calls"],
            share["share"],
            share["expected_share"],
            figures.tail_of(share),
        )
        for share in figures.servers(result)
    )


def overview(console: Console, report: Record) -> Table:
    """All results, a row each; on a narrow terminal without the columns that the results above tell as well."""
    heads = ["act" if report["command"] == "demo" else "name", *COLUMNS]
    for spare in ("", *SPARE):
        heads = [head for head in heads if head != spare]
        table = _overview(heads, report)
        if _room(console, table) <= console.width:
            break
    return table


def _room(console: Console, table: Table) -> int:
    """How wide the table is where nothing in it is cut short; many counts may go on in a second line."""
    return Measurement.get(console, console.options.update(width=10_000), table).maximum


def _overview(heads: Sequence[str], report: Record) -> Table:
    kind = figures.measured(report)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column(heads[0], no_wrap=True, overflow="ellipsis", max_width=18)
    for head in heads[1:]:
        if head in QUANTILES:
            table.add_column(figures.heading(kind, head).replace(" ", "\n"), justify="right", no_wrap=True)
        elif head in NUMBERS:
            table.add_column(head, justify="right", no_wrap=True)
        elif head == COUNTS:
            table.add_column(apart(head), max_width=MOST_COUNTS)
        else:
            table.add_column(apart(head), no_wrap=True)
    for result in report["results"]:
        cells = [COLUMNS[head](result, kind) for head in heads[1:]]
        table.add_row(Text(figures.printable(result["name"])), *cells)
    return table


def judged(result: Record, text: str) -> Text:
    """A word in the colour of whether all is as expected."""
    return Text(text, COLOUR[result["ok"]])


def apart(cell: RenderableType) -> Padding:
    """A blank more on the left: words need more room between them than numbers on the right of their column."""
    return Padding(cell, (0, 0, 0, 1))


NUMBERS = ("calls/s",)
QUANTILES = ("p50", "p99")
COUNTS = "per server"
MOST_COUNTS = 24  # characters in a line
SPARE = ("fingerprint", "p50", "calls/s", COUNTS, "p99")  # what goes first where there is no room
COLUMNS: Mapping[str, Callable[[Record, str], RenderableType]] = {
    "calls/s": lambda result, _: figures.rate(result),
    "p50": lambda result, kind: figures.quantile(result, "p50", kind),
    "p99": lambda result, kind: figures.quantile(result, "p99", kind),
    COUNTS: lambda result, _: apart(figures.counts(result)),
    "fingerprint": lambda result, _: apart(result["verdict"]["fingerprint"] or figures.NONE),
    "verdict": lambda result, _: apart(result["verdict"]["outcome"]),
    "ok": lambda result, _: apart(judged(result, "yes" if result["ok"] else "NO")),
}
"""What a column shows of a result, and of which times."""


def closing(report: Record) -> Text:
    """The whole in one line."""
    return Text(figures.closing(report), f"bold {COLOUR[report['ok']]}")
