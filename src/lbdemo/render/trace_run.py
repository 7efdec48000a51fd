"""What `lbdemo trace` found, on the terminal and as a page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from rich.text import Text

from lbdemo.render.figures import printable
from lbdemo.render.html import document
from lbdemo.render.tables import badge
from lbdemo.render.traced import print_traced, traced_section
from lbdemo.words import count, number

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.render.figures import Record

RECORD_ID = "lbdemo-trace-run"
REMEDY = "`lbdemo up` with --trace puts right what was changed since"


def print_trace_run(console: Console, record: Record) -> None:
    """Prints it: what was called, what traces tell of that, and in one line whether all is as it should be."""
    strategy = printable(record["environment"].get("strategy", ""))
    console.print(Text.assemble((strategy, "bold"), "  ", called(record)))
    print_traced(console, record["traces"])
    for line in troubles(record):
        console.print(Text(f"  {line}", "red"))
    console.print(Text(closing(record), "green" if record["ok"] else "red"))


def called(record: Record) -> str:
    """How many calls were made and answered, and where their spans were looked for."""
    calls, answered = record["traces"]["calls"], record["answered"]
    said = "all answered" if answered == calls else f"{number(answered)} answered"
    return f"{count(calls, 'call')}, {said}; spans by {printable(record['backend'])}"


def troubles(record: Record) -> list[str]:
    """What went wrong beside what traces lack."""
    spans, lines = record["spans"], []
    if record["away"]:
        lines.append(printable(record["away"]))
    if spans["lost"]:
        why = f": {printable(spans['why'])}" if spans["why"] else ""
        lines.append(f"{number(spans['lost'])} of the client's {count(spans['made'], 'span')} were not delivered{why}")
    return [*lines, *([] if record["ok"] else [REMEDY])]


def closing(record: Record) -> str:
    """In one line, whether each call was seen whole."""
    calls = count(record["traces"]["calls"], "call")
    if record["ok"]:
        return f"each of {calls} was answered, and seen whole"
    return f"{number(record['traces']['whole'])} of {calls} were seen whole"


def trace_run_page(record: Record) -> str:
    """The same as a page that needs nothing else; the JSON in it is what `--json` prints."""
    told = "".join(f"<p>{escape(line)}</p>" for line in (called(record), *troubles(record)))
    title = "lbdemo trace"
    whole = f'<p class="whole">{badge(closing(record), ok=record["ok"])}</p>'
    inside = f"<header><h1>{title}</h1>{whole}</header>{told}{traced_section(record['traces'])}"
    return document(f"{title}: {closing(record)}", inside, RECORD_ID, record)
