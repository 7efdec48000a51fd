from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import caller, held, shop

from lbdemo.diagnose.causes.logical_dns import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.looks import EnvoyCluster
from lbdemo.kube.records.pods import Container

FRONT = caller("front")


def told(by: str = "arguments", kind: str = "LOGICAL_DNS", *, headless: bool = True, connections: int = 1) -> Evidence:
    assert FRONT.pod is not None
    envoy = replace(FRONT.pod, containers=(Container("envoy", "envoy:v1", running=True),))
    cluster = EnvoyCluster(FRONT.name, "pods", kind, "ROUND_ROBIN", told_by=by)
    counts = (1, 1, 1)[:connections]
    return shop(held(*counts), callers=[replace(FRONT, pod=envoy)], headless=headless, clusters=(cluster,))


def test_the_type_is_told_with_a_change_that_can_be_taken_back() -> None:
    said = found(cause, told())

    assert "arguments of front: cluster pods is of type LOGICAL_DNS" in texts(said)
    assert "sed s/LOGICAL_DNS/STRICT_DNS/ | kubectl replace -f -" in commands(said)
    assert said.fixes[0].undo == ("kubectl -n shop rollout undo deployment/front",)
    assert said.explains == 1


def test_a_config_map_is_edited_by_hand_and_read_again() -> None:
    said = found(cause, told("configmap/front"))

    assert "kubectl -n shop edit configmap/front" in commands(said)
    assert "rollout restart deployment/front" in commands(said)


@pytest.mark.parametrize(
    "evidence",
    [told(kind="STRICT_DNS"), told(headless=False), told(connections=3), told("")],
    ids=["all addresses", "one address anyhow", "connected to all pods", "a mesh's"],
)
def test_others_are_other_cases(evidence: Evidence) -> None:
    assert silent(cause, evidence)
