from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from reports import compared, record, result, whole

from lbdemo.records.report import SCHEMA

FILE = Path(__file__).parents[2] / "docs" / "report.schema.json"
DOCUMENT = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(DOCUMENT)


def as_read(report: dict[str, Any]) -> Any:
    return json.loads(json.dumps(report))


def members(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all members of all objects, what is free-form left out; a drill need not be there."""
    found: list[tuple[Any, ...]] = []
    free = path[-1:] in {("extra",), ("environment",), ("errors",)} or ("reasons" in path and path[-1] == "figures")
    if isinstance(value, dict) and not free:
        for key, inner in value.items():
            found += [] if path[-1:] == ("drills",) else [(*path, key)]
            found += members(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += members(inner, (*path, index))
    return found


def fullest(value: Any) -> Any:
    """The same with one item a list, the one that has most in it: to validate all of them each time takes seconds."""
    if isinstance(value, dict):
        return {key: fullest(inner) for key, inner in value.items()}
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return [fullest(max(value, key=lambda item: len(json.dumps(item))))]
    return value


def is_forgiven(report: Any, path: tuple[Any, ...]) -> bool:
    """Whether the report is valid without this member, which it has again afterwards."""
    place = report
    for step in path[:-1]:
        place = place[step]
    taken = place.pop(path[-1])
    try:
        return VALIDATOR.is_valid(report)
    finally:
        place[path[-1]] = taken


def test_the_schema_is_one_and_names_the_version() -> None:
    Draft202012Validator.check_schema(DOCUMENT)

    assert DOCUMENT["title"] == SCHEMA


@pytest.mark.parametrize("report", [whole(), compared(), record(), record(result(), started="", environment={})])
def test_every_report_follows_it(report: dict[str, Any]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(as_read(report))] == []


@pytest.mark.parametrize("make", [whole, compared])
def test_every_member_is_required(make: Callable[[], dict[str, Any]]) -> None:
    report = fullest(as_read(make()))
    assert VALIDATOR.is_valid(report)

    forgiven = [path for path in members(report) if is_forgiven(report, path)]

    assert forgiven == []


def test_new_members_may_be_added_as_it_promises() -> None:
    report = as_read(whole())
    places = [report, *(report["results"][0][name] for name in ("summary", "verdict", "witness"))]

    for place in places:
        place["surprise"] = 1

    assert VALIDATOR.is_valid(report)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "lbdemo.report/1"),
        (("ok",), "yes"),
        (("results", 0, "summary", "sent"), -1),
        (("results", 0, "summary", "sent"), 1.5),
        (("results", 0, "verdict", "outcome"), "FINE"),
        (("results", 0, "verdict", "reasons"), []),
        (("results", 0, "verdict", "shares", 0, "share"), 1.1),
        (("results", 0, "witness", "servers", 0, "own"), "700"),
        (("environment", "cores"), 2),
        (("results", 0, "costs"), {}),
        (("results", 0, "drills"), {"kill": {"figures": {"calls": 9}, "expected": "", "as_expected": True}}),
    ],
)
def test_wrong_values_are_refused(path: tuple[Any, ...], value: object) -> None:
    report = as_read(whole())
    place = report
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert not VALIDATOR.is_valid(report)
