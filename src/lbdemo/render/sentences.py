"""The verdict's reasons as sentences: a code with its figures is what the record holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lbdemo.words import count, duration, figure, listing, number, once_in, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

Figures = Mapping[str, Any]


def reason(record: Record) -> str:
    """One reason of a record, `{"code", "figures"}`, as a sentence; of a code that is unknown here the code itself."""
    sentence = SENTENCES.get(record["code"])
    return sentence(record["figures"]) if sentence else str(record["code"])


def reasons(verdict: Record) -> list[str]:
    """All reasons of a verdict's record, the headline first, and that it took a second block."""
    return [*(reason(record) for record in verdict["reasons"]), *look(verdict)]


def look(verdict: Record) -> list[str]:
    """That a second block was needed, and what error probability was kept for it; nothing after the first."""
    if verdict["look"] == 1:
        return []
    kept, whole = figure(verdict["look_alpha"]), figure(verdict["alpha"])
    both = "The first block could not tell: this is judged on both blocks that were planned"
    return [f"{both}, with the {kept} that was kept for the second of an error probability of {whole} in all."]


def _pinned(seen: Figures) -> str:
    every = number(seen["of"])
    part = f"all {every}" if seen["calls"] == seen["of"] else f"{number(seen['calls'])} of {every}"
    return f"{seen['server']} answered {part} calls; a fair choice does that {once_in(seen['log10_chance'])}."


def _balanced(seen: Figures) -> str:
    low, high = percent(seen["lowest"]), percent(seen["highest"])
    each = low if low == high else f"{low} to {high}"
    return (
        f"Each of the {seen['servers']} servers answered its part of {count(seen['calls'], 'call')}: "
        f"{each}, where {percent(seen['fair'])} is fair; none is off by more than {_tolerance(seen)} of that."
    )


def _unbalanced(seen: Figures) -> str:
    calls = count(seen["of"], "call")
    who = f"One of the {seen['servers']} servers" if seen["unseen"] else seen["server"]
    answered, share = number(seen["answered"]), percent(seen["share"])
    part = f"{answered} of {calls} ({share})" if seen["answered"] else f"none of {calls}"
    chance = once_in(seen["log10_chance"])
    return f"{who} answered {part}, where {percent(seen['fair'])} is fair; a fair choice strays that far {chance}."


def _pinned_connections(seen: Figures) -> str:
    return (
        f"Each of the {seen['connections']} connections has one server to itself for all its calls; "
        f"together they went to {count(seen['servers'], 'server')}."
    )


def _in_turns(seen: Figures) -> str:
    sticks = seen.get("stickiness")
    follows = f"; a call follows the one before to its server {percent(sticks)} more than by chance" if sticks else ""
    return (
        f"The {seen['servers']} servers take turns, one at a time: {count(seen['calls'], 'call')}, whose spread from "
        f"batch to batch is {figure(seen['phi'])} times that of independent ones{follows}."
    )


def _as_weighted(seen: Figures) -> str:
    parts = [
        f"{server} {percent(part['share'])} (promised {percent(part['expected'])})"
        for server, part in seen["shares"].items()
    ]
    calls = count(seen["calls"], "call")
    return f"Each server answered its part of {calls}: {listing(parts)}; none is off by more than {_tolerance(seen)}."


def _hidden(seen: Figures) -> str:
    return (
        f"The failures hide it: nobody knows which server {count(seen['unsigned'], 'failed call')} were for, and given "
        f"to one or to another they change the verdict. {_too_few(seen)}"
    )


def _too_few(seen: Figures) -> str:
    return (
        f"{count(seen['calls'], 'call')} cannot tell whether the servers share fairly: "
        f"{seen['server']} answered {percent(seen['share'])}, which may stand for anything "
        f"from {percent(seen['low'])} to {percent(seen['high'])}; "
        f"{percent(seen['fair'])} is fair, give or take {_tolerance(seen)} of that."
    )


def _nothing_to_balance(seen: Figures) -> str:
    if seen["others_answered"]:
        expected = listing(seen["servers"]) or "one server"
        return f"Only {expected} was expected, so there is nothing to balance; but others answered."
    return f"There is only one server, {listing(seen['servers'])}: nothing to balance."


def _failed(seen: Figures) -> str:
    codes = listing([f"{code} {number(calls)}" for code, calls in seen["codes"].items()])
    return f"{number(seen['failed'])} of {count(seen['sent'], 'call')} failed ({codes})"


def _failing(seen: Figures) -> str:
    return f"{_failed(seen)}; allowed: {percent(seen['allowed']) if seen['allowed'] else 'none'}."


def _beside_errors(seen: Figures) -> str:
    signed = seen["signed_errors"]
    apart = f"Counting {count(signed, 'error')} with a server's name, too" if signed else "Apart from the errors"
    return f"{apart}: {reason(seen['spread'])}"


def _broken(seen: Figures) -> str:
    return f"Round robin was promised, which is exact, but the calls are {seen['seen']} {_lumps(seen)}."


def _other_policy(seen: Figures) -> str:
    return f"The calls look {seen['seen']}, where {seen['promised']} was expected {_lumps(seen)}."


def _lumps(seen: Figures) -> str:
    """phi, or where the order of the calls is not known D, the same of their totals."""
    phi = seen["phi"]
    return f"(D = {figure(seen['dispersion'])})" if phi is None else f"(φ = {figure(phi)})"


def _strangers(seen: Figures) -> str:
    told = listing([f"{server} ({count(calls, 'call')})" for server, calls in seen["servers"].items()])
    return f"Answered without being expected: {told}."


def _late(seen: Figures) -> str:
    return (
        f"The client could not keep its schedule: it sent {count(seen['calls'], 'call')} more than "
        f"{duration(seen['limit_s'])} late, at most {duration(seen['longest_s'])}; so there is no latency to tell."
    )


def _tolerance(seen: Figures) -> str:
    return f"{seen['tolerance'] * 100:g} %"


SENTENCES: Mapping[str, Callable[[Figures], str]] = {
    "pinned": _pinned,
    "balanced": _balanced,
    "unbalanced": _unbalanced,
    "no_answers": lambda _: "No call was answered, so there is no spread to judge.",
    "mostly_nameless": lambda seen: (
        f"{number(seen['nameless'])} of {count(seen['calls'], 'answer')} cannot be told apart by server."
    ),
    "nothing_to_balance": _nothing_to_balance,
    "servers_changed": lambda _: "Servers came or went during the block, so the shares have no fixed measure.",
    "too_few_calls": _too_few,
    "failures_hide": _hidden,
    "pinned_connections": _pinned_connections,
    "in_turns": _in_turns,
    "as_weighted": _as_weighted,
    "least_request": lambda _: (
        "Least request promises that all servers take part and slower ones get less, not that all get the same: kept."
    ),
    "uneven_without_cause": lambda seen: (
        f"Least request gives slower servers less, but {listing(seen['servers'])}: the time it takes does not explain "
        "its part."
    ),
    "failing": _failing,
    "errors_allowed": lambda seen: f"{_failed(seen)}; so many are allowed.",
    "spread_beside_errors": _beside_errors,
    "other_outcome": lambda seen: f"{seen['expected']} was expected, and it is {seen['outcome']}.",
    "fresh_block": lambda seen: (
        f"A fresh block of {count(seen['calls'], 'call')} settles it in {seen['power'] * 100:g} of 100 cases."
    ),
    "planned_block": lambda seen: (
        f"With a block of {count(seen['calls'], 'call')} a fair choice is found to be BALANCED in "
        f"{seen['power'] * 100:g} of 100 cases."
    ),
    "no_sensible_number": lambda _: "A share this close to the limit is not settled by any sensible number of calls.",
    "policy_unknown": lambda seen: f"These calls cannot tell {seen['promised']} from other policies {_lumps(seen)}.",
    "promise_broken": _broken,
    "other_policy": _other_policy,
    "strangers": _strangers,
    "nameless_answers": lambda seen: f"{count(seen['calls'], 'answer')} without a usable server name.",
    "silent": lambda seen: f"Never answered, though expected: {listing(seen['servers'])}.",
    "unseen": lambda seen: f"{seen['unseen']} of the {seen['servers']} expected servers never answered.",
    "vanished": lambda seen: f"Answered before the block, and not in it: {listing(seen['servers'])}.",
    "client_late": _late,
    "gate_errors": lambda seen: f"Before the block, {count(seen['calls'], 'call')} failed.",
    "unknown_lines": lambda seen: f"{count(seen['lines'], 'line')} could not be read as a call.",
    "repeated_calls": lambda seen: (
        f"{count(seen['calls'], 'sequence number')} came more than once: runs were mixed, or calls counted twice."
    ),
    "missing_calls": lambda seen: f"{count(seen['calls'], 'sequence number')} in between never came.",
}
