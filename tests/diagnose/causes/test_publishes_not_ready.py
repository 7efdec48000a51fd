from __future__ import annotations

import yaml
from diagnose.causes.said import commands, found, silent
from diagnose.shops import caller, even, held, pod, servers, service, shop

from lbdemo.diagnose.causes.publishes_not_ready import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity

CHECKOUT = caller("checkout")
PODS = (*servers()[:2], pod("payments-c", "10.0.0.3", ready=False))


def published(*counts: int, unready_too: bool = True) -> Evidence:
    about = service(headless=True, unready_too=unready_too)
    return shop(held(*counts), callers=[CHECKOUT], about=about, pods=PODS, segments=even(50))


def test_clients_at_pods_that_are_not_ready_are_a_problem() -> None:
    said = found(cause, published(1, 1, 1))

    assert said.severity is Severity.PROBLEM
    assert "payments-c" in said.sentence
    _, _, rest = commands(said).partition("\n")
    manifest = yaml.safe_load(rest.removesuffix("EOF"))
    assert manifest["metadata"] == {"name": "payments-headless", "namespace": "shop"}
    assert manifest["spec"]["selector"] == {"app": "payments"}
    assert "publishNotReadyAddresses" not in manifest["spec"]


def test_it_does_not_explain_what_ready_pods_miss() -> None:
    assert found(cause, published(1, 0, 1)).explains == 0.0


def test_nobody_there_is_a_risk() -> None:
    assert found(cause, published(1, 1)).severity is Severity.RISK


def test_without_the_flag_dns_names_ready_pods_only() -> None:
    assert silent(cause, published(1, 1, unready_too=False))


def test_with_all_pods_ready_it_changes_nothing() -> None:
    about = service(headless=True, unready_too=True)

    assert silent(cause, shop(held(1, 1, 1), callers=[CHECKOUT], about=about))
