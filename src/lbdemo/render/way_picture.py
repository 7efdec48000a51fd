"""The way of the calls as lines: who calls whom over what, and what each pod gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from lbdemo.render.arrivals import Row, of_callers, of_fronts, of_nobody, of_others
from lbdemo.words import count, number, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

MANY = 12  # callers that are drawn; of more the rest is counted
ARROW = "──> "
TAIL = 18  # columns of a name's end that stay: what makers of pods write there tells them apart
KEPT = "\u00a0"  # a space at which no line ends
Columns = tuple[str, str, str, str]  # caller; connections and choice; pod; calls


def picture(record: Record, width: int) -> list[str]:
    """A line for each caller and pod where that is wide enough; else pods have lines of their own, or ways, too."""
    rows = list(_rows(record))
    if not rows:
        return []
    sizes = [max(len(row[column]) for row in rows) for column in range(4)]
    whole = [_line(row, sizes) for row in rows]
    if max(map(len, whole)) <= width:
        return whole
    return [line for row in rows for line in _folded(row, sizes, width)]


def _line(row: Columns, sizes: Sequence[int]) -> str:
    caller, way, pod, calls = (text.ljust(size) for text, size in zip(row, sizes, strict=True))
    first = f"  {caller} ── {way} ──> " if row[1] else f"  {caller}    {' ' * len(way)}     "
    return f"{first}{pod}  {calls}".rstrip()


def _folded(row: Columns, sizes: Sequence[int], width: int) -> Iterator[str]:
    caller, way, pod, calls = row
    if caller and way and len(whole := f"  {caller} ── {way}") <= width:
        yield whole
    else:
        yield from [f"  {fitted(caller, width - 2)}"] if caller else []
        yield from _wrapped(way, width)
    room = max(TAIL, width - 12 - sizes[3])
    arrow = ARROW if way else " " * len(ARROW)
    if pod or calls:
        yield f"      {arrow}{fitted(pod, room).ljust(min(room, sizes[2]))}  {calls}".rstrip()


def _wrapped(way: str, width: int) -> Iterator[str]:
    """The way over several lines; among how many somebody chooses stays in one piece."""
    whole = way.replace(" among ", f" among{KEPT}")
    for line in wrap(whole, width, initial_indent="    ── ", subsequent_indent=" " * 7, break_on_hyphens=False):
        yield line.replace(KEPT, " ")


def fitted(name: str, room: int) -> str:
    """The name in so many columns: of a longer one the middle is left out."""
    if len(name) <= room:
        return name
    tail = min(TAIL, room - 1)
    return f"{name[: room - 1 - tail]}…{name[-tail:]}"


def _rows(record: Record) -> Iterator[Columns]:
    for row in (*of_fronts(record), *of_callers(record, MANY)):
        yield row.caller, row.way, row.pod, _amount(record, row)
    if more := record["callers"][MANY:]:
        yield f"and {count(len(more), 'caller')} more", "", "", ""
    for row in (*of_others(record), *of_nobody(record)):
        yield row.caller, row.way, row.pod, _amount(record, row)


def _amount(record: Record, row: Row) -> str:
    state = f"  ({row.state})" if row.state else ""
    if row.calls is None:
        return ("" if row.connections is None else count(row.connections, "connection")) + state
    if not row.calls and row.connections == 0:
        return f"{0:>9}{state}"
    about, what = "≈" if record["verdict"]["about"] else " ", record["verdict"]["unit"]
    share = "" if row.share is None else percent(row.share)
    return f"{number(row.calls):>9} {what} {about} {share:>7}{state}"
