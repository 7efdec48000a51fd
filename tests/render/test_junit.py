from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from reports import PINNED, record, result, whole

from lbdemo.measure import Outcome
from lbdemo.render.junit import junit


def suite(report: dict[str, Any]) -> ET.Element:
    root = ET.fromstring(junit(report).encode())
    assert root.tag == "testsuites"
    [found] = root
    return found


def case(report: dict[str, Any]) -> ET.Element:
    [found] = suite(report).findall("testcase")
    return found


def test_each_result_is_a_test_case_and_the_suite_counts_them() -> None:
    found = suite(whole())

    names = [case.get("name") for case in found.findall("testcase")]
    assert names == ["tcp-proxy", "envoy", "off", "contradicted", "failing", "silent", "ambient"]
    assert (found.get("tests"), found.get("failures"), found.get("errors"), found.get("skipped")) == (
        "7",
        "4",
        "0",
        "1",
    )
    assert len(found.findall("testcase/failure")) == 4
    assert len(found.findall("testcase/skipped")) == 1
    assert {case.get("classname") for case in found.findall("testcase")} == {"lbdemo.demo"}


def test_a_failure_says_the_verdict_and_all_reasons() -> None:
    report = record(result("envoy", PINNED))

    failure = case(report).find("failure")

    assert failure is not None
    assert failure.get("type") == "PINNED"
    assert str(failure.get("message")).startswith("PINNED, expected BALANCED: echo-2 answered all 2,100 calls")
    for sentence in report["results"][0]["verdict"]["reasons"]:
        assert sentence in str(failure.text)


def test_what_is_as_expected_does_not_fail_also_when_that_is_pinned() -> None:
    assert case(record(result("tcp-proxy", PINNED, outcome=Outcome.PINNED))).find("failure") is None


def test_a_contradiction_is_a_failure_of_its_own_kind() -> None:
    failure = case(record(result(contradicted_by=2))).find("failure")

    assert failure is not None
    assert failure.get("type") == "witness"
    assert "echo-1 counted 702 (the client: 700)" in str(failure.get("message"))


def test_figures_are_properties() -> None:
    found = case(record(result("envoy", errors=5, extra={"drills": {"slow": {"p99_ms": 201.5}}})))

    values = {item.get("name"): item.get("value") for item in found.findall("properties/property")}
    assert values["outcome"] == "FAILING"
    assert values["calls"] == "2105"
    assert values["failed"] == "5"
    assert values["calls[echo-1]"] == "700"
    assert values["witness[echo-3]"] == "700"
    assert float(str(values["p50_ms"])) == pytest.approx(1.2, rel=0.01)
    assert values["drills · slow · p99 ms"] == "201.5"


def test_the_time_is_that_of_the_results() -> None:
    found = suite(record(result(latency=0.5), result(latency=1.5)))

    assert [case.get("time") for case in found.findall("testcase")] == ["0.500", "1.500"]
    assert found.get("time") == "2.000"
    assert found.get("timestamp") == "2026-01-02T03:04:05+00:00"


def test_an_unknown_start_has_no_timestamp() -> None:
    assert suite(record(result(), started="")).get("timestamp") is None


def test_a_report_without_results_is_not_green() -> None:
    found = suite(record(skipped=(("envoy", "there is no Envoy here"),)))

    assert (found.get("tests"), found.get("failures"), found.get("skipped")) == ("2", "1", "1")
    assert found.find("testcase/failure") is not None


@pytest.mark.parametrize("nasty", ["\x00\x0b", "]]>", "<&\"'", "\ud800", "\ufffe", "a\nb", "é✓"])
def test_any_text_makes_a_valid_document(nasty: str) -> None:
    report = record(result(nasty, title=nasty, notes=(nasty,), contradicted_by=1), skipped=((nasty, nasty),))
    report["environment"][nasty] = nasty

    found = suite(report)

    assert len(found.findall("testcase")) == 2
