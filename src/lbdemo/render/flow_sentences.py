"""Why a verdict on a service is what it is, where nobody noted each call: of counters, and of connections."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lbdemo.render import sentences
from lbdemo.words import count, duration, figure, listing, number, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

Figures = Mapping[str, Any]

NUMBERED = re.compile(r"(\d )call(s?)\b")
BESIDE = ("other_outcome", "silent", "unseen", "source_error", "fresh_block", "planned_block")
"""What is told of calls that were sent for a verdict, and that the picture of a service's calls shows anyhow."""


def flow_reasons(verdict: Record) -> list[str]:
    """The reasons of a verdict on a service's calls or connections as sentences, the headline first.

    Where calls cannot be told from messages of streams, numbers are said to be of messages: a call sends one.
    """
    told = [flow_reason(each) for each in verdict["reasons"] if each["code"] not in BESIDE]
    return [NUMBERED.sub(lambda found: f"{found[1]}{one(verdict)}{found[2]}", each) for each in told]


def one(judged: Record) -> str:
    """One of what a source has counted."""
    return str(judged["unit"]).removesuffix("s")


def counted(judged: Record) -> str:
    """How many calls were counted, such as `about 572 messages`."""
    about = "about " if judged["about"] else ""
    return about + count(judged["calls"], one(judged))


def flow_reason(record: Record) -> str:
    """One reason, `{"code", "figures"}`, as a sentence."""
    sentence = SENTENCES.get(record["code"])
    return sentence(record["figures"]) if sentence else sentences.reason(short_names(record))


def short_names(record: Record) -> Record:
    """The same with pods without their namespace, which all servers of a service share."""
    figures = {name: short(value) for name, value in record["figures"].items()}
    return {**record, "figures": figures}


def short(value: Any) -> Any:
    """Names of pods without their namespace, wherever they stand."""
    if isinstance(value, str):
        return value.rpartition("/")[2]
    if isinstance(value, list | tuple):
        return [short(one) for one in value]
    return {short(name): short(one) for name, one in value.items()} if isinstance(value, Mapping) else value


def _whole(share: float) -> str:
    """A share without decimals, such as 20 %."""
    return f"{share * 100:.0f} %"


def _pinned_callers(seen: Figures) -> str:
    where = "one and the same pod" if seen["servers"] == 1 else f"one pod each, {seen['servers']} in all"
    return f"All {count(seen['calls'], 'call')} of {count(seen['callers'], 'caller')} went to {where}."


def _uneven_callers(seen: Figures) -> str:
    each = [f"{short(name)} ({outcome})" for name, outcome in seen["callers"].items()]
    part = percent(seen["calls"] / seen["of"]) if seen["of"] else "0 %"
    return (
        f"{number(len(each))} of {count(seen['all_callers'], 'caller')} do not spread their calls, which are {part} of "
        f"all: {listing(each)}; whatever all together show ({seen['total']})."
    )


def _left_out(seen: Figures) -> str:
    causes = (("restarted", "a counter began anew"), ("changed", "pods came or went"), ("others", "there were others"))
    why = [f"{words} ({listing(short(seen[cause]))})" for cause, words in causes if seen.get(cause)]
    return f"{number(seen['intervals'])} of {count(seen['of'], 'interval')} are left out: {listing(why)}."


def _held(seen: Figures) -> tuple[list[str], list[str]]:
    """The pods that hold connections, and those that hold none."""
    held = seen["connections"]
    return [short(n) for n, many in held.items() if many], [short(n) for n, many in held.items() if not many]


def _connections_pinned(seen: Figures) -> str:
    some, none = _held(seen)
    who = "Each of the callers keeps" if seen["callers"] > 1 else "The caller keeps"
    without = f"; {listing(none)} {'holds' if len(none) == 1 else 'hold'} none" if none else ""
    return f"{who} all its connections to one pod: {listing(some)}{without}. How many calls they carry nobody counts."


def _without_connections(seen: Figures) -> str:
    some, none = _held(seen)
    return f"{listing(none)} got no connection of anybody in {seen['looks']} looks, {listing(some)} did."


SENTENCES: Mapping[str, Callable[[Figures], str]] = {
    "pinned_callers": _pinned_callers,
    "uneven_callers": _uneven_callers,
    "callers_differ": lambda seen: (
        f"The {seen['callers']} callers differ from each other more than by chance (φ = {figure(seen['phi'])})."
    ),
    "variance_unknown": lambda seen: (
        f"Calls came in {count(seen['intervals'], 'interval')} only: from {seen['wanted']} on it is known how much "
        "their spread varies."
    ),
    "too_quiet": lambda seen: (
        f"Too quiet to say: {count(seen['calls'], 'call')} in {duration(seen['seconds'])}, where about "
        f"{number(seen['wanted'])} are wanted."
    ),
    "watch_on": lambda seen: (
        f"If calls go on coming as they do, watching for {duration(seen['seconds'])} brings enough of them "
        f"(--watch {seen['seconds']:.0f})."
    ),
    "source_too_coarse": lambda seen: (
        f"Counts that may be off by {_whole(seen['error'])} cannot prove that {seen['servers']} pods share within "
        f"{_whole(seen['tolerance'])}; within {_whole(seen['provable'])} they could."
    ),
    "source_error": lambda seen: f"Counts may be off by {_whole(seen['error'])}.",
    "intervals_left_out": _left_out,
    "none_answered": lambda seen: f"None of {count(seen['calls'], 'call')} was answered: there is nothing to judge.",
    "no_connections": lambda seen: f"Nobody was connected in {seen['looks']} looks.",
    "one_endpoint": lambda _: "There is only one pod to be connected to: nothing to balance.",
    "too_few_looks": lambda seen: f"{seen['looks']} looks are too few to tell connections that stay from others.",
    "connections_move": lambda _: "Callers are connected to several pods; how many calls go to each nobody counts.",
    "connections_pinned": _connections_pinned,
    "endpoints_without_connections": _without_connections,
    "connections_only": lambda _: "Every pod holds connections; how many calls go over each nobody counts.",
}
