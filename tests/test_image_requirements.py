from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lbdemo import resources

LINES = (resources.docker_folder() / "requirements.txt").read_text().splitlines()
PINS = dict(line.removesuffix(" \\").split("==") for line in LINES if re.match("[a-z]", line))
GRPC = ("grpcio", "grpcio-health-checking", "grpcio-reflection")
PROJECT = Path(__file__).parent.parent / "pyproject.toml"
TOLD = tomllib.loads(PROJECT.read_text())["project"]
IN_PODS_TOO = TOLD["optional-dependencies"]["trace"]
RANGES = [Requirement(text) for text in (*TOLD["dependencies"], *IN_PODS_TOO)]
NOT_IN_PODS = {"docker", "sh", "cattrs", "pyyaml"}


def needed_by(package: str) -> set[str]:
    requirements = [Requirement(text) for text in metadata.requires(package) or ()]
    environment = {"extra": "", "sys_platform": "linux", "platform_system": "Linux"}
    return {canonicalize_name(r.name) for r in requirements if r.marker is None or r.marker.evaluate(environment)}


def test_every_pin_is_exact_and_has_no_address() -> None:
    assert all(re.fullmatch(r"[0-9]+(\.[0-9]+)*(b[0-9]+)?", version) for version in PINS.values())
    assert not any("://" in line or line.startswith("-") for line in LINES)


def test_every_pin_has_its_hashes_two_where_there_is_code_for_the_machine() -> None:
    blocks = re.split(r"(?m)^(?=[a-z])", "\n".join(LINES))[1:]
    hashes = {block.partition("==")[0]: re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block) for block in blocks}

    assert set(hashes) == set(PINS)
    assert {name for name, found in hashes.items() if len(found) == 2} == {"grpcio", "protobuf", "wrapt"}
    assert all(len(set(found)) == len(found) >= 1 for found in hashes.values())
    assert "--require-hashes" in (resources.docker_folder() / "Dockerfile").read_text()


def test_grpc_is_the_same_version_in_the_pods_and_on_the_machine() -> None:
    here = {requirement.name: str(requirement.specifier) for requirement in RANGES if requirement.name in GRPC}

    assert here == {name: f"=={PINS[name]}" for name in GRPC}
    assert len({PINS[name] for name in GRPC}) == 1


def test_the_pins_lie_in_the_projects_ranges() -> None:
    for requirement in RANGES:
        if requirement.name not in NOT_IN_PODS:
            assert requirement.specifier.contains(PINS[requirement.name], prereleases=True), requirement


def test_the_pins_are_the_runtime_subset_and_what_it_needs_in_turn_and_no_more() -> None:
    needed: set[str] = set()
    found = {requirement.name for requirement in RANGES} - NOT_IN_PODS
    while found:
        needed |= found
        found = {name for package in found for name in needed_by(package)} - needed

    # Some are needed on other versions of Python only, so the pins may hold more than this Python needs.
    assert needed <= set(PINS)
    assert set(PINS) - needed <= {"typing-extensions"}
