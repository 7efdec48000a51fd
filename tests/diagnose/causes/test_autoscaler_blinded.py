from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import SHOP, caller, even, held, servers, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.autoscaler_blinded import cause
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import CannotTell, Severity
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.meta import Meta, Owner
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.records.workloads import Autoscaler


def scaler(kind: str = "Deployment", target: str = "payments") -> Autoscaler:
    return Autoscaler(Meta("HorizontalPodAutoscaler", SHOP, "payments"), kind, target, 1, 9, 3, 3, ())


def owned(owner: Owner) -> tuple[Pod, ...]:
    labels = {"pod-template-hash": "1a"}
    return tuple(replace(one, meta=replace(one.meta, labels=labels, owners=(owner,))) for one in servers())


DEPLOYED = owned(Owner("ReplicaSet", "payments-1a", "u", True))


def seen(
    scalers: tuple[Autoscaler, ...] | Unseen, *, pods: tuple[Pod, ...] = DEPLOYED, spread: bool = False
) -> Evidence:
    looks = held(1, 1, 1) if spread else held(1)
    return shop(looks, callers=[caller("checkout")], headless=spread, pods=pods, segments=even(99),
                surroundings=Surroundings(autoscalers=scalers))  # fmt: skip


def test_an_autoscaler_of_unevenly_used_pods_sees_their_mean() -> None:
    said = found(cause, seen((scaler(),)))

    assert said.severity is Severity.RISK
    assert "LB101" in said.follows_from
    assert "HorizontalPodAutoscaler payments scales payments: 3 pods now, 1 to 9 allowed" in texts(said)


def test_of_stateful_sets_too() -> None:
    pods = owned(Owner("StatefulSet", "ledger", "u", True))

    assert not silent(cause, seen((scaler("StatefulSet", "ledger"),), pods=pods))


@pytest.mark.parametrize("other", [scaler(target="orders"), scaler("StatefulSet")])
def test_of_other_pods_it_is_nobodys_business(other: Autoscaler) -> None:
    assert silent(cause, seen((other,)))


def test_of_evenly_used_pods_the_mean_is_right() -> None:
    assert silent(cause, seen((scaler(),), spread=True))


def test_autoscalers_that_nobody_could_see_are_not_none() -> None:
    (said,) = cause(Case(seen(Unseen("autoscalers", Why.FORBIDDEN, "no", None, "work"))))

    assert isinstance(said, CannotTell)
    assert said.needs == ("autoscalers",)
