from __future__ import annotations

from dataclasses import replace
from typing import Any

from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import caller, held, pod, servers, shop

from lbdemo.diagnose.causes.rollout_drops_calls import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.kube.records.meta import Owner

OWNED = {"owners": (Owner("ReplicaSet", "payments-1a", "u", True),), "labels": {"pod-template-hash": "1a"}}


def leaving(*counts: int, terminating: bool = True, headless: bool = True, hook: bool = False, **more: Any) -> Evidence:
    """The first of three pods leaves."""
    one = pod("payments-a", "10.0.0.1", meta=OWNED, **more)
    one = replace(one, containers=tuple(replace(c, pre_stop=hook) for c in one.containers))
    made = shop(held(*counts), callers=[caller("checkout")], headless=headless, pods=(one, *servers()[1:]))
    assert isinstance(made.slices, tuple)
    first, *others = made.slices[0].endpoints
    ends = (replace(first, ready=not terminating, terminating=terminating), *others)
    return replace(made, slices=(replace(made.slices[0], endpoints=ends),))


def test_pods_that_leave_under_their_callers() -> None:
    said = found(cause, leaving(1, 1, 1))

    assert (said.severity, said.possible, said.explains) == (Severity.RISK, True, 0.0)
    assert "payments-a: leaving" in texts(said)
    assert commands(said) == """kubectl -n shop patch deployment/payments -p '{"spec":{"minReadySeconds":35}}'"""
    assert said.fixes[1].undo


def test_a_short_grace_is_told() -> None:
    assert "it has 5 s to end" in texts(found(cause, leaving(1, 1, 1, grace=5)))
    assert "to end" not in texts(found(cause, leaving(1, 1, 1)))


def test_behind_a_cluster_ip_clients_need_no_time_for_dns() -> None:
    assert commands(found(cause, leaving(1, 1, 1, headless=False))) == ""


def test_a_hook_waits_for_callers() -> None:
    assert silent(cause, leaving(1, 1, 1, hook=True))


def test_nobody_is_lost_where_nobody_is_connected() -> None:
    assert silent(cause, leaving(0, 1, 1))


def test_pods_that_stay_lose_nobody() -> None:
    assert silent(cause, leaving(1, 1, 1, terminating=False))
