"""A diagnosis in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.render.flow_sentences import counted
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.render.figures import Record


def line(record: Record) -> str:
    """The service, the verdict, the calls, and the codes that were found, and those that are ignored."""
    service, verdict = record["service"], record["verdict"]
    calls = "" if verdict["calls"] is None else f", {counted(verdict)}"
    by = f" (called by the name {record['called_by']})" if record["called_by"] != service["name"] else ""
    found = listing([f"{each['code']} {each['name']}" for each in record["findings"]]) or "nothing found"
    ignored = f" ({listing(record['ignored'])} ignored)" if record["ignored"] else ""
    name = f"{service['namespace']}/{service['name']}:{service['port']}"
    return f"{name}  {verdict['outcome']}{calls}{by}  {found}{ignored}"
