"""Who was expected to share the calls, and with which part each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.measure.names import NAMELESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lbdemo.measure.counts import Counts
    from lbdemo.measure.verdict import Expectation

UNSEEN = "(unseen"


def roster(counts: Counts, calls: Mapping[str, int], expectation: Expectation) -> tuple[str, ...]:
    """The servers that should share the calls, sorted; unseen ones fill up to the expected number."""
    if expectation.servers:
        return tuple(sorted(expectation.servers))
    answered = {server: number for server, number in calls.items() if server not in NAMELESS}
    gate = set(counts.gate_servers) - set(NAMELESS)
    if not expectation.count:
        return tuple(sorted(gate | answered.keys()))
    # Who was there from the start belongs to the expected ones; who came during the block does not.
    by_right = sorted(gate | answered.keys(), key=lambda name: (name not in gate, -answered.get(name, 0), name))
    known = sorted(by_right[: expectation.count])
    missing = expectation.count - len(known)
    return (*known, *(f"{UNSEEN})" if missing == 1 else f"{UNSEEN} {n})" for n in range(1, missing + 1)))


def expected_shares(servers: tuple[str, ...], expectation: Expectation) -> dict[str, float]:
    """The part of the calls that each should get: equal ones, or those of its weight."""
    weights = {server: expectation.weight_of(server) for server in servers}
    whole = sum(weights.values())
    return {server: weight / whole for server, weight in weights.items()}
