"""An examination for a person: the checks in their groups, with a mark and words for each, not colours alone."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from lbdemo.render.doctor_lines import summary
from lbdemo.render.folding import lines

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

MARKS = {"ok": "ok", "warning": "WARN", "failed": "FAIL", "skipped": "skip"}
STYLES = {"ok": "green", "warning": "bold yellow", "failed": "bold red", "skipped": "dim"}
MARK = 4  # columns of the widest
MARGIN = " " * (MARK + 4)


def print_examination(console: Console, record: Record) -> None:
    """Prints the record that `-o json` prints. What mends several checks is said once."""
    said: set[str] = set()
    for group, checks in groupby(record["checks"], key=lambda check: check["group"]):
        console.print(Text(group, "bold"))
        for check in checks:
            _check(console, check, said)
            said.add(check["mend"])
    console.print()
    for line in wrap(summary(record), console.width):
        console.print(Text(line, "bold green" if record["fit"] else "bold red"), soft_wrap=True)


def _check(console: Console, check: Record, said: Collection[str]) -> None:
    status = check["status"]
    first, *rest = _folded(f"{check['name']}: {check['seen']}", console.width)
    console.print(Text.assemble("  ", (MARKS[status].ljust(MARK), STYLES[status]), f"  {first}"), soft_wrap=True)
    if status != "ok":
        rest += _folded(f"why: {check['why']}", console.width)
        rest += [] if check["mend"] in said else _remedy(check["mend"], console.width)
    for line in rest:
        console.print(Text(f"{MARGIN}{line}"), soft_wrap=True)


def _remedy(mend: str, width: int) -> list[str]:
    """What mends it. A line of its own is a command to paste: it stays whole."""
    if not mend:
        return []
    first, *commands = mend.splitlines()
    return [*_folded(f"mend: {first}", width), *commands]


def _folded(text: str, width: int) -> list[str]:
    return lines(text, width - len(MARGIN)) or [""]
