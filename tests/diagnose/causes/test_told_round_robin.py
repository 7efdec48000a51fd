"""LB102, LB105, LB106: what a client's environment says beside what its connections show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.causes.said import Rule, found, silent
from diagnose.shops import aged, born, caller, even, held, servers, shop

from lbdemo.diagnose.causes import client_setting_without_effect, dotnet_transport, round_robin_on_cluster_ip
from lbdemo.diagnose.evidence import Caller, Evidence
from lbdemo.diagnose.findings import Severity


def client(image: str = "app:1", **told: Any) -> Caller:
    one = caller("checkout")
    assert one.pod is not None
    container = replace(one.pod.containers[0], image=image, **told)
    return replace(one, pod=replace(one.pod, containers=(container,), meta=replace(one.pod.meta, created=born(60))))


TURNS = client(args=("--policy=round_robin",))
DOTNET = client(env={"ASPNETCORE_URLS": "http://+:80"})


def seen(who: Caller, *counts: int, headless: bool = True, **more: Any) -> Evidence:
    return shop(held(*counts), callers=[who], headless=headless, segments=even(50), **more)


@pytest.mark.parametrize(
    ("rule", "evidence", "follows"),
    [
        (round_robin_on_cluster_ip.cause, seen(TURNS, 1, headless=False), "LB101"),
        (client_setting_without_effect.cause, seen(TURNS, 1), "LB103"),
        (dotnet_transport.cause, seen(DOTNET, 1), "LB103"),
        (dotnet_transport.cause, seen(client("mcr.example/dotnet/aspnet:9.0"), 1), "LB103"),
    ],
)
def test_it_is_told_beside_what_it_follows_from(rule: Rule, evidence: Evidence, follows: str) -> None:
    said = found(rule, evidence)

    assert said.follows_from == (follows,)
    assert said.severity is Severity.RISK
    assert said.explains == 0.0
    assert said.fixes


@pytest.mark.parametrize(
    ("rule", "evidence"),
    [
        (round_robin_on_cluster_ip.cause, seen(client(), 1, headless=False)),
        (round_robin_on_cluster_ip.cause, seen(TURNS, 1)),
        (round_robin_on_cluster_ip.cause, seen(TURNS, 1, 1, 1, headless=False)),
        (round_robin_on_cluster_ip.cause, seen(TURNS, 1, headless=False, pods=servers(proxy="istio-proxy"))),
        (client_setting_without_effect.cause, seen(client(), 1)),
        (client_setting_without_effect.cause, seen(TURNS, 1, 1, 1)),
        (client_setting_without_effect.cause, seen(TURNS, 1, pods=aged([60, 5, 5]))),
        (dotnet_transport.cause, seen(client("net-tools:1"), 1)),
        (dotnet_transport.cause, seen(DOTNET, 1, 1, 1)),
        (dotnet_transport.cause, seen(DOTNET, 1, headless=False)),
    ],
)
def test_close_by_nothing_is_said(rule: Rule, evidence: Evidence) -> None:
    assert silent(rule, evidence)
