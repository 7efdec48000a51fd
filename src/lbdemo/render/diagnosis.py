"""A diagnosis for a person: the way of the calls, the verdict, the findings with their fixes, what was not seen."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from lbdemo.render import folding
from lbdemo.render.flow_sentences import flow_reasons
from lbdemo.render.history_line import beside_line, history_line, source_words
from lbdemo.render.since import CHANGES, then_and_now, words
from lbdemo.render.way_picture import picture
from lbdemo.render.whose_calls import whose_calls
from lbdemo.words import count, duration, listing, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

NOBODY = "no caller was seen"
COLOURS = {"BALANCED": "bold green", "INCONCLUSIVE": "bold yellow"}
WEIGHTS = {"note": "no fault of balancing", "risk": "a risk: it does not matter here yet"}
"""How much matters what explains nothing."""
SEVERITIES = {"problem": "bold red", "risk": "bold yellow", "note": "bold"}
MARGIN = " " * 7
LABEL = 7  # columns of seen, fix, undo, more


def print_diagnosis(console: Console, record: Record) -> None:
    """Prints the record that `-o json` prints."""
    for line in packed(headline(record), console.width):
        console.print(Text(line, "bold"), soft_wrap=True)
    console.print()
    for line in picture(record, console.width):
        console.print(Text(line), soft_wrap=True)
    console.print()
    for text in verdict(record):
        folded(console, text)
    for sentence in whose_calls(record):
        folded(console, Text(sentence))
    if record["history"]:
        folded(console, Text.assemble(("history: ", "bold"), history_line(record["history"])), 2)
    for sentence in in_sum(record):
        folded(console, Text(sentence))
    for finding in record["findings"]:
        console.print()
        _finding(console, finding, matters(finding, record))
    _rest(console, record)
    if "after" in record:
        console.print()
        for text in changes(record):
            folded(console, text, 2)


def in_sum(record: Record) -> Iterator[str]:
    """What no finding says: that none explains it, or that there is none though the verdict is open."""
    if record["unexplained"]:
        yield "No cause that is known here explains it."
    elif record["excused"]:
        yield f"What explains it is ignored on purpose: {listing(record['excused'])}."
    elif not record["findings"] and record["connected_everywhere"]:
        yield "Each call is given to a pod of its own choice, over connections to all of them: nothing was found."
        if record["undecided"]:
            yield "That calls are spread this does not prove, and so few of them do not either."
    elif not record["findings"] and not record["undecided"] and not record["unwanted"]:
        yield "Nothing was found."


def folded(console: Console, text: Text, deeper: int = 0) -> None:
    """A text folded at words, its further lines so many columns deeper."""
    for number, (start, end) in enumerate(folding.slices(text.plain, console.width - deeper)):
        console.print(Text.assemble(" " * deeper if number else "", text[start:end]), soft_wrap=True)


def changes(record: Record) -> Iterator[Text]:
    """What is different since the evidence of before."""
    after = record["after"]
    yield Text.assemble(("since ", "bold"), (after["made"], "bold"), f": {then_and_now(record)}")
    for label, style in CHANGES.items():
        if after[label]:
            yield Text.assemble(f"  {words(label):<5} ", (listing(after[label]), style))


def headline(record: Record) -> str:
    """The service, its pods, its callers, how long it was watched."""
    service, servers = record["service"], record["servers"]
    ready = sum(1 for server in servers if server["ready"] and not server["terminating"])
    waiting = len(servers) - ready
    pods = count(ready, "ready pod") + (f", {waiting} not ready" if waiting else "")
    pods = pods if record["servers_seen"] else "its pods could not be seen"
    return (
        f"{service['name']} ({service['namespace']}), port {service['port']}: {pods}; {_callers(record)}; "
        f"watched {duration(record['watched'])}"
    )


def packed(text: str, width: int) -> list[str]:
    """The text in lines that end between its parts (a; b; c), where these fit; else folded at words."""
    lines: list[str] = []
    for part in text.split("; "):
        if lines and len(lines[-1]) + 2 + len(part) < width:
            lines[-1] += f"; {part}"
        else:
            lines.append(f"{'  ' if lines else ''}{part}")
    ends = (*(f"{line};" for line in lines[:-1]), lines[-1])
    return [each for line in ends for each in wrap(line, width, subsequent_indent="  ")]


def _callers(record: Record) -> str:
    callers = count(len(record["callers"]), "caller") if record["callers"] else NOBODY
    others = len({each["caller"] for each in record["others"]})
    return callers + (f", {others} by another Service" if others else "")


def verdict(record: Record) -> Iterator[Text]:
    """The verdict in a line, and why."""
    judged = record["verdict"]
    if not judged["source"]:
        yield Text.assemble(("INCONCLUSIVE", COLOURS["INCONCLUSIVE"]), ": nobody could count calls or connections.")
        return
    told, *more = flow_reasons(judged) or [""]
    yield Text.assemble((judged["outcome"], COLOURS.get(judged["outcome"], "bold red")), f": {told}")
    counted = "counted" if judged["calls"] is not None else "seen"
    yield Text(f"({counted} by {source_words(judged)})", "dim")
    if judged["beside"]:
        yield Text(beside_line(judged["beside"]), "dim" if judged["beside"]["agrees"] else "")
    for sentence in more:
        yield Text(sentence)


def _finding(console: Console, finding: Record, weight: str) -> None:
    possible = "possible: " if finding["possible"] else ""
    head = Text.assemble((finding["code"], SEVERITIES[finding["severity"]]), f"  {possible}{finding['sentence']}  ",
                         (f"[{weight}]", "dim"))  # fmt: skip
    folded(console, head, len(MARGIN))
    for index, line in enumerate(finding["evidence"]):
        _labelled(console, "seen" if index == 0 else "", f"{line['text']}  ({line['source']})")
    for index, fix in enumerate(finding["fixes"], 1):
        _fix(console, f"{index}  " if len(finding["fixes"]) > 1 else "", fix, first=index == 1)
    _labelled(console, "more", finding["page"])


def matters(finding: Record, record: Record) -> str:
    """How much of what was seen it explains, in words."""
    there = {each["code"] for each in record["findings"]}
    if causes := [code for code in finding["follows_from"] if code in there]:
        return f"follows from {listing(causes)}"
    note = finding["severity"] == "note"
    if finding["explains"]:
        part = "all" if finding["explains"] > 0.995 else percent(round(finding["explains"], 2))
        return f"explains {part} of it" + (", as it was told to be" if note else "")
    if finding["aside"]:
        return "a fault of its own, none of balancing"
    if finding["severity"] in WEIGHTS:
        return WEIGHTS[finding["severity"]]
    if record["verdict"]["outcome"] == "INCONCLUSIVE":
        return "too little was seen to say what it explains"
    return "explains nothing of what was seen"


def _fix(console: Console, number_: str, fix: Record, *, first: bool) -> None:
    _labelled(console, "fix" if first else "", fix["title"], before=number_)
    if fix["advice"]:
        _labelled(console, "", fix["advice"], before=" " * len(number_))
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


def _labelled(console: Console, label: str, text: str, before: str = "") -> None:
    """A text beside its label, and behind what stands `before` it; folded at words."""
    first, rest = f"{MARGIN}{label:<{LABEL}}{before}", " " * (len(MARGIN) + LABEL + len(before))
    for index, line in enumerate(folding.lines(text, console.width - len(first))):
        console.print(Text(f"{rest if index else first}{line}"), soft_wrap=True)


def _rest(console: Console, record: Record) -> None:
    told = [f"{each['code']} {each['name']}: {each['because']}" for each in record["cannot_tell"]]
    unseen = [unseen_line(each) for each in record["unseen"]]
    for label, lines in (("cannot tell", told), ("not seen", unseen)):
        if lines:
            console.print()
        for line in lines:
            folded(console, Text.assemble((f"{label}: ", "bold"), line), 2)
    if record["ignored"]:
        console.print()
        console.print(Text(f"ignored: {listing(record['ignored'])}", "dim"))


def unseen_line(each: Record) -> str:
    """What could not be seen, why, and what would settle it."""
    said = f": {each['detail']}" if each["detail"] else ""
    return f"{each['what']}: {each['why']}{said}" + (f"; {each['hint']}" if each["hint"] else "")
