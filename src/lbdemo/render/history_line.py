"""How calls were spread before the watch, in a line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from lbdemo.render.flow_sentences import counted, short
from lbdemo.words import count, duration, listing, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record


def beside_line(beside: Record) -> str:
    """What a second source shows of the same calls, and whether that is the same."""
    told = {True: "says the same", False: "says otherwise", None: "does not settle it"}[beside["agrees"]]
    calls = "" if beside["calls"] is None else f", {counted(beside)}"
    return f"{beside['source']} {told}: {beside['outcome']}{calls}{window_words(beside)}."


def source_words(judged: Record) -> str:
    """Who counted, how well, and of which time."""
    about = ", about: a small message takes 1 to 3 segments; a call sends one, a stream many" * judged["about"]
    return f"{judged['source'] or 'nobody'}{about}{window_words(judged)}"


def window_words(judged: Record) -> str:
    """Of which time the counts are, where that is not the watch; "" where it is."""
    window = judged.get("window")
    if not window:
        return ""
    seconds, step = duration(window["seconds"]), duration(window["step"])
    return f" in the {seconds} until {window['end'][11:19]} UTC: it looks every {step}, too seldom for the watch"


def history_line(history: Record) -> str:
    """The shares over all of it, and since when they are uneven."""
    total = sum(history["calls"].values())
    shares = listing([f"{short(pod)} {percent(many / total)}" for pod, many in history["calls"].items()])
    return (
        f"over {duration(history['seconds'])}: {shares} of about {count(total, 'call')}; {_since(history)} "
        f"({history['source']})"
    )


def _since(history: Record) -> str:
    since, first = history["uneven_since"], history["periods"][0]["start"]
    if since is None:
        return "even in the end" if history["even_before"] else "too few calls to say since when"
    told = f"uneven since {since[11:16]} UTC"
    if since == first:
        return f"{told} at the least, as far back as it is known"
    before = "even before" if history["even_before"] else "nobody knows of before"
    age = datetime.fromisoformat(history["periods"][-1]["end"]) - datetime.fromisoformat(since)
    return f"{told} ({duration(age.total_seconds())}), {before}"
