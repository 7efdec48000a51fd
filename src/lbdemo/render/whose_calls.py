"""What a diagnosis says of whose calls it has counted: by which of several Services, and of whom at a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.render.flow_sentences import short
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.render.figures import Record


def whose_calls(record: Record) -> Iterator[str]:
    """Sentences; none where all callers have addresses of their own, and are known to call by this Service."""
    yield from map(_at_node, (caller for caller in record["callers"] if caller["node"]))
    asked, beside = record["service"]["name"], record["services_beside"]
    if record["called_by"] != asked:
        some = any(caller["found_by"] == "asked" for caller in record["callers"])
        who = "Those who were asked about" if some else f"Nobody uses the name {asked}: all callers"
        yield f"{who} use {record['called_by']}, for the same pods, and that is judged."
    if record["others"]:
        yield from _others(record)
    for who, service in beside["likely"].items():
        yield f"{short(who)} most likely calls by Service {service}: it is connected to the pods, to all alike."
    if beside["unknown"]:
        names = " or ".join([record["called_by"], *beside["names"]])
        who = listing(short(beside["unknown"]))
        yield f"Nobody can tell by which Service {who} {_verb(beside['unknown'])}: {names}."
    if beside["counted_too"]:
        yield f"Servers count calls by all of their Services: those by {listing(beside['names'])} may be among them."


def _at_node(caller: Record) -> str:
    """Who calls from the network of a node, as far as that can be told."""
    name, node = short(caller["caller"]), caller["node"]
    if not caller["caller"].startswith("node/"):
        return f"{name} calls from the network of {node}: what else calls from there cannot be told from it."
    pods = listing(short(caller["one_of"]))
    return f"{name} is a node: some program in its network calls" + (f", such as that of {pods}." if pods else ".")


def _others(record: Record) -> Iterator[str]:
    services = list(dict.fromkeys(each["service"] for each in record["others"]))
    who = listing(list(dict.fromkeys(short(each["caller"]) for each in record["others"])))
    calls = _verb({each["caller"] for each in record["others"]})
    yield f"{who} {calls} the same pods by Service {listing(services)}: not counted here."
    where = record["service"]["namespace"]
    yield f"`lbdemo -n {where} diagnose {services[0]}` judges what those get."


def _verb(callers: list[str] | set[str]) -> str:
    return "calls" if len(callers) == 1 else "call"
