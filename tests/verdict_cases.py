"""Blocks of calls, and what Python's judge says of them: `python verdict_cases.py --write` writes the JSON beside it.

The page in the browser judges by the same rules in another language; both are held against this one file.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulation import Balancer, counted, in_turns, independent, markov, renewed, round_robins

from lbdemo.measure import Counts, Expectation, Order, gate_limit, judge, plan_calls
from lbdemo.records import Sample, Tally

FILE = Path(__file__).with_suffix(".json")
SEED = 20

BALANCERS: dict[str, Balancer] = {
    "one": independent((1.0,)),
    "one of two": independent((1.0, 0.0)),
    "one of three, but stragglers": independent((0.997, 0.002, 0.001)),
    "nearly one of two": independent((0.985, 0.015)),
    "round robin of two": round_robins(2, 1),
    "round robin of three": round_robins(3, 1),
    "four round robins of three": round_robins(3, 4),
    "random of two": independent((0.5, 0.5)),
    "random of three": independent((1 / 3,) * 3),
    "random of ten": independent((0.1,) * 10),
    "uneven of two": independent((0.6, 0.4)),
    "uneven of three": independent((0.5, 0.3, 0.2)),
    "on the edge of three": independent((0.4, 0.3, 0.3)),
    "two of three": independent((0.5, 0.5, 0.0)),
    "sticky of three": markov((1 / 3,) * 3, 0.8),
    "very sticky of two": markov((0.5, 0.5), 0.99),
    "short turns of two": in_turns(2, 5),
    "long turns of three": in_turns(3, 100),
    "renewed of three": renewed((1 / 3,) * 3, 40),
}
SIZES = (1, 7, 40, 150, 600, 2100)
FAILURES = (0, 0, 0, 1, 30)
SEQUENCES = ("", "a", "-", "ab", "ab-" * 30, "aab" * 100, "a" * 40 + "-" * 9 + "b" * 51, "abc" * 200, "abca" * 300)


def blocks() -> Iterator[tuple[str, Counts, Expectation]]:
    """All cases: each balancer at each size with some expectation, and those at the edges."""
    rng = random.Random(SEED)
    for name, balancer in BALANCERS.items():
        for size in SIZES:
            calls = balancer(rng, size)
            servers = max(server for server, _ in balancer(rng, 500)) + 1
            servers = max(servers, 1 + max(server for server, _ in calls))
            failed = rng.choice(FAILURES)
            expected = rng.choice((0, servers, servers, servers + 1))
            tolerance, alpha = rng.choice((0.2, 0.2, 0.1, 0.5)), rng.choice((0.001, 0.001, 0.0002, 0.05))
            expectation = Expectation(count=expected, tolerance=tolerance, alpha=alpha)
            yield f"{name}: {size} calls, {failed} failed", counted(calls, servers, failed), expectation
    yield from edges()


def edges() -> Iterator[tuple[str, Counts, Expectation]]:
    """What made-up traffic does not come to."""
    two = Expectation(count=2)
    yield "nothing", block({}), two
    yield "nothing, of nobody", block({}), Expectation()
    yield "only failures", block({}, failed=50), two
    yield "signed failures", block({"a": 60, "b": 60}, failed=20, sent=120), two
    yield "no order", block({"a": 500, "b": 500}), two
    yield "no order, of random calls", block({"a": 520, "b": 480}), two
    yield "no order, far off", block({"a": 800, "b": 200}), two
    yield "off, but not for so many accusations", block({"a": 653, "b": 347}), two
    yield "just 99 %", block({"a": 990, "b": 10}), two
    yield "just below 99 %", block({"a": 989, "b": 11}), two
    yield "failures that may all be the other's", block({"a": 989}, failed=11), two
    yield "a stranger", block({"a": 500, "b": 500, "c": 5}, ("a", "b")), two
    yield "strangers in number", block({"a": 400, "b": 400, "c": 200}, ("a", "b")), two
    yield "only strangers", block({"c": 100}, ("a", "b")), two
    yield "vanished since the gate", block({"a": 500, "b": 500}, ("a", "b", "c")), Expectation(count=3)
    yield "the gate knows one more", block({"a": 500, "b": 500}, ("a", "b", "c")), Expectation()
    yield "without names", block({"(unnamed)": 60, "a": 20, "b": 20}), two
    yield "few without names", block({"(unnamed)": 3, "a": 500, "b": 500}), two
    yield "names in the order of their code points", block({"Z": 340, "a": 330, "ä": 330}), Expectation()
    yield "twelve of fifteen", block({f"p{n}": 100 for n in range(12)}), Expectation(count=15)
    yield "a tie for the most", block({"a": 50, "b": 50, "c": 50, "d": 50}), Expectation(count=3)
    yield "a wide tolerance", block({"a": 140, "b": 60}), Expectation(count=2, tolerance=0.9)
    yield "a sticky client of ten", block({f"p{n}": 1 if n else 891 for n in range(10)}), Expectation()
    yield "five avoid one", block({"a": 40, "b": 480, "c": 490, "d": 490}), Expectation()


def block(servers: dict[str, int], gate: tuple[str, ...] = (), failed: int = 0, sent: int = 0) -> Counts:
    """Calls of which nobody knows the order; failures are unsigned, unless `sent` says how many calls there were."""
    signed = sum(servers.values())
    answered = (sent or signed + failed) - failed
    errors = (("UNAVAILABLE", failed),) if failed else ()
    return Counts(answered + failed, answered, errors, tuple(servers.items()), gate)


def case(name: str, counts: Counts, expectation: Expectation) -> dict[str, Any]:
    """What goes in and what comes out, ready for JSON."""
    order = counts.order
    given = {
        "sent": counts.sent,
        "failed": counts.failed,
        "servers": dict(counts.servers),
        "gate": list(counts.gate_servers),
        "order": order and {"batches": order.batches, "pairs": order.pairs, "same": order.same},
        "count": expectation.count,
        "tolerance": expectation.tolerance,
        "alpha": expectation.alpha,
    }
    return {"name": name, "given": given, "verdict": found(counts, expectation)}


def found(counts: Counts, expectation: Expectation) -> dict[str, Any]:
    """Of the verdict what the page shows."""
    verdict = judge(counts, expectation)
    return {
        "outcome": verdict.outcome.value,
        "fingerprint": verdict.fingerprint,
        "strangers": list(verdict.strangers),
        "silent": list(verdict.silent),
        "effective": verdict.effective_calls,
        "dispersion": rounded(verdict.dispersion),
        "phi": rounded(verdict.phi),
        "stickiness": rounded(verdict.stickiness),
        "shares": [
            [s.server, s.calls, rounded(s.low), rounded(s.high), rounded(s.expected_share)] for s in verdict.shares
        ],
    }


def rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 6)


def ordered(sequence: str) -> dict[str, Any]:
    """How calls that were sent in this order are put together: a letter is a server, - a call that nobody signed."""
    tally = Tally()
    for seq, server in enumerate(sequence):
        code, name = ("OK", server) if server != "-" else ("UNAVAILABLE", "")
        tally.add(Sample(seq, 1e9 + seq, 1e9 + seq, 0.01, name, code))
    order = tally.summary().order if sequence else None
    order = order or Order((), ())
    return {"sequence": sequence, "batches": order.batches, "pairs": order.pairs, "same": order.same}


def plans() -> list[list[float]]:
    """The planner's figures: servers, tolerance, alpha, calls of a block, calls of the gate."""
    asked = [(1, 0.2, 0.001), (2, 0.2, 0.001), (3, 0.2, 0.001), (3, 0.2, 0.0002), (5, 0.3, 0.01), (10, 0.5, 0.001)]
    return [[*each, plan_calls(*each), gate_limit(each[0])] for each in asked]


def cases() -> dict[str, Any]:
    """Everything that both are held against, as JSON would have it."""
    found = {
        "verdicts": [case(*each) for each in blocks()],
        "orders": [ordered(sequence) for sequence in SEQUENCES],
        "plans": plans(),
    }
    same: dict[str, Any] = json.loads(json.dumps(found))
    return same


def text() -> str:
    """The file: a line a case."""
    parts = []
    for name, rows in cases().items():
        lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        parts.append(f'"{name}": [\n{lines}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__" and "--write" in sys.argv:
    FILE.write_text(text(), encoding="utf-8")
