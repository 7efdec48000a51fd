"""The claims of docs/evidence.md, with fewer blocks; `nox -s bench -- evidence` measures them all in full."""

from __future__ import annotations

import random

import pytest
from evidence import Case, Claim, drawn, independent, interval, is_a, on_the_edge, recorded
from evidence_cases import ADVICE, DEPENDENT, EDGE, FAIR, LOOKS, NAMED, PARTS, PROMISED
from evidence_flows import COUNTED
from simulation import counted, markov

from lbdemo.measure import Outcome

BLOCKS, SEED = 25, 13
QUICK = (
    (EDGE, "2 servers, tolerance 0.9"),
    (EDGE, "2 servers, tolerance 0.2"),
    (EDGE, "3 servers, tolerance 0.5"),
    (DEPENDENT, "2 servers, above: each call stays with 0.8"),
    (FAIR, "2 servers, at random"),
    (FAIR, "80/20"),
    (FAIR, "3 servers, 8 Envoy workers"),
    (NAMED, "2 servers, each call stays with 0.8"),
    (NAMED, "2 servers, one at a time"),
    (NAMED, "2 servers, a connection renewed after 150"),
    (NAMED, "2 servers, 2 connections"),
    (NAMED, "2 servers, 64 connections"),
    (PROMISED, "2 servers, round robin promised, at random"),
    (PROMISED, "3 servers, round robin promised, many clients of 2"),
    (PROMISED, "3 servers, round robin promised, 64"),
    (PROMISED, "3 servers, round robin promised, least request, 400"),
    (ADVICE, "true shares 65:35"),
    (LOOKS, "2 servers, at random"),
    (LOOKS, "2 servers, on the edge, above"),
    (COUNTED, "1 caller, at random"),
    (COUNTED, "1 caller, a share on the edge"),
)


def case(section: str, beginning: str) -> Case:
    row = next(row for row in PARTS[section]() if row[1].startswith(beginning))
    return Case(*row, seed=SEED)


@pytest.mark.parametrize(("section", "beginning"), QUICK)
def test_what_the_page_claims_is_not_refuted(section: str, beginning: str) -> None:
    tried = case(section, beginning)

    found = dict(zip(tried.claims, tried.measured(BLOCKS), strict=True))

    assert [claim.said for claim, (hits, of) in found.items() if claim.refuted(hits, of)] == []


def test_a_claim_is_refuted_by_counts_that_it_leaves_no_room_for() -> None:
    seldom, mostly = Claim("", 0.001, is_a(Outcome.BALANCED)), Claim("", 0.9, is_a(Outcome.BALANCED), at_least=True)

    assert [seldom.refuted(hits, 500) for hits in (0, 3, 6)] == [False, False, True]
    assert [mostly.refuted(hits, 500) for hits in (500, 440, 420)] == [False, False, True]


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(0, 500, 0.0, 0.0151), (50, 100, 0.3356, 0.6644)])
def test_intervals_are_those_of_the_tables(hits: int, of: int, low: float, high: float) -> None:
    assert interval(hits, of) == pytest.approx((low, high), abs=0.0001)


@pytest.mark.parametrize(("servers", "twentieths"), [(2, 18), (3, 4), (10, 1)])
@pytest.mark.parametrize("above", [True, False])
def test_a_share_on_the_edge_is_exactly_there(servers: int, twentieths: int, above: bool) -> None:
    weights = on_the_edge(servers, twentieths, above)

    assert weights[0] * servers / sum(weights) == pytest.approx(1 + (twentieths if above else -twentieths) / 20)
    assert sum(weights) == 20 * servers


def test_calls_are_drawn_with_the_shares_asked_for() -> None:
    calls = independent(drawn(random.Random(1), [3, 1], 40_000), 2)

    assert dict(calls.servers)["s0"] / 40_000 == pytest.approx(0.75, abs=0.01)


def test_calls_that_go_the_way_of_recorded_ones_are_counted_as_the_simulation_counts_them() -> None:
    balancer = markov([0.5, 0.5], 0.5)

    mine, real = counted(balancer(random.Random(1), 2048), 2), recorded(balancer, random.Random(1), 2048)

    assert (real.sent, dict(real.servers)) == (mine.sent, dict(mine.servers))
    assert real.order is not None
    assert mine.order is not None
    assert (real.order.pairs, real.order.same) == (mine.order.pairs, mine.order.same)
    assert real.order.phi == pytest.approx(mine.order.phi)
