"""What each pod gets of whom, row by row: the picture of a diagnosis, on a terminal as on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.render.flow_sentences import short
from lbdemo.words import count, listing, number

if TYPE_CHECKING:
    from lbdemo.render.figures import Record


PER = {"connection": "one choice a connection", "call": "one choice a call"}
UNKNOWN = "choice unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """A pod under its caller. `caller` and `way` stand in a caller's first row only, "" elsewhere.

    `calls` and `connections` are None where they are not known, `share` (of the calls of all) where there is none.
    """

    caller: str
    way: str
    pod: str
    calls: int | None = None
    connections: int | None = None
    share: float | None = None
    state: str = ""  # what else is to be said: `terminating`, `not ready`, `not counted`, `not seen`


def of_fronts(record: Record) -> Iterator[Row]:
    """The hop before callers that are proxies of several callers: over what these reach which of the proxies."""
    for front in record["fronts"]:
        name, way = f"who calls {front['workload']}", _way_before(front)
        for pod, held in front["pods"].items():
            yield Row(name, way, short(pod), None, held)
            name = way = ""


def _way_before(front: Record) -> str:
    choice = front["choice"]
    over = count(sum(front["pods"].values()), "connection")
    by = listing(front["services"]) or "its pods"
    return f"{over} ──> {by} ({choice['who']}: {chosen(choice)})"


def chosen(choice: Record) -> str:
    """For what somebody chooses, and among how many pods where that is known: one choice a call among 3."""
    among = "" if choice["among"] is None else f" among {number(choice['among'])}"
    return f"{PER.get(choice['per'], UNKNOWN)}{among}"


def of_callers(record: Record, most: int | None = None) -> Iterator[Row]:
    """What the first `most` callers (None: all) send where."""
    total, states = _total(record), {server["name"]: _state(server) for server in record["servers"]}
    for caller in record["callers"][:most]:
        name, way = short(caller["caller"]), way_of(caller)
        for arrival in caller["arrivals"] or (None,):
            yield _row(name, way, arrival, total, states)
            name = way = ""


def of_others(record: Record) -> Iterator[Row]:
    """Who calls the same pods by another Service: over what, and not how many calls."""
    for caller in record["others"]:
        name, way = short(caller["caller"]), way_of(caller)
        for arrival in caller["arrivals"]:
            yield Row(name, way, short(arrival["server"]), None, arrival["connections"], None, "not counted")
            name = way = ""


def of_nobody(record: Record) -> Iterator[Row]:
    """Pods that get nothing of anybody; where only servers count, all pods with what each got of who knows whom."""
    callers = (*record["callers"], *record["others"])
    arrived = {arrival["server"] for caller in callers for arrival in caller["arrivals"]}
    shares = {share["server"]: share["calls"] for share in record["verdict"].get("shares", ())}
    counted = _total(record)
    total = 0 if counted else sum(shares.values())
    for server in record["servers"]:
        name, state = server["name"], _state(server)
        if total:
            calls = shares.get(name, 0)
            yield Row("", "", short(name), calls, None, calls / total, state)
        elif name not in arrived and not server["seen"]:
            yield Row("", "", short(name), state=listing(["not seen", *filter(None, [state])]))
        elif name not in arrived:
            yield Row("", "", short(name), 0, 0, 0.0 if counted else None, state)


def _total(record: Record) -> int:
    return sum(arrival["calls"] or 0 for caller in record["callers"] for arrival in caller["arrivals"])


def _row(name: str, way: str, arrival: Record | None, total: int, states: Mapping[str, str]) -> Row:
    if arrival is None:
        return Row(name, way, "?")
    calls, server = arrival["calls"], arrival["server"]
    share = calls / total if calls is not None and total else None
    return Row(name, way, short(server), calls, arrival["connections"], share, states.get(server, ""))


def _state(server: Record) -> str:
    if server["terminating"]:
        return "terminating"
    return "" if server["ready"] else "not ready"


def way_of(caller: Record) -> str:
    """Over what a caller reaches whom, who chooses there, and for what."""
    choice, held = caller["choice"], caller["connections"]
    if caller["found_by"] == "environment":
        return f"is told of {caller['address']}; no call was seen"
    over = "connections unknown" if held is None else count(held, "connection") if held else "no connection that lasts"
    policy = f", {choice['policy']}" if choice["policy"] else ""
    by = f"Service {caller['service']}, " if "service" in caller else ""
    return f"{over} ──> {caller['address']} ({by}{choice['who']}: {chosen(choice)}{policy})"
