from __future__ import annotations

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import begun, caller, even, held, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.headless_pick_first import cause as pick_first
from lbdemo.diagnose.causes.no_connection_age import cause as no_age
from lbdemo.diagnose.causes.pods_by_own_names import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.path import Per, ways


def told(*words: str, to: tuple[int, ...] = (1,), headless: bool = True) -> Evidence:
    who = begun(caller("checkout"), 5, *words)
    return shop(held(*to), callers=[who], headless=headless, segments=even(50))


def test_a_pod_that_is_called_by_its_own_name_is_no_choice_of_anybodys() -> None:
    seen = told("--target=payments-a.payments.shop.svc.cluster.local:9090")

    said = found(cause, seen)

    assert (said.severity, said.explains) == (Severity.NOTE, 1.0), "as it was told to be"
    assert "checkout is told to call payments-a.payments" in texts(said)
    assert silent(pick_first, seen)
    (way,) = ways(Case(seen))
    assert (way.choice.who, way.choice.per, way.choice.among) == ("the client, by pods' own names", Per.CONNECTION, 1)


def test_two_of_three_by_their_names_have_not_come_earlier() -> None:
    seen = told("payments-a.payments:9090,payments-b.payments:9090", "round_robin", to=(1, 1))

    assert "payments-a.payments and payments-b.payments" in texts(found(cause, seen))
    assert silent(no_age, seen)


@pytest.mark.parametrize(
    "evidence",
    [
        told("--target=payments:9090"),
        told("--target=payments-b.payments:9090"),
        told("--target=payments-a.other:9090"),
        told(*(f"payments-{end}.payments:9090" for end in "abc"), to=(1, 1, 1)),
        told("--target=payments-a.payments:9090", headless=False),
    ],
    ids=["the Service", "another pod", "of another Service", "all of them", "a Service with an address"],
)
def test_other_targets_are_another_case(evidence: Evidence) -> None:
    assert silent(cause, evidence)
