"""What the terminal, JUnit and HTML say alike of a report's record (`Report.to_dict()`), in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lbdemo.render import sentences as wording
from lbdemo.words import count, duration, listing, number, percent
from lbdemo.words import figure as rounded

Record = Mapping[str, Any]

NONE = "-"

LATENCY, SERVICE = "latency_ms", "service_ms"

FEWEST_FOR_A_RATE = 10
SHORTEST_FOR_A_RATE = 0.1
"""Seconds. One call of half a microsecond is not two million calls a second."""

NOTABLE = 1.0
"""Seconds that it takes until all servers are seen, from which on it is told."""


def printable(text: object) -> str:
    """The text without what would steer a terminal or break a page: records also come from files."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def lateness(report: Record) -> str:
    """Where the client had not the time to call when it should, so that there is no latency; '' when nowhere."""
    late = [r["name"] for r in report["results"] if r["summary"]["latency_missing"] == "late"]
    whose = listing([printable(name) for name in late])
    if not late:
        return ""
    said = f"the client was late in {whose}: there is no latency to tell there"
    return f"{said}; service times count from when calls were sent" if measured(report) == SERVICE else said


def closing(report: Record) -> str:
    """The whole in one line; what failed without a result counts as well."""
    good = sum(result["ok"] for result in report["results"])
    every = len(report["results"]) + sum(skipped["failed"] for skipped in report["skipped"])
    return f"as expected: {good} of {every}" if report["results"] else "nothing was measured"


def span(milliseconds: float | None) -> str:
    """A time span that a record gives in milliseconds."""
    return NONE if milliseconds is None else duration(milliseconds / 1000)


def measured(report: Record) -> str:
    """What a table compares: latencies, or service times where the client was late in a result.

    They are never mixed, since no two results could be compared then. Both are names of the record's summary.
    """
    late = any(result["summary"]["latency_missing"] == "late" for result in report["results"])
    return SERVICE if late else LATENCY


def heading(kind: str, name: str) -> str:
    """A quantile's heading, with what it is of where that is not the latency."""
    return f"service {name}" if kind == SERVICE else name


def quantile(result: Record, name: str, kind: str = LATENCY) -> str:
    """One of p50, p90, p99, max; with its sign where it is a lower bound."""
    times = result["summary"][kind]
    return bounded(times, name) if times else NONE


def bounded(latency: Record, name: str) -> str:
    """A quantile, with its sign where it is a lower bound; a dash where the calls are too few to tell it."""
    sign = "≥ " if name in latency["at_least"] else ""
    return NONE if latency[name] is None else f"{sign}{span(latency[name])}"


def with_interval(latency: Record, name: str) -> str:
    """A quantile with the interval in which it lies with a probability of 95 %; a lower bound has none."""
    interval = latency["intervals"].get(name)
    if not interval or latency[name] is None or name in latency["at_least"]:
        return bounded(latency, name)
    low, high = interval
    if high is None:
        return f"{bounded(latency, name)} (from {span(low)} on)"
    return f"{bounded(latency, name)} ({between(low, high)})"


def between(low: float, high: float) -> str:
    """Two time spans (ms), the unit told once where it is the same: 6.90 to 8.31 ms."""
    first, second = span(low), span(high)
    number_, _, unit = first.partition(" ")
    return f"{number_ if second.endswith(f' {unit}') else first} to {second}"


def over_time(summary: Record) -> str:
    """The time line in words: when the slowest call was due, and how many failed; '' without calls."""
    timeline = summary["timeline"]
    moments, wide = timeline["cells"], timeline["seconds_per_cell"]
    if not moments:
        return ""
    worst = max(moments, key=lambda moment: moment["max_ms"])
    when = f"{worst['at_s']:g} to {worst['at_s'] + wide:g} s"
    failed = sum(moment["failed"] for moment in moments)
    lost = f"; {count(failed, 'call')} failed" if failed else ""
    whole = duration(moments[-1]["at_s"] + wide)
    return f"over {whole}: the slowest call ({span(worst['max_ms'])}) was due from {when}{lost}"


def rate_value(result: Record) -> float | None:
    """Calls a second; None where too few calls, or too short a time, say nothing of a rate."""
    summary = result["summary"]
    if summary["sent"] < FEWEST_FOR_A_RATE or summary["seconds"] < SHORTEST_FOR_A_RATE:
        return None
    told: float | None = summary["calls_per_second"]
    return told


def rate(result: Record) -> str:
    """Calls a second, in words."""
    value = rate_value(result)
    return NONE if value is None else number(round(value))


def counts(result: Record) -> str:
    """The calls of each server, in the order of their names."""
    return " ".join(number(share["calls"]) for share in result["verdict"]["shares"]) or NONE


def standing(result: Record) -> str:
    """How what was found compares with what was promised, without what was found."""
    verdict = result["verdict"]
    if verdict["outcome"] != verdict["expected"]:
        return f"expected {verdict['expected']}"
    if not verdict["as_expected"]:
        return "but not as promised"
    if not result["promises_kept"]:
        return "but a promise was not kept"
    if result["ok"]:
        return "as expected"
    odd = [server for server in result["witness"]["servers"] if not server["agrees"]]
    if all(server["own"] is None for server in odd):
        return "but the second witness is incomplete"
    return "but contradicted by the second witness"


def judgement(result: Record) -> str:
    """What was found, and how it compares with what was promised."""
    return f"{result['verdict']['outcome']}, {standing(result)}"


def policy(result: Record) -> str:
    """What the spread looks like, beside what was promised where that is something else."""
    verdict = result["verdict"]
    seen, promised, dispersion = verdict["fingerprint"], verdict["expected_fingerprint"], verdict["dispersion"]
    known = (("D", dispersion), ("phi", verdict["phi"]))
    told = ", ".join(f"{name} = {rounded(value)}" for name, value in known if value is not None)
    figure = f" ({told})" if told else ""
    promise = f", expected {promised}" if promised and promised != seen else ""
    return f"{seen or 'unknown'}{figure}{promise}"


def sentences(result: Record) -> list[str]:
    """All that is to be said: the verdict's reasons, headline first, then notes."""
    return [printable(text) for text in (*wording.reasons(result["verdict"]), *result["notes"])]


def tail(result: Record) -> str:
    """The latencies in one line, and whose tail is the worst; or why there are none, and what is known instead."""
    summary = result["summary"]
    latency, service = summary["latency_ms"], summary["service_ms"]
    if not summary["sent"]:
        return "no call was made"
    if not latency:
        known = f"; the servers took {_quantiles(service)} from when it sent" if service else ""
        return f"not told, for the client could not keep its schedule{known}"
    slowest = f"; slowest {printable(summary['slowest_server'])}" if summary["slowest_server"] else ""
    return _quantiles(latency) + slowest


def _quantiles(latency: Record) -> str:
    """All that are known; of p99, which few calls make, with its interval."""
    told = [f"p50 {bounded(latency, 'p50')}", f"p90 {bounded(latency, 'p90')}"]
    told += [f"p99 {with_interval(latency, 'p99')}"] if latency["p99"] is not None else []
    return ", ".join([*told, f"max {bounded(latency, 'max')}"])


def course(result: Record) -> str:
    """What happened when, for a run of several moments whose latencies are told."""
    summary = result["summary"]
    told = summary["latency_ms"] and len(summary["timeline"]["cells"]) > 1
    return over_time(summary) if told else ""


def attempts(result: Record) -> str:
    """What gRPC's own retries did, and how long it took until all servers were seen; '' for nothing of both."""
    summary = result["summary"]
    said = []
    if summary["retried_calls"]:
        said.append(f"{number(summary['attempts'])} attempts ({number(summary['retried_calls'])} calls retried)")
    if (summary["settling_s"] or 0) >= NOTABLE:
        said.append(f"all servers seen after {duration(summary['settling_s'])}")
    return "; ".join(said)


def streams(result: Record) -> str:
    """What was answered on streams, by whom; '' where calls were none. What is judged are the streams."""
    servers = [server for server in result["summary"]["servers"] if server["stream_answers"] is not None]
    answers = sum(server["stream_answers"] for server in servers)
    if not servers:
        return ""
    each = listing([
        f"{printable(server['server'])} {number(server['stream_answers'])}"
        + (f" ({percent(server['stream_answers'] / answers)})" if answers else "")
        for server in servers
    ])  # fmt: skip
    return (
        f"a call is a stream here, however much is answered on it: {count(answers, 'answer')}, {each}; "
        "latencies are those of first answers"
    )


def witness(result: Record) -> str:
    """What the second witness says, in one sentence; '' without one."""
    named, servers = result["witness"]["name"], result["witness"]["servers"]
    if not servers:
        return ""
    who = printable(named) or "the second witness"
    odd = [server for server in servers if server["own"] != server["client"]]
    if not odd:
        return f"{who} agrees: {number(sum(server['own'] for server in servers))} calls, gate included"
    told = [f"{printable(s['server'])} {_count(s['own'])} (the client: {number(s['client'])})" for s in odd]
    if all(server["own"] is None or server["agrees"] for server in odd):
        word = "differs, explained" if all(server["agrees"] for server in odd) else "is incomplete"
    else:
        word = "CONTRADICTS"
    return f"{who} {word}: {listing(told)}"


def servers(result: Record) -> list[dict[str, Any]]:
    """Each server's share with its service times: the verdict's and the summary's words on it, joined."""
    service = {server["server"]: server["service_ms"] for server in result["summary"]["servers"]}
    return [dict(share, service_ms=service.get(share["server"])) for share in result["verdict"]["shares"]]


def service(share: Record) -> str:
    """How long a server took, as far as it is known."""
    known = share["service_ms"] or {}
    return ", ".join(f"{name} {span(known[name])}" for name in ("p50", "p99") if known.get(name) is not None)


def tail_of(share: Record) -> str:
    """A server's p99; where its calls are too few for one, its p90."""
    known = share["service_ms"] or {}
    name = "p99" if known.get("p99") is not None else "p90"
    return f"{name} {span(known[name])}" if known.get(name) is not None else ""


def extras(record: Record) -> list[tuple[str, str]]:
    """Further figures, whatever they are: nested names joined, empty ones left out."""
    return [(name, text) for name, text in _flat(record) if text]


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, _joined(name, str(key)))
    elif isinstance(value, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in value):
        for position, inner in enumerate(value, 1):
            yield from _flat(inner, _joined(name, str(position)))
    elif isinstance(value, (list, tuple)):
        yield name, ", ".join(plain(item) for item in value)
    else:
        yield name, plain(value)


def _joined(outer: str, key: str) -> str:
    inner = printable(key).replace("_", " ")
    return f"{outer} · {inner}" if outer else inner


def plain(value: object) -> str:
    """A value without a unit, as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return NONE if value is None else printable(value)


def _count(value: int | None) -> str:
    return "could not be asked" if value is None else f"counted {number(value)}"
