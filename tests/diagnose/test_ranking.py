from __future__ import annotations

from dataclasses import replace
from typing import Any

from diagnose.shops import service, shop

from lbdemo.diagnose.findings import CannotTell, Finding, Severity
from lbdemo.diagnose.ranking import IGNORE, ranked

SEEN = shop()


def finding(code: str, explains: float = 0.0, severity: Severity = Severity.PROBLEM, **more: Any) -> Finding:
    return replace(Finding(code, code, "It is so.", severity, (), explains=explains), **more)


def order(*said: Finding | CannotTell) -> list[str]:
    return [each.code for each in ranked(said, SEEN).findings]


def test_what_explains_most_comes_first_whatever_its_severity() -> None:
    assert order(finding("LB1", 0.2), finding("LB2", 0.7, Severity.NOTE), finding("LB3", 0.1)) == ["LB2", "LB1", "LB3"]


def test_the_certain_comes_before_the_possible() -> None:
    assert order(finding("LB1", 1.0, possible=True), finding("LB2", 1.0)) == ["LB2", "LB1"]


def test_what_explains_for_sure_comes_before_what_may_whatever_their_severity() -> None:
    assert order(finding("LB1", 1.0, possible=True), finding("LB2", 1.0, Severity.NOTE)) == ["LB2", "LB1"]
    assert order(finding("LB1", possible=True), finding("LB2", severity=Severity.NOTE)) == ["LB1", "LB2"]


def test_what_follows_comes_after_what_explains_and_before_what_does_not_matter_here() -> None:
    follows = finding("LB1", 1.0, follows_from=("LB9",))

    assert order(follows, finding("LB2"), finding("LB9", 0.5)) == ["LB9", "LB1", "LB2"]


def test_what_follows_from_something_that_is_not_there_stands_for_itself() -> None:
    assert order(finding("LB2", 0.5), finding("LB1", 1.0, follows_from=("LB9",))) == ["LB1", "LB2"]


def test_of_what_explains_nothing_the_gravest_comes_first() -> None:
    assert order(finding("LB1", severity=Severity.NOTE), finding("LB2", severity=Severity.RISK)) == ["LB2", "LB1"]


def test_ignored_codes_are_left_out_and_told() -> None:
    marked = replace(service(), meta=replace(service().meta, annotations={IGNORE: "lb3,LB4"}))
    said = (finding("LB1"), finding("LB2"), finding("LB3"), CannotTell("LB4", "x", "unseen"))

    got = ranked(said, shop(about=marked), ["LB1", "LB8"])

    assert [each.code for each in got.findings] == ["LB2"]
    assert got.cannot == ()
    assert got.ignored == ("LB1", "LB3"), "LB8 was not found, so it was not left out"
