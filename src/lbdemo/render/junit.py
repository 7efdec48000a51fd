"""A report as JUnit XML, for CI: a test case a result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lbdemo.render import figures

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not allow, not even escaped."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def junit(report: Record) -> str:
    """The record as one XML document, with a line end; valid for Ant's schema (JUnit.xsd) and Jenkins' (junit-10.xsd).

    A result that is not as expected is a failure with its reasons, an error where the calls cannot tell; what was
    skipped is skipped with its reason. Figures are properties of the suite, since neither schema knows those of a
    case: `envoy.calls` is the result's name and the figure's, a figure that is not known is left out. A report without
    a result is a failure, too.
    """
    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", _suite(report))
    _properties(suite, report)
    for result in report["results"]:
        _case(suite, report, result)
    for skipped in report["skipped"]:
        case = SubElement(suite, "testcase", _name(report, skipped["name"], 0.0))
        if skipped["failed"]:
            SubElement(case, "error", {"message": _legal(skipped["reason"]), "type": "failed"})
        else:
            SubElement(case, "skipped", {"message": _legal(skipped["reason"])})
    if not report["results"]:  # an empty suite would be green
        case = SubElement(suite, "testcase", _name(report, "measured", 0.0))
        SubElement(case, "failure", {"message": "nothing was measured", "type": "empty"})
    SubElement(suite, "system-out").text = _legal("\n\n".join(map(_told, report["results"])))
    SubElement(suite, "system-err")
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _suite(report: Record) -> dict[str, str]:
    results, skipped = report["results"], report["skipped"]
    untold = sum(map(_cannot_tell, results))
    command = _token(report["command"])
    return {
        "name": f"lbdemo {command}",
        "package": f"lbdemo.{command}",
        "id": "0",
        "hostname": "localhost",  # the schema's own word for one that is not told
        "timestamp": _moment(report["started"]),
        "tests": str((len(results) or 1) + len(skipped)),
        "failures": str(sum(not result["ok"] for result in results) - untold if results else 1),
        "errors": str(sum(item["failed"] for item in skipped) + untold),
        "skipped": str(sum(not item["failed"] for item in skipped)),
        "time": _seconds(sum(result["summary"]["seconds"] for result in results)),
    }


def _case(suite: Element, report: Record, result: Record) -> None:
    case = SubElement(suite, "testcase", _name(report, result["name"], result["summary"]["seconds"]))
    if result["ok"]:
        return
    said = {"message": _message(result), "type": _legal(_kind(result))}
    answer = SubElement(case, "error" if _cannot_tell(result) else "failure", said)
    answer.text = _legal("\n".join(filter(None, [*figures.sentences(result), figures.witness(result)])))


def _cannot_tell(result: Record) -> bool:
    """Whether the calls say neither yes nor no, and nothing else says no."""
    verdict = result["verdict"]
    undecided = not verdict["as_expected"] and verdict["outcome"] == "INCONCLUSIVE"
    return undecided and result["promises_kept"] and all(server["agrees"] for server in result["witness"]["servers"])


def _told(result: Record) -> str:
    """A result in words: its name, its title and its sentences."""
    return "\n".join([f"{result['name']}: {result['title']}", *figures.sentences(result)])


def _kind(result: Record) -> str:
    """What went wrong: the verdict, a promise beside it, or the second witness contradicts."""
    if not result["verdict"]["as_expected"]:
        return str(result["verdict"]["outcome"])
    return "witness" if result["promises_kept"] else "promise"


def _message(result: Record) -> str:
    said = figures.sentences(result)[0]
    if result["verdict"]["as_expected"]:
        said = figures.witness(result) if result["promises_kept"] else " ".join(result["notes"])
    return _legal(f"{figures.judgement(result)}: {said}")


def _figures(result: Record) -> Iterator[tuple[str, object]]:
    verdict, summary = result["verdict"], result["summary"]
    for name in ("outcome", "expected", "fingerprint", "dispersion", "phi", "look", "looks", "look_alpha"):
        yield name, verdict[name]
    yield from (("calls", summary["sent"]), ("failed", summary["failed"]))
    yield "calls_per_second", figures.rate_value(result)
    yield from _times(summary["latency_ms"])
    yield from _times(summary["service_ms"], "service_")
    yield from (("attempts", summary["attempts"]), ("settling_s", summary["settling_s"]))
    for share in verdict["shares"]:
        yield f"calls.{share['server']}", share["calls"]
    for server in result["witness"]["servers"]:
        yield f"witness.{server['server']}", server["own"]
    yield from _flat(result["extra"])
    yield from _flat({"costs": result["costs"] or {}, "drills": result["drills"]})


def _times(quantiles: Record | None, of: str = "") -> Iterator[tuple[str, object]]:
    """Each quantile; one that is a lower bound has another name, so that no program takes it for the figure itself."""
    known = quantiles or {"at_least": ()}
    for name in ("p50", "p90", "p99", "max"):
        yield f"{of}{name}{'_at_least' if name in known['at_least'] else ''}_ms", known.get(name)


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Nested figures, each under its path in the record."""
    if isinstance(value, Mapping):
        inner: Iterable[tuple[object, object]] = value.items()
    elif isinstance(value, list | tuple):
        inner = enumerate(value)
    else:
        yield path, value
        return
    for key, item in inner:
        yield from _flat(item, f"{path}.{key}" if path else str(key))


def _properties(suite: Element, report: Record) -> None:
    properties = SubElement(suite, "properties")
    told: list[tuple[str, object]] = [("version", report["version"]), *report["environment"].items()]
    told += [(f"{result['name']}.{name}", value) for result in report["results"] for name, value in _figures(result)]
    for name, value in told:
        if value not in (None, ""):
            SubElement(properties, "property", {"name": _token(name), "value": _value(value)})


def _value(value: object) -> str:
    """A value as programs read it: 2100 and true, not 2,100 and yes."""
    return str(value).lower() if isinstance(value, bool) else _legal(value)


def _name(report: Record, name: str, seconds: float) -> dict[str, str]:
    return {"classname": f"lbdemo.{_token(report['command'])}", "name": _token(name), "time": _seconds(seconds)}


def _moment(started: str) -> str:
    """ISO 8601 without a zone (it is UTC), which Ant's schema demands; one that is not known is the epoch."""
    found = _MOMENT.match(started)
    return found[0] if found else "1970-01-01T00:00:00"


def _token(text: object) -> str:
    """A name as schemas want it: in one line, without blanks at its ends, and not empty."""
    return " ".join(_legal(text).split()) or "unnamed"


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _legal(text: object) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", str(text))
