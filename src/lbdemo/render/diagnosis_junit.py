"""Diagnoses as JUnit: a suite a service, a case for the verdict and one for each finding."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from lbdemo.render.flow_sentences import flow_reasons

if TYPE_CHECKING:
    from lbdemo.render.figures import Record


SEVERITIES = ("problem", "risk", "note")
"""The gravest first."""


def junit(records: Sequence[Record], missing: Sequence[Record] = (), fail_on: str = SEVERITIES[0]) -> str:
    """The document. What makes the command exit with 1 are failures: findings that are as grave as `fail_on`, and calls
    that are not spread though nothing was told to do that. What nobody can tell is an error, and so are `missing`
    services, which could not be seen at all. Where `fail_on` is `never`, there are none of either."""
    mind = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on in SEVERITIES else ()
    root = ET.Element("testsuites", name="lbdemo diagnose")
    totals = {"tests": 0, "failures": 0, "errors": 0}
    for suite in (*(_suite(each, mind) for each in records), *(_missing(each, mind) for each in missing)):
        root.append(suite)
        found = {
            "tests": len(suite), "failures": len(suite.findall("testcase/failure")),
            "errors": len(suite.findall("testcase/error")),
        }  # fmt: skip
        for name, number in found.items():
            suite.set(name, str(number))
            totals[name] += number
    for name, number in totals.items():
        root.set(name, str(number))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(record: Record, mind: Collection[str]) -> ET.Element:
    suite = ET.Element("testsuite", name=_name(record), timestamp=record["made"][:19], time="0")
    suite.extend(_cases(record, mind))
    return suite


def _missing(missing: Record, mind: Collection[str]) -> ET.Element:
    name = f"{missing['namespace']}/{missing['name']}"
    suite = ET.Element("testsuite", name=name, time="0")
    case = ET.SubElement(suite, "testcase", classname=name, name="calls are spread", time="0")
    if mind:
        ET.SubElement(case, "error", message=missing["because"], type="NOT SEEN")
    return suite


def _name(record: Record) -> str:
    service = record["service"]
    return f"{service['namespace']}/{service['name']}:{service['port']}"


def _cases(record: Record, mind: Collection[str]) -> Iterator[ET.Element]:
    yield _verdict(record, mind)
    for finding in record["findings"]:
        case = ET.Element("testcase", classname=_name(record), name=f"{finding['code']} {finding['name']}", time="0")
        if finding["severity"] in mind:
            _said(case, "failure", finding["sentence"], finding)
        yield case


def _verdict(record: Record, mind: Collection[str]) -> ET.Element:
    judged = record["verdict"]
    case = ET.Element("testcase", classname=_name(record), name="calls are spread", time="0")
    told = " ".join(flow_reasons(judged)) or "nobody could count calls or connections"
    if record["unwanted"] and mind:
        ET.SubElement(case, "failure", message=f"{judged['outcome']}: {told}", type=judged["outcome"])
    elif record["undecided"] and mind:
        ET.SubElement(case, "error", message=told, type="INCONCLUSIVE")
    return case


def _said(case: ET.Element, kind: str, message: str, finding: Record) -> None:
    said = ET.SubElement(case, kind, message=message, type=finding["code"])
    said.text = "\n".join(f"{line['text']} ({line['source']})" for line in finding["evidence"])
