from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.meshes import ADDRESSES, SIDECAR, cluster, meshed, rule

from lbdemo.diagnose.causes.stream_limit import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.kube.records.istio import TrafficPolicy

RULE = rule(TrafficPolicy(max_connections=1, max_streams=4))


def held_back(
    waiting: Sequence[int], active: Sequence[int] = (4,), connections: Sequence[int] = (1,), **around: Any
) -> Evidence:
    """A first pod with so many calls waiting, running, and connections, look by look (the last one again and again)."""
    seen = meshed(9, 9, 9, **around)

    def of(numbers: Sequence[int], turn: int) -> int:
        return numbers[min(turn, len(numbers) - 1)]

    looks = tuple(
        replace(look, hosts=tuple(
            replace(host, calls_waiting=of(waiting, look.turn), calls_active=of(active, look.turn),
                    connections_active=of(connections, look.turn)) if host.address == ADDRESSES[0] else host
            for host in look.hosts))
        for look in seen.envoys
    )  # fmt: skip
    return replace(seen, envoys=looks)


def test_what_waits_and_what_runs_is_told_with_the_rule_that_sets_the_limits() -> None:
    said = found(cause, held_back([6], destination_rules=(RULE,)))

    assert (
        "payments-a: 6 calls of checkout wait on average, while 4 run on each connection, of which there is 1"
        in texts(said)
    )
    assert "maxConnections 1, maxConcurrentStreams 4" in texts(said)
    assert commands(said).count('"op":"remove"') == 2
    assert '"value":4' in said.fixes[0].undo[0]


def test_limits_that_no_rule_seen_here_sets_are_told_as_the_proxy_has_them() -> None:
    told = cluster(SIDECAR, max_streams=4, max_connections=1)

    said = found(cause, replace(held_back([6], destination_rules=()), clusters=(told,)))

    assert "told: at most 1 connection\nits proxy was told: at most 4 calls on a connection" in texts(said)


def test_a_limit_of_the_servers_own_is_told_without_a_rule() -> None:
    said = found(cause, held_back([6], destination_rules=()))

    assert not commands(said)
    assert "MaxConcurrentStreams" in said.fixes[0].advice


@pytest.mark.parametrize(
    ("waiting", "active", "connections"),
    [([0], [4], [1]), ([5, 5, 5, 5, 0], [4], [1]), ([5], [4, 9, 2, 4], [1]), ([5], [4, 8, 12], [1, 2, 3]),
     ([5], [0], [1]), ([5], [4], [0])],
    ids=["nothing waits", "for a moment", "no limit is seen", "connections are added", "nothing runs", "none is open"],
)  # fmt: skip
def test_what_waits_for_something_else_is_another_case(
    waiting: list[int], active: list[int], connections: list[int]
) -> None:
    assert silent(cause, held_back(waiting, active, connections))


def test_a_few_looks_are_too_few() -> None:
    seen = held_back([6])

    assert silent(cause, replace(seen, envoys=seen.envoys[:3]))
    assert seen.callers == (SIDECAR,)
