"""How often the judge errs, and whether that is what is claimed: the tables of docs/evidence.md.

Made-up calls with fixed seeds (`tests/evidence_cases.py`) are judged as real ones are. It prints the tables;
`python benchmarks/bench_evidence.py --write` also puts them into the page. About 5 minutes on two cores. Exit code 1
when a claim is refuted.
"""

from __future__ import annotations

import datetime
import multiprocessing
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence import Case, Claim

TREE = Path(__file__).parents[1]
PAGE = TREE / "docs" / "evidence.md"
MARKS = "<!-- measured: begin -->", "<!-- measured: end -->"
COMMAND = "python benchmarks/bench_evidence.py --write"
PROCESSES = 2
HEAD = ("| traffic | claimed | measured | may be | seed | holds |", "|---|---|---|---|---|---|")

sys.path.insert(0, str(TREE / "tests"))

Measured = tuple[tuple[int, int], ...]


def measured(number: int) -> Measured:
    """One case, in a process of its own."""
    from evidence_cases import cases

    return cases()[number].measured()


def rate(value: float) -> str:
    """A probability as a percentage, with as many digits as it has."""
    return f"{value * 100:.3g}"


def line(traffic: str, claim: Claim, hits: int, of: int, seed: str) -> tuple[str, bool]:
    """A line of a table, and whether the claim is refuted."""
    from evidence import interval

    if not of:
        return f"| {traffic} | {claim.said} | never asked for | - | {seed} | - |", False
    low, high = interval(hits, of)
    refuted = claim.refuted(hits, of)
    told = f"{hits} of {of} | {rate(low)} to {rate(high)} % | {seed} | {'**no**' if refuted else 'yes'}"
    return f"| {traffic} | {claim.said} | {told} |", refuted


def section(cases: Sequence[Case], found: Iterator[Measured]) -> Iterator[tuple[str, bool]]:
    """The lines of a section, one a claim; at its end, those that several kinds of traffic share."""
    together: dict[Claim, list[tuple[int, int]]] = {}
    for case in cases:
        for claim, (hits, of) in zip(case.claims, next(found), strict=True):
            together.setdefault(claim, []).append((hits, of))
            yield line(case.traffic, claim, hits, of, str(case.seed))
    for claim, counts in together.items():
        if len(counts) > 1:
            hits, of = (sum(column) for column in zip(*counts, strict=True))
            yield line("all of them together", claim, hits, of, "-")


def tables() -> tuple[str, int]:
    """All sections, and how many claims are refuted."""
    from evidence_cases import cases

    lines, refuted = list[str](), 0
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        found = pool.imap(measured, range(len(cases())))
        for name, those in groupby(cases(), lambda case: case.section):
            lines += [f"\n## {name}\n", *HEAD]
            for told, wrong in section(list(those), found):
                lines.append(told)
                refuted += wrong
                print(told, flush=True)
    return "\n".join(lines), refuted


def write(text: str) -> None:
    """Puts the tables between the marks of the page, with the day and the command."""
    begin, end = MARKS
    made = f"{begin}\nMeasured on {datetime.datetime.now(datetime.UTC):%Y-%m-%d} by `{COMMAND}`.\n{text}\n{end}"
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(f"{begin}.*{end}", lambda _: made, page, flags=re.DOTALL), encoding="utf-8")


def main() -> int:
    """Measures all cases."""
    text, refuted = tables()
    print(f"{refuted} claims are refuted" if refuted else "every claim holds")
    if "--write" in sys.argv[1:]:
        write(text)
    return 1 if refuted else 0


if __name__ == "__main__":
    sys.exit(main())
