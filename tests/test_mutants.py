"""The lists of small faults fit the code that they are made in: `nox -s mutants` is long, and seldom run."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]
LISTS = sorted((TREE / "tests" / "mutants").glob("*.toml"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_each_fault_has_one_place_in_the_code(path: Path) -> None:
    faults = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]

    homeless = {
        fault["what"]: places
        for fault in faults
        if (places := (TREE / fault["file"]).read_text(encoding="utf-8").count(fault["find"])) != 1
    }

    assert not homeless
