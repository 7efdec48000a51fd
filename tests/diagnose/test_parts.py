from __future__ import annotations

from diagnose.shops import caller, envoy_looks, even, held, route, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import MetricsLook
from lbdemo.diagnose.parts import part_of, severity_of
from lbdemo.measure.verdict import Outcome

A, B = caller("checkout", 1), caller("batch", 2)
HOST = "payments.shop.svc.cluster.local"


def test_the_part_is_that_of_calls_where_they_are_counted() -> None:
    case = Case(shop({"payments-a": {"10.0.1.1": 3, "10.0.1.2": 1}}, callers=[A, B],
                     segments={"payments-a": {"10.0.1.1": 20, "10.0.1.2": 180}}))  # fmt: skip

    assert part_of(case, [A]) == 0.25
    assert part_of(case, [A, B]) == 1.0
    assert part_of(case, []) == 0.0


def test_else_it_is_that_of_connections() -> None:
    case = Case(shop({"payments-a": {"10.0.1.1": 3, "10.0.1.2": 1}}, callers=[A, B]))

    assert part_of(case, [A]) == 0.75


def test_nothing_explains_what_is_even() -> None:
    meshed = caller("checkout", proxy="istio-proxy")
    rates = dict.fromkeys(("10.0.0.1", "10.0.0.2", "10.0.0.3"), 300)
    case = Case(shop(callers=[meshed], envoys=envoy_looks(meshed, rates, HOST), routes=(route(meshed),)))

    assert case.judged.outcome is Outcome.BALANCED
    assert part_of(case, [meshed]) == 0.0
    assert severity_of(case) is Severity.RISK


def test_nothing_explains_what_servers_count_evenly_whoever_calls() -> None:
    looks = tuple(MetricsLook(f"shop/payments-{letter}", turn, float(turn), "request_total", 900 * turn)
                  for letter in "abc" for turn in range(12))  # fmt: skip

    assert part_of(Case(shop(held(1), callers=[A], metrics=looks)), [A]) == 0.0


def test_uneven_calls_are_a_problem() -> None:
    assert severity_of(Case(shop(held(1), callers=[A], segments=even(50)))) is Severity.PROBLEM
