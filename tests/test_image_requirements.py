from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lbdemo import resources

LINES = (resources.docker_folder() / "requirements.txt").read_text().splitlines()
PINS = dict(line.split("==") for line in LINES if line and not line.startswith("#"))
PROJECT = Path(__file__).parent.parent / "pyproject.toml"
RANGES = [Requirement(text) for text in tomllib.loads(PROJECT.read_text())["project"]["dependencies"]]
NOT_IN_PODS = {"docker", "sh"}


def needed_by(package: str) -> set[str]:
    requirements = [Requirement(text) for text in metadata.requires(package) or ()]
    environment = {"extra": "", "sys_platform": "linux", "platform_system": "Linux"}
    return {canonicalize_name(r.name) for r in requirements if r.marker is None or r.marker.evaluate(environment)}


def test_every_pin_is_exact_and_has_no_address() -> None:
    assert all(re.fullmatch(r"[0-9]+(\.[0-9]+)*", version) for version in PINS.values())
    assert not any("://" in line or line.startswith("-") for line in LINES)


def test_the_pins_lie_in_the_projects_ranges() -> None:
    for requirement in RANGES:
        if requirement.name not in NOT_IN_PODS:
            assert requirement.specifier.contains(PINS[requirement.name]), requirement


def test_the_pins_are_the_runtime_subset_and_what_it_needs_in_turn_and_no_more() -> None:
    needed: set[str] = set()
    found = {requirement.name for requirement in RANGES} - NOT_IN_PODS
    while found:
        needed |= found
        found = {name for package in found for name in needed_by(package)} - needed

    # Some are needed on other versions of Python only, so the pins may hold more than this Python needs.
    assert needed <= set(PINS)
    assert set(PINS) - needed <= {"typing-extensions"}
