"""What has changed since an earlier diagnosis, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

CHANGES = {"gone": "green", "new": "red", "still": "yellow", "untold": "yellow", "ignored": "dim"}
"""What became of findings, in the order in which it is told."""
WORDS = {"untold": "nobody can tell whether these are gone:", "ignored": "ignored now:"}


def then_and_now(record: Record) -> str:
    """The verdicts, and whether the earlier one is one of something else, or is none that is earlier."""
    after, now = record["after"], record["service"]
    told = f"{after['outcome']} then, {record['verdict']['outcome']} now"
    if (after["service"], after["namespace"]) != (now["name"], now["namespace"]):
        told += f" (then it was {after['service']} in namespace {after['namespace']})"
    elif after["port"] != now["port"]:
        told += f" (then it was port {after['port']})"
    return told + (" (which is the older one of the two)" if after["later"] else "")


def words(change: str) -> str:
    """How a change is called."""
    return WORDS.get(change, change)
