from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from lbdemo.diagnose.causes import TABLE

PAGES = Path(__file__).parents[2] / "docs" / "causes"
PARTS = ("## What you see", "## Why", "## How to mend it", "## How to check")


def module(code: str) -> object:
    return importlib.import_module(f"lbdemo.diagnose.causes.{TABLE[code]}")


def test_each_code_has_a_page_and_each_page_a_code() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(TABLE)


@pytest.mark.parametrize("code", TABLE)
def test_a_cause_is_registered_and_written_about_by_its_own_code_and_name(code: str) -> None:
    rule = module(code)
    page = (PAGES / f"{code}.md").read_text()

    assert vars(rule)["CODE"] == code
    assert page.startswith(f"# {code} {vars(rule)['NAME']}\n")
    assert [part for part in PARTS if part in page] == list(PARTS)


def test_names_are_unique() -> None:
    names = [vars(module(code))["NAME"] for code in TABLE]

    assert len(set(names)) == len(names)
    assert len(set(TABLE.values())) == len(TABLE)
