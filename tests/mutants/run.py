"""Makes small faults, one at a time, in copies of this tree, and says which of them no test catches.

A fault stands in one of the lists beside this file: `file`, `find` (text that stands once in it), `replace`, and `what`
it does. `tests` are the tests that must catch it, given for the whole list or for one fault. `nox -s mutants` runs all,
`nox -s mutants -- measure` one list, `nox -s mutants -- measure -k WORD` the faults of it whose `what` has the word.
"""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LISTS = Path(__file__).parent
TREE = LISTS.parents[1]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "dist", "build", "*.egg-info")
PATIENCE = 300.0  # seconds that the tests may take; a fault that makes them hang is caught, too
CAUGHT, SURVIVED = "caught", "SURVIVED"
TESTS_FAILED = 1  # pytest's exit code; others mean that it could not run them


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in `file`, `replace` stands where `find` stood; `tests` should fail then."""

    what: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]


def listed(name: str) -> list[Mutant]:
    """The faults of a list."""
    content = tomllib.loads((LISTS / f"{name}.toml").read_text(encoding="utf-8"))
    return [Mutant(**{"tests": content["tests"], **fault}) for fault in content["mutant"]]


class Copies:
    """Copies of the tree, each used by one run of tests at a time."""

    def __init__(self, folder: Path, number: int) -> None:
        self._free: queue.Queue[Path] = queue.Queue()
        for index in range(number):
            copy = folder / str(index)
            shutil.copytree(TREE, copy, ignore=LEFT_OUT, symlinks=True)
            self._free.put(copy)

    def unchanged(self, tests: Iterable[str]) -> int:
        """Runs the tests on the code as it is; pytest's exit code."""
        copy = self._free.get()
        try:
            return exit_code(copy, tests)
        finally:
            self._free.put(copy)

    def fate(self, mutant: Mutant) -> str:
        """What becomes of a fault."""
        copy = self._free.get()
        path = copy / mutant.file
        original = path.read_text(encoding="utf-8") if path.exists() else ""
        try:
            if original.count(mutant.find) != 1:
                return f"{original.count(mutant.find)} places in {mutant.file} read {mutant.find!r}"
            write(path, original.replace(mutant.find, mutant.replace))
            return verdict(exit_code(copy, mutant.tests))
        finally:
            if original:
                write(path, original)
            self._free.put(copy)


def write(path: Path, text: str) -> None:
    """Writes the file so that Python notices: compiled code is looked up by the second of the change, and the size."""
    before = path.stat().st_mtime
    path.write_text(text, encoding="utf-8")
    os.utime(path, (before + 2, before + 2))


def exit_code(copy: Path, tests: Iterable[str]) -> int:
    """Runs tests in a copy, up to the first that fails; pytest's exit code."""
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    try:
        return subprocess.run(
            argv, cwd=copy, env=environment, capture_output=True, timeout=PATIENCE, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return TESTS_FAILED


def verdict(code: int) -> str:
    """What pytest's exit code says of the fault."""
    if code == TESTS_FAILED:
        return CAUGHT
    return SURVIVED if code == 0 else f"the tests did not run: pytest ended with {code}"


def judged(mutants: Sequence[Mutant]) -> int:
    """Tries all the faults; how many were not caught."""
    side_by_side = min(len(os.sched_getaffinity(0)), 4)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(side_by_side) as pool:
        copies = Copies(Path(folder), side_by_side)
        named = sorted({test for mutant in mutants for test in mutant.tests})
        if code := copies.unchanged(named):
            sys.stdout.write(
                f"without any fault these tests are not green (pytest ended with {code}): {' '.join(named)}\n"
            )
            return len(mutants)
        escaped = 0
        for mutant, fate in zip(mutants, pool.map(copies.fate, mutants), strict=True):
            escaped += fate != CAUGHT
            sys.stdout.write(f"{fate}: {mutant.what}\n")
            sys.stdout.flush()
    return escaped


def main() -> int:
    """Runs the lists that are named, or all; exit code 1 when a fault was not caught."""
    names = sorted(path.stem for path in LISTS.glob("*.toml"))
    parser = argparse.ArgumentParser(description="Which small faults does no test catch?")
    parser.add_argument("lists", nargs="*", default=names, metavar="LIST", help=f"one of {', '.join(names)}")
    parser.add_argument("-k", dest="word", default="", metavar="WORD", help="only the faults whose `what` has it")
    asked = parser.parse_args()
    mutants = [mutant for name in asked.lists for mutant in listed(name) if asked.word in mutant.what]
    escaped = judged(mutants)
    sys.stdout.write(f"{len(mutants) - escaped} of {len(mutants)} faults are caught\n")
    return 1 if escaped or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
