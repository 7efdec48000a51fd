from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from junit_formats import FORMATS, broken
from reports import PINNED, looked_twice, record, result, stalled, whole

from lbdemo.measure import Outcome
from lbdemo.records import Costs, Drilled
from lbdemo.records.drills import Slow
from lbdemo.render import figures
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
    for sentence in figures.sentences(report["results"][0]):
        assert sentence in str(failure.text)


def test_what_is_as_expected_does_not_fail_also_when_that_is_pinned() -> None:
    assert case(record(result("tcp-proxy", PINNED, outcome=Outcome.PINNED))).find("failure") is None


def test_a_contradiction_is_a_failure_of_its_own_kind() -> None:
    failure = case(record(result(contradicted_by=2))).find("failure")

    assert failure is not None
    assert failure.get("type") == "witness"
    assert "echo-1 counted 702 (the client: 700)" in str(failure.get("message"))


def properties(report: dict[str, Any]) -> dict[str | None, str | None]:
    return {item.get("name"): item.get("value") for item in suite(report).findall("properties/property")}


@pytest.mark.parametrize("schema", list(FORMATS))
@pytest.mark.parametrize(
    "report", [whole(), record(), record(result("a b "), command="x  y", started="", skipped=((" ", " "),))],
    ids=["whole", "empty", "blanks"],
)  # fmt: skip
def test_the_document_is_valid_by_both_common_schemas(schema: str, report: dict[str, Any]) -> None:
    root = ET.fromstring(junit(report).encode())

    assert broken(root, FORMATS[schema]) == []


def test_the_rules_of_the_schemas_refuse_what_was_written_before() -> None:
    before = (
        '<testsuites><testsuite name="lbdemo demo" tests="1" failures="0" errors="0" time="1.0" '
        'timestamp="2026-01-02T03:04:05+00:00"><testcase name="a" classname="b" time="1.0"><properties>'
        '<property name="calls" value="2,100"/></properties></testcase></testsuite></testsuites>'
    )

    found = {name: broken(ET.fromstring(before), rules) for name, rules in FORMATS.items()}

    assert "testcase holds properties " in found["jenkins"]
    assert "testcase holds properties " in found["ant"]
    assert "testsuite timestamp='2026-01-02T03:04:05+00:00'" in found["ant"]
    assert "testsuite lacks hostname" in found["ant"]


def test_figures_are_properties_of_the_suite_for_programs_to_read() -> None:
    drills = (Drilled("slow", Slow(900, None, 1.0, 2.0, 201.5, 0), "even", as_expected=True),)
    further: dict[str, Any] = {"extra": {"runs": [1, 2100]}, "drills": drills, "costs": Costs(setup_s=3.9)}

    values = properties(record(result("envoy", errors=5, spread_over=2.0, **further)))

    assert values["envoy.outcome"] == "FAILING"
    assert values["envoy.calls"] == "2105"
    assert values["envoy.failed"] == "5"
    assert float(str(values["envoy.calls_per_second"])) == pytest.approx(2105 / 2.0, rel=0.01)
    assert values["envoy.calls.echo-1"] == "700"
    assert values["envoy.witness.echo-3"] == "700"
    assert float(str(values["envoy.p50_ms"])) == pytest.approx(1.2, rel=0.01)
    assert values["envoy.drills.slow.figures.p99_ms"] == "201.5"
    assert values["envoy.drills.slow.as_expected"] == "true"
    assert values["envoy.costs.setup_s"] == "3.9"
    assert values["envoy.runs.1"] == "2100"
    assert values["version"] == "1.2.3"
    assert values["cores"] == "2"


def test_a_lower_bound_is_not_taken_for_the_figure() -> None:
    values = properties(record(stalled(deadline=0.5)))

    assert float(str(values["stalled.p50_ms"])) < 10
    assert float(str(values["stalled.p99_at_least_ms"])) > 490
    assert "stalled.p99_ms" not in values
    assert float(str(values["stalled.service_p50_ms"])) < 10


def test_on_how_many_blocks_a_verdict_stands_is_a_figure() -> None:
    once, twice = (properties(record(made)) for made in (result("a"), looked_twice("a")))

    assert (once["a.look"], once["a.looks"]) == ("1", "1")
    assert (twice["a.look"], twice["a.looks"], twice["a.look_alpha"]) == ("2", "2", "0.0001")
    assert float(str(twice["a.phi"])) > 0


def test_a_figure_that_is_not_known_is_left_out() -> None:
    values = properties(record(result("silent", {}, errors=3, extra={"even_again_s": None, "note": ""})))

    assert not {"silent.dispersion", "silent.p99_ms", "silent.calls_per_second"} & set(values)
    assert not {"silent.even_again_s", "silent.note"} & set(values)


def test_what_the_calls_cannot_tell_is_an_error_and_no_failure() -> None:
    report = record(result("few", {"echo-1": 4, "echo-2": 6, "echo-3": 5}), result("off", PINNED))

    found = suite(report)

    assert (found.get("tests"), found.get("failures"), found.get("errors")) == ("2", "1", "1")
    few, off = found.findall("testcase")
    error = few.find("error")
    assert error is not None
    assert error.get("type") == "INCONCLUSIVE"
    assert "cannot tell" in str(error.text)
    assert few.find("failure") is None
    assert off.find("failure") is not None


def test_inconclusive_as_promised_is_neither() -> None:
    found = case(record(result("few", {"echo-1": 4, "echo-2": 6, "echo-3": 5}, outcome=Outcome.INCONCLUSIVE)))

    assert list(found) == []


def test_the_sentences_of_all_results_are_the_suites_output() -> None:
    report = record(result("a", notes=("Even is not good.",)), result("b", PINNED))

    text = str(suite(report).findtext("system-out"))

    for shown in report["results"]:
        for sentence in (f"{shown['name']}: {shown['title']}", *figures.sentences(shown)):
            assert sentence in text


def test_the_time_is_that_of_the_results() -> None:
    found = suite(record(result(latency=0.5), result(latency=1.5)))

    assert [case.get("time") for case in found.findall("testcase")] == ["0.500", "1.500"]
    assert found.get("time") == "2.000"
    assert found.get("timestamp") == "2026-01-02T03:04:05"


def test_an_unknown_start_is_the_epoch_which_the_schema_demands_to_be_a_moment() -> None:
    assert suite(record(result(), started="")).get("timestamp") == "1970-01-01T00:00:00"


def test_a_report_without_results_is_not_green() -> None:
    found = suite(record(skipped=(("envoy", "there is no Envoy here"),)))

    assert (found.get("tests"), found.get("failures"), found.get("skipped")) == ("2", "1", "1")
    assert found.find("testcase/failure") is not None
    assert [case.get("time") for case in found.findall("testcase")] == ["0.000", "0.000"]


@pytest.mark.parametrize("nasty", ["\x00\x0b", "]]>", "<&\"'", "\ud800", "\ufffe", "a\nb", "é✓"])
def test_any_text_makes_a_valid_document(nasty: str) -> None:
    report = record(result(nasty, title=nasty, notes=(nasty,), contradicted_by=1), skipped=((nasty, nasty),))
    report["environment"][nasty] = nasty

    root = ET.fromstring(junit(report).encode())

    assert len(root.findall("testsuite/testcase")) == 2
    assert [broken(root, rules) for rules in FORMATS.values()] == [[], []]
