"""The traffic of which something is claimed, section by section; `bench_evidence` measures all of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from evidence import (
    Case,
    Claim,
    Draw,
    advised,
    blocks_of,
    either_edge,
    is_a,
    long_run_shares,
    on_the_edge,
    random_blocks,
    shares_of,
    two_looks,
)
from evidence_flows import COUNTED, counted
from simulation import (
    Balancer,
    least_request,
    many_callers,
    markov,
    pinned_connections,
    renewed,
    round_robins,
    turns,
    workers_at_random,
)

from lbdemo.measure import Expectation, Outcome, plan_calls

ALPHA = 0.001
FIRST_SEED = 1301

EDGE = "Independent calls, a share exactly on the edge of the band"
DEPENDENT = "Dependent calls, a share exactly on the edge of the band"
FAIR = "Healthy traffic, planned blocks"
NAMED = "Traffic that is fair in the long run only"
PROMISED = "Promised policies"
ADVICE = "A fresh block of the advised size"
LOOKS = "Two blocks, planned beforehand"

BALANCED = Claim("BALANCED", ALPHA, is_a(Outcome.BALANCED))
UNBALANCED = Claim("UNBALANCED", ALPHA, is_a(Outcome.UNBALANCED))
ACCUSED = Claim("accused", ALPHA, is_a(Outcome.UNBALANCED, Outcome.PINNED, Outcome.IN_TURNS))
PASSES = Claim("BALANCED", 0.99, is_a(Outcome.BALANCED), at_least=True)
ALWAYS = Claim("BALANCED", 0.999, is_a(Outcome.BALANCED), at_least=True)
OFTEN = Claim("BALANCED", 0.9, is_a(Outcome.BALANCED), at_least=True)
PINNED = Claim("PINNED", 0.99, is_a(Outcome.PINNED), at_least=True)
IN_TURNS = Claim("IN TURNS", 0.99, is_a(Outcome.IN_TURNS), at_least=True)
KEPT = Claim("passes as the promised round robin", 0.01, lambda verdict: verdict.as_expected)
BROKEN = Claim("said to break its promise", ALPHA, lambda verdict: not (verdict.as_expected or verdict.undecided))
KEEPS = Claim("keeps its promise", 0.99, lambda verdict: verdict.as_expected, at_least=True)
SETTLED = Claim("settled", 0.9, is_a(Outcome.BALANCED, Outcome.UNBALANCED), at_least=True)
OPEN = Claim("INCONCLUSIVE", 0.0002, is_a(Outcome.INCONCLUSIVE))

Row = tuple[str, str, tuple[Claim, ...], Draw, int]


def edge() -> Iterator[Row]:
    """Every tolerance from 5 % to 90 %."""
    for servers in (2, 3, 5, 10):
        for twentieths in (1, 2, 4, 6, 10, 14, 18):
            planned = plan_calls(servers, twentieths / 20)
            traffic = f"{servers} servers, tolerance {twentieths / 20:g}, {planned} calls"
            yield EDGE, traffic, (BALANCED, ACCUSED), either_edge(servers, twentieths), 100 if planned > 20_000 else 500


def dependent() -> Iterator[Row]:
    """Blocks of the planned size, and four times as large ones, where sticky calls would be enough to err."""
    for servers in (2, 3):
        for above in (True, False):
            shares = shares_of(on_the_edge(servers, 4, above))
            side = "above" if above else "below"
            kinds: list[tuple[str, Balancer]] = [
                (f"each call stays with {stays:g}", markov(shares, stays)) for stays in (0.2, 0.5, 0.8, 0.95)
            ]
            kinds += [(f"a connection renewed after {run} calls", renewed(shares, run)) for run in (5, 20, 150)]
            for what, balancer in kinds:
                calls = 4 * plan_calls(servers)
                draw = blocks_of(balancer, calls, Expectation(count=servers))
                yield DEPENDENT, f"{servers} servers, {side}: {what}, {calls} calls", (BALANCED, UNBALANCED), draw, 300
    yield from _slower_server()
    draw = blocks_of(turns([60, 40]), 4 * plan_calls(2), Expectation(count=2))
    yield DEPENDENT, "2 servers: 60 calls to one, 40 to the other, in turns", (BALANCED, UNBALANCED), draw, 500


def _slower_server() -> Iterator[Row]:
    for slower in (1.5, 3.0):
        balancer = least_request([0.004, 0.004, 0.004 * slower], 400)
        shares = long_run_shares(balancer, 3)
        tolerance = max(abs(share * 3 - 1) for share in shares)
        calls = 4 * plan_calls(3, tolerance)
        draw = blocks_of(balancer, calls, Expectation(count=3, tolerance=tolerance))
        traffic = f"3 servers, one {slower:g} x slower: least request, tolerance {tolerance:.3f}, {calls} calls"
        yield DEPENDENT, traffic, (BALANCED, UNBALANCED), draw, 60


def fair() -> Iterator[Row]:
    """What must not be accused."""
    for servers in (2, 3, 5, 10):
        draw = random_blocks([1] * servers, plan_calls(servers), Expectation(count=servers))
        yield FAIR, f"{servers} servers, at random", (PASSES, ACCUSED), draw, 6000 // servers
    weighted = Expectation(servers=("s0", "s1"), weights=(("s0", 80), ("s1", 20)))
    yield FAIR, "80/20 promised, at random, 8000 calls", (PASSES, ACCUSED), random_blocks([4, 1], 8000, weighted), 2000
    kinds: list[tuple[str, Claim, Balancer]] = [
        ("an exact round robin", ALWAYS, round_robins(3, 1)),
        ("8 Envoy workers", ALWAYS, workers_at_random(3, 8)),
        ("64 connections, a round robin each", OFTEN, round_robins(3, 64, 64)),
        ("many clients of 10 calls, a round robin each", PASSES, many_callers(3, 10)),
        ("least request", PASSES, least_request([0.004] * 3, 400)),
    ]
    for what, claim, balancer in kinds:
        yield FAIR, f"3 servers, {what}", (claim, ACCUSED), blocks_of(balancer, 1931, Expectation(count=3)), 300


def named() -> Iterator[Row]:
    """What totals alone would not show, or would show too soon."""
    for stays in (0.5, 0.8):
        draw = blocks_of(markov([0.5] * 2, stays), 880, Expectation(count=2))
        yield NAMED, f"2 servers, each call stays with {stays:g}", (UNBALANCED,), draw, 1000
    for servers, run in ((2, 20), (2, 150), (3, 150)):
        draw = blocks_of(renewed([1 / servers] * servers, run), plan_calls(servers), Expectation(count=servers))
        yield NAMED, f"{servers} servers, a connection renewed after {run} calls", (BALANCED,), draw, 1000
    for servers in (2, 3, 5):
        draw = blocks_of(turns([150] * servers), plan_calls(servers), Expectation(count=servers))
        yield NAMED, f"{servers} servers, one at a time for 150 calls", (BALANCED, IN_TURNS), draw, 500
    for connections in (2, 8, 64):
        draw = blocks_of(pinned_connections([0.5] * 2, connections), 1760, Expectation(count=2))
        yield NAMED, f"2 servers, {connections} connections, each pinned", (BALANCED, PINNED), draw, 500


def promised() -> Iterator[Row]:
    """A random policy is no round robin, and a round robin not on its own is one."""
    for servers in (2, 3, 5):
        promise = Expectation(count=servers, fingerprint="round robin")
        draw = random_blocks([1] * servers, plan_calls(servers), promise)
        yield PROMISED, f"{servers} servers, round robin promised, at random", (KEPT,), draw, 1000
        calls = plan_calls(servers)
        draw = blocks_of(round_robins(servers, 1), calls, promise)
        yield PROMISED, f"{servers} servers, round robin promised, and exact", (KEEPS, BROKEN), draw, 300
    promise = Expectation(count=3, fingerprint="round robin")
    for rate in (100, 400, 700):
        draw = blocks_of(least_request([0.004] * 3, rate), 1931, promise)
        yield PROMISED, f"3 servers, round robin promised, least request, {rate}/s", (KEPT,), draw, 200
    for what, balancer in (
        ("8 workers", workers_at_random(3, 8)),
        ("64 connections", round_robins(3, 64, 64)),
        ("many clients of 2 calls", many_callers(3, 2)),
        ("many clients of 10 calls", many_callers(3, 10)),
    ):
        yield PROMISED, f"3 servers, round robin promised, {what}", (BROKEN,), blocks_of(balancer, 1931, promise), 300


def advice() -> Iterator[Row]:
    """True shares inside of the band, outside of it, and near its edge."""
    for weights in ([57, 43], [58, 42], [63, 37], [65, 35], [38, 31, 31], [44, 28, 28], [46, 27, 27]):
        draw = advised(weights, Expectation(count=len(weights)))
        yield ADVICE, f"true shares {':'.join(map(str, weights))}", (SETTLED,), draw, 600


def looks() -> Iterator[Row]:
    """The first block leaves 1 in 100 healthy runs open."""
    for servers, blocks in ((2, 30_000), (3, 5_000), (5, 1_000)):
        draw = two_looks([1] * servers, Expectation(count=servers, looks=2))
        yield LOOKS, f"{servers} servers, at random", (OPEN, ACCUSED), draw, blocks
    for servers in (2, 3):
        for above in (True, False):
            draw = two_looks(on_the_edge(servers, 4, above), Expectation(count=servers, looks=2))
            side = "above" if above else "below"
            yield LOOKS, f"{servers} servers, on the edge, {side}", (BALANCED, ACCUSED), draw, 500


PARTS = {
    EDGE: edge, DEPENDENT: dependent, FAIR: fair, NAMED: named, PROMISED: promised, ADVICE: advice, LOOKS: looks,
    COUNTED: counted,
}  # fmt: skip


@cache
def cases() -> tuple[Case, ...]:
    """All of them, each with a seed of its own."""
    rows = [row for part in PARTS.values() for row in part()]
    return tuple(Case(*row, seed=FIRST_SEED + number) for number, row in enumerate(rows))
