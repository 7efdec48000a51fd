"""A diagnosis in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.render.flow_sentences import counted
from lbdemo.render.since import CHANGES, then_and_now, words
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.render.figures import Record


def line(record: Record) -> str:
    """The service, the verdict, the calls, the codes that were found, those that are ignored, and what changed."""
    service, verdict = record["service"], record["verdict"]
    calls = "" if verdict["calls"] is None else f", {counted(verdict)}"
    by = f" (called by the name {record['called_by']})" if record["called_by"] != service["name"] else ""
    found = listing([f"{each['code']} {each['name']}" for each in record["findings"]]) or "nothing found"
    ignored = f" ({listing(record['ignored'])} ignored)" if record["ignored"] else ""
    name = f"{service['namespace']}/{service['name']}:{service['port']}"
    return f"{name}  {verdict['outcome']}{calls}{by}  {found}{ignored}{_since(record)}"


def missing_line(missing: Record) -> str:
    """A service of several that could not be seen at all."""
    return f"{missing['namespace']}/{missing['name']}  not seen: {missing['because']}"


def _since(record: Record) -> str:
    """What became of what was found before."""
    if "after" not in record:
        return ""
    after = record["after"]
    told = [f"; {words(change)} {listing(after[change])}" for change in CHANGES if after[change]]
    return f"  (since {after['made']}: {then_and_now(record)}{''.join(told)})"
