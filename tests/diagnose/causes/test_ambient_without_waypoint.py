from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import ambient, caller, even, held, shop, waypoint

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.ambient_without_waypoint import cause
from lbdemo.diagnose.causes.l4_single_connection import cause as l4
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import CannotTell
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.meta import Condition

BROKEN = (Condition("Programmed", "False"),)
HIDDEN = Unseen("gateways", Why.FORBIDDEN)


def test_no_waypoint_at_all_is_mended_by_one_that_the_service_is_bound_to() -> None:
    said = found(cause, ambient())

    assert said.explains == 1.0
    assert not said.possible
    assert "Service payments is bound to no waypoint" in texts(said)
    made = yaml.safe_load(said.fixes[0].commands[0].partition("\n")[2].removesuffix("EOF"))
    assert (made["kind"], made["metadata"]["name"], made["spec"]["gatewayClassName"]) == (
        "Gateway", "waypoint", "istio-waypoint",
    )  # fmt: skip
    assert said.fixes[0].commands[1:] == (
        "kubectl -n shop label service payments istio.io/use-waypoint=waypoint --overwrite",
    )
    assert said.fixes[0].undo == ("kubectl -n shop label service payments istio.io/use-waypoint-",
                                  "kubectl -n shop delete gateway waypoint")  # fmt: skip


def test_a_waypoint_that_is_there_and_not_bound_needs_the_label_only() -> None:
    said = found(cause, ambient(waypoints=(waypoint("ways"),)))

    assert commands(said) == "kubectl -n shop label service payments istio.io/use-waypoint=ways --overwrite"


@pytest.mark.parametrize(
    ("waypoints", "told", "mend"),
    [
        ((), "there is no waypoint ways in namespace shop", "kubectl apply"),
        ((waypoint("ways", {"istio.io/waypoint-for": "workload"}),), "waypoint ways is for workload",
         "label gateway ways --overwrite istio.io/waypoint-for=service"),
        ((replace(waypoint("ways"), conditions=BROKEN),), "does not work", "describe gateway ways"),
    ],
)  # fmt: skip
def test_a_waypoint_that_is_bound_and_reads_nothing(waypoints: Any, told: str, mend: str) -> None:
    said = found(cause, ambient(use="ways", waypoints=waypoints))

    assert told in texts(said)
    assert mend in commands(said)


def test_a_caller_outside_passes_the_waypoint_by() -> None:
    seen = ambient(use="ways", waypoints=(waypoint("ways"),), outside=True)

    said = found(cause, seen)

    assert "checkout is not in ambient mode" in texts(said)
    assert commands(said) == "kubectl label namespace front istio.io/dataplane-mode=ambient --overwrite"


@pytest.mark.parametrize(
    "seen",
    [
        ambient(use="ways", waypoints=(waypoint("ways"),)),
        ambient(mode="none", redirected=False),
        ambient(mode="", redirected=False),
        ambient(connections=(1, 1, 1)),
        shop(held(1), callers=[caller("checkout")], segments=even(50)),
    ],
)
def test_a_waypoint_that_works_another_mode_and_connections_to_all_are_none_of_it(seen: Evidence) -> None:
    assert silent(cause, seen)


def test_labels_alone_are_not_proof_that_ztunnel_is_there() -> None:
    assert found(cause, ambient(redirected=False)).possible


def test_a_waypoint_that_could_not_be_seen_may_work() -> None:
    (said,) = cause_of(ambient(use="ways", waypoints=HIDDEN))

    assert isinstance(said, CannotTell)
    assert "waypoint ways" in said.because
    assert not silent(l4, ambient(use="ways", waypoints=HIDDEN))


def cause_of(seen: Evidence) -> list[Any]:
    return list(cause(Case(seen)))


def test_the_missing_waypoint_is_told_and_not_a_sidecar_that_nobody_wants() -> None:
    assert silent(l4, ambient())
    assert not silent(l4, ambient(mode="", redirected=False))


def test_a_service_that_says_none_is_bound_to_nothing_and_says_so_again_after_the_undo() -> None:
    said = found(cause, ambient(use="none", waypoints=(waypoint("ways"),)))

    assert "bound to no waypoint" in texts(said)
    assert said.fixes[0].undo == ("kubectl -n shop label service payments istio.io/use-waypoint=none --overwrite",)
