"""A diagnosis for a person: the way of the calls, the verdict, the findings with their fixes, what was not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from lbdemo.render.arrivals import Row, of_callers, of_nobody
from lbdemo.render.flow_sentences import flow_reasons
from lbdemo.render.history_line import beside_line, history_line, window_words
from lbdemo.words import count, duration, listing, number, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

NOBODY = "no caller was seen"
COLOURS = {"BALANCED": "bold green", "INCONCLUSIVE": "bold yellow"}
SEVERITIES = {"problem": "bold red", "risk": "bold yellow", "note": "bold"}
MARGIN = " " * 7
LABEL = 7  # columns of seen, fix, undo, more
MANY = 12  # callers that are drawn; of more the rest is counted


def print_diagnosis(console: Console, record: Record) -> None:
    """Prints the record that `-o json` prints."""
    console.print(Text(headline(record), "bold"), soft_wrap=True)
    console.print()
    for line in picture(record, console.width):
        console.print(Text(line), soft_wrap=True)
    console.print()
    for text in verdict(record):
        console.print(text)
    if record["history"]:
        console.print(Text.assemble(("history: ", "bold"), history_line(record["history"])))
    if record["unexplained"]:
        console.print(Text("No cause that is known here explains it."))
    for finding in record["findings"]:
        console.print()
        _finding(console, finding)
    _rest(console, record)
    if "after" in record:
        console.print()
        for text in changes(record):
            console.print(text)


def changes(record: Record) -> Iterator[Text]:
    """What is different since the evidence of before."""
    after = record["after"]
    told = f"{after['outcome']} then, {record['verdict']['outcome']} now"
    yield Text.assemble(("since ", "bold"), (after["made"], "bold"), f": {told}")
    for label, codes, style in (("gone", after["gone"], "green"), ("new", after["new"], "red"),
                                ("still", after["still"], "yellow")):  # fmt: skip
        if codes:
            yield Text.assemble(f"  {label:<6}", (listing(codes), style))


def headline(record: Record) -> str:
    """The service, its pods, its callers, how long it was watched."""
    service, servers = record["service"], record["servers"]
    ready = sum(1 for server in servers if server["ready"] and not server["terminating"])
    waiting = len(servers) - ready
    pods = count(ready, "ready pod") + (f", {waiting} not ready" if waiting else "")
    callers = count(len(record["callers"]), "caller") if record["callers"] else NOBODY
    return (
        f"{service['name']} ({service['namespace']}), port {service['port']}: {pods}; {callers}; "
        f"watched {duration(record['watched'])}"
    )


def picture(record: Record, width: int) -> list[str]:
    """Who calls whom over what: a line for each caller and pod where that is wide enough, else two."""
    rows = list(_rows(record))
    if not rows:
        return []
    sizes = [max(len(row[column]) for row in rows) for column in range(4)]
    whole = [_line(row, sizes) for row in rows]
    if max(map(len, whole)) <= width:
        return whole
    return [line for row in rows for line in _folded(row, sizes)]


Columns = tuple[str, str, str, str]  # caller; connections and choice; pod; calls


def _line(row: Columns, sizes: Sequence[int]) -> str:
    caller, way, pod, calls = (text.ljust(size) for text, size in zip(row, sizes, strict=True))
    first = f"  {caller} ── {way} ──> " if row[1] else f"  {caller}    {' ' * len(way)}     "
    return f"{first}{pod}  {calls}".rstrip()


def _folded(row: Columns, sizes: Sequence[int]) -> Iterator[str]:
    if row[0]:
        yield f"  {row[0]} ── {row[1]}"
    arrow = "──> " if row[1] else "    "
    yield f"      {arrow}{row[2].ljust(sizes[2])}  {row[3]}".rstrip()


def _rows(record: Record) -> Iterator[Columns]:
    for row in of_callers(record, MANY):
        yield row.caller, row.way, row.pod, _amount(record, row)
    if more := record["callers"][MANY:]:
        yield f"and {count(len(more), 'caller')} more", "", "", ""
    for row in of_nobody(record):
        yield row.caller, row.way, row.pod, _amount(record, row) + (f"  ({row.state})" if row.state else "")


def _amount(record: Record, row: Row) -> str:
    if row.calls is None:
        return "" if row.connections is None else count(row.connections, "connection")
    if not row.calls and row.connections == 0:
        return "0"
    about = "≈" if record["verdict"]["about"] else " "
    share = "" if row.share is None else percent(row.share)
    return f"{number(row.calls):>9} calls {about} {share:>7}"


def verdict(record: Record) -> Iterator[Text]:
    """The verdict in a line, and why."""
    judged = record["verdict"]
    if not judged["source"]:
        yield Text.assemble(("INCONCLUSIVE", COLOURS["INCONCLUSIVE"]), ": nobody could count calls or connections.")
        return
    told, *more = flow_reasons(judged) or [""]
    about = ", about" if judged["about"] else ""
    yield Text.assemble((judged["outcome"], COLOURS.get(judged["outcome"], "bold red")), f": {told}")
    counted = "counted" if judged["calls"] is not None else "seen"
    yield Text(f"({counted} by {judged['source']}{about}{window_words(judged)})", "dim")
    if judged["beside"]:
        yield Text(beside_line(judged["beside"]), "dim" if judged["beside"]["agrees"] else "")
    for sentence in more:
        yield Text(sentence)


def _finding(console: Console, finding: Record) -> None:
    possible = "possible: " if finding["possible"] else ""
    head = Text.assemble((finding["code"], SEVERITIES[finding["severity"]]), f"  {possible}{finding['sentence']}  ",
                         (f"[{matters(finding)}]", "dim"))  # fmt: skip
    console.print(head)
    for index, line in enumerate(finding["evidence"]):
        _labelled(console, "seen" if index == 0 else "", f"{line['text']}  ({line['source']})")
    for index, fix in enumerate(finding["fixes"], 1):
        _fix(console, f"{index}  " if len(finding["fixes"]) > 1 else "", fix, first=index == 1)
    _labelled(console, "more", finding["page"])


def matters(finding: Record) -> str:
    """How much of what was seen it explains, in words."""
    if finding["follows_from"]:
        return f"follows from {listing(finding['follows_from'])}"
    if finding["explains"] > 0.995:
        return "explains all of it"
    if finding["explains"] > 0:
        return f"explains {percent(round(finding['explains'], 2))} of it"
    return "as it was told to be" if finding["severity"] == "note" else "explains nothing of what was seen"


def _fix(console: Console, number_: str, fix: Record, *, first: bool) -> None:
    _labelled(console, "fix" if first else "", f"{number_}{fix['title']}")
    if fix["advice"]:
        _labelled(console, "", fix["advice"], deeper=len(number_))
    for command in fix["commands"]:
        _command(console, "", command)
    for index, command in enumerate(fix["undo"]):
        _command(console, "undo" if index == 0 else "", command)


def _command(console: Console, label: str, command: str) -> None:
    """As it is: what is to be pasted is not folded, and documents begin where lines do."""
    head, *document = command.splitlines()
    console.print(Text.assemble(f"{MARGIN}{label:<{LABEL}}", (head, "cyan")), soft_wrap=True)
    for line in document:
        console.print(Text(line, "cyan"), soft_wrap=True)


def _labelled(console: Console, label: str, text: str, deeper: int = 0) -> None:
    """A text beside its label, folded at words."""
    first, rest = f"{MARGIN}{label:<{LABEL}}{' ' * deeper}", " " * (len(MARGIN) + LABEL + deeper)
    lines = wrap(text, max(20, console.width - len(first)), break_long_words=False, break_on_hyphens=False)
    for index, line in enumerate(lines):
        console.print(Text(f"{rest if index else first}{line}"), soft_wrap=True)


def _rest(console: Console, record: Record) -> None:
    told = [f"{each['code']} {each['name']}: {each['because']}" for each in record["cannot_tell"]]
    unseen = [unseen_line(each) for each in record["unseen"]]
    for label, lines in (("cannot tell", told), ("not seen", unseen)):
        if lines:
            console.print()
        for line in lines:
            console.print(Text.assemble((f"{label}: ", "bold"), line))
    if record["ignored"]:
        console.print()
        console.print(Text(f"ignored: {listing(record['ignored'])}", "dim"))


def unseen_line(each: Record) -> str:
    """What could not be seen, why, and what would settle it."""
    said = f": {each['detail']}" if each["detail"] else ""
    return f"{each['what']}: {each['why']}{said}" + (f"; {each['hint']}" if each["hint"] else "")
