"""A report as JUnit XML, for CI: a test case a result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lbdemo.render import figures

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not allow, not even escaped."""


def junit(report: Record) -> str:
    """The record as one XML document, with a line end.

    A result that is not as expected is a failure with its reasons; what was skipped is skipped with its reason. The
    properties of a test case hold its figures. A report without a result is a failure, too.
    """
    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", _suite(report))
    _properties(suite, {"version": report["version"], **report["environment"]})
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
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _suite(report: Record) -> dict[str, str]:
    results, skipped = report["results"], report["skipped"]
    said = {
        "name": _legal(f"lbdemo {report['command']}"),
        "tests": str((len(results) or 1) + len(skipped)),
        "failures": str(sum(not result["ok"] for result in results) if results else 1),
        "errors": str(sum(item["failed"] for item in skipped)),
        "skipped": str(sum(not item["failed"] for item in skipped)),
        "time": _seconds(sum(result["summary"]["seconds"] for result in results)),
    }
    return said | ({"timestamp": _legal(report["started"])} if report["started"] else {})


def _case(suite: Element, report: Record, result: Record) -> None:
    case = SubElement(suite, "testcase", _name(report, result["name"], result["summary"]["seconds"]))
    _properties(case, dict(_figures(result)))
    if not result["ok"]:
        kind = _kind(result)
        failure = SubElement(case, "failure", {"message": _message(result), "type": _legal(kind)})
        failure.text = _legal("\n".join(filter(None, [*figures.sentences(result), figures.witness(result)])))
    output = SubElement(case, "system-out")
    output.text = _legal("\n".join([result["title"], *figures.sentences(result)]))


def _kind(result: Record) -> str:
    """What went wrong: the verdict, a promise beside it, or the second witness contradicts."""
    if not result["verdict"]["as_expected"]:
        return str(result["verdict"]["outcome"])
    return "witness" if result["promises_kept"] else "promise"


def _message(result: Record) -> str:
    said = result["verdict"]["reasons"][0]
    if result["verdict"]["as_expected"]:
        said = figures.witness(result) if result["promises_kept"] else " ".join(result["notes"])
    return _legal(f"{figures.judgement(result)}: {said}")


def _figures(result: Record) -> list[tuple[str, str]]:
    verdict, summary = result["verdict"], result["summary"]
    said = [
        ("outcome", verdict["outcome"]),
        ("expected", verdict["expected"]),
        ("fingerprint", verdict["fingerprint"]),
        ("dispersion", "" if verdict["dispersion"] is None else verdict["dispersion"]),
        ("calls", summary["sent"]),
        ("failed", summary["failed"]),
        ("calls_per_second", summary["calls_per_second"]),
    ]
    said += [(f"{name}_ms", value) for name, value in (summary["latency_ms"] or {}).items()]
    said += [(f"calls[{share['server']}]", share["calls"]) for share in verdict["shares"]]
    said += [
        (f"witness[{server['server']}]", "" if server["own"] is None else server["own"])
        for server in result["witness"]["servers"]
    ]
    said += figures.extras(result["extra"])
    return [(str(name), str(value)) for name, value in said]


def _properties(parent: Element, values: Record) -> None:
    properties = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(properties, "property", {"name": _legal(name), "value": _legal(value)})


def _name(report: Record, name: str, seconds: float) -> dict[str, str]:
    return {"classname": _legal(f"lbdemo.{report['command']}"), "name": _legal(name), "time": _seconds(seconds)}


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _legal(text: object) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", str(text))
