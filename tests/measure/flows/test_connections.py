"""What connections tell where nobody counts calls."""

from __future__ import annotations

import pytest

from lbdemo.errors import InputError
from lbdemo.measure import Expectation, Outcome
from lbdemo.measure.flows import ConnectionVerdict, Look, Reading, judge_connections

Held = dict[tuple[str, str], int]

PODS = ("a", "b", "c")
ONE_EACH: Held = {("x", "a"): 1, ("y", "b"): 1, ("z", "c"): 1}
MESH: Held = {(caller, pod): 1 for caller in "xy" for pod in PODS}


def judged(*looks: Held) -> dict[str, ConnectionVerdict]:
    seen = [
        Look(float(at), tuple(Reading(caller, pod, held) for (caller, pod), held in look.items()), endpoints=PODS)
        for at, look in enumerate(looks)
    ]
    return {verdict.caller: verdict for verdict in judge_connections(seen, Expectation(servers=PODS))}


def code(verdict: ConnectionVerdict) -> str:
    (reason,) = verdict.reasons
    return reason.code


def test_a_connection_each_is_pinned_though_every_pod_has_one() -> None:
    verdicts = judged(*[ONE_EACH] * 12)

    assert {verdict.outcome for verdict in verdicts.values()} == {Outcome.PINNED}
    assert verdicts[""].held == (("a", 1), ("b", 1), ("c", 1))


def test_pods_that_hold_no_connection_get_no_calls() -> None:
    verdict = judged(*[{("x", "a"): 3, ("x", "b"): 1}] * 12)[""]

    assert (verdict.outcome, code(verdict)) == (Outcome.UNBALANCED, "endpoints_without_connections")
    assert verdict.reasons[0].figures["connections"] == {"a": 3, "b": 1, "c": 0}


def test_connections_to_all_pods_are_never_called_balanced() -> None:
    verdict = judged(*[MESH] * 12)[""]

    assert (verdict.outcome, code(verdict)) == (Outcome.INCONCLUSIVE, "connections_only")


def test_connections_that_come_and_go_settle_nothing() -> None:
    verdict = judged(*[{("x", PODS[at % 3]): 1} for at in range(12)])["x"]

    assert (verdict.outcome, code(verdict)) == (Outcome.INCONCLUSIVE, "connections_move")


def test_a_few_looks_may_meet_the_same_pod_by_chance() -> None:
    verdict = judged(*[{("x", "a"): 1}] * 7)["x"]

    assert (verdict.outcome, code(verdict)) == (Outcome.INCONCLUSIVE, "too_few_looks")


def test_nobody_connected_is_said() -> None:
    assert code(judged(*[{}] * 12)[""]) == "no_connections"


def test_a_single_pod_leaves_no_choice() -> None:
    looks = [Look(float(at), (Reading("x", "a", 1),)) for at in range(12)]

    verdict = judge_connections(looks, Expectation())[0]

    assert (verdict.outcome, code(verdict)) == (Outcome.INCONCLUSIVE, "one_endpoint")


def test_one_look_is_refused() -> None:
    with pytest.raises(InputError, match="look twice"):
        judged(ONE_EACH)
