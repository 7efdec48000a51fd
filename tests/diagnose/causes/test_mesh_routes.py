"""LB310, LB312: subsets and weights of routes, what is left out on purpose and what by mistake, and ways back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from diagnose.meshes import labelled, meshed, routed, rule, said, subsets
from diagnose.pasting import pasted

from lbdemo.diagnose.causes import route_sends_all_to_one, subset_misses_pods
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Finding, Severity
from lbdemo.kube.records.istio import Destination, MeshRoute

NEW, OLD = Destination("payments", "new"), Destination("payments", "old")
RULES = (rule(subsets=subsets("new", "old")),)


def only_new(*versions: str) -> Evidence:
    return meshed(
        9, 9, 9, pods=labelled(*versions), destination_rules=RULES, virtual_services=(routed(NEW, hosts=("payments",)),)
    )


def test_pods_in_no_subset_are_missed() -> None:
    (found,) = said(subset_misses_pods.cause, only_new("new", ""))

    assert isinstance(found, Finding)
    assert found.severity is Severity.PROBLEM
    assert "payments-1" in found.sentence


def test_routes_to_subsets_become_routes_to_all_pods_and_back() -> None:
    to = {"host": "payments", "subset": "new"}
    seen = {"spec": {"http": {"0": {"route": {"0": {"destination": to, "weight": 100}}}}}}
    (found,) = said(subset_misses_pods.cause, only_new("new", ""))
    assert isinstance(found, Finding)
    [fix] = found.fixes

    after = pasted(seen, fix.commands)

    assert after["spec"]["http"]["0"]["route"]["0"] == {"destination": {"host": "payments"}, "weight": 100}
    assert pasted(after, fix.undo) == seen
    assert "kubectl -n shop patch virtualservice payments" in fix.commands[0]
    assert "new: version=new; old: version=old" in fix.advice


def test_between_subsets_somebody_has_to_choose() -> None:
    both = routed(replace(NEW, weight=50), replace(OLD, weight=50), hosts=("payments",))
    evidence = meshed(9, 9, 9, pods=labelled("new", "old", ""), destination_rules=RULES, virtual_services=(both,))

    (found,) = said(subset_misses_pods.cause, evidence)

    assert isinstance(found, Finding)
    assert found.fixes[0].commands == ()
    assert "name a subset" in found.fixes[0].advice


def test_pods_of_a_subset_that_gets_nothing_are_left_out_on_purpose() -> None:
    evidence = only_new("new", "old")

    assert not said(subset_misses_pods.cause, evidence)
    (found,) = said(route_sends_all_to_one.cause, evidence)
    assert isinstance(found, Finding)
    assert found.severity is Severity.NOTE
    assert '{"op":"remove","path":"/spec/http/0/route/0/destination/subset"}' in found.fixes[0].commands[0]


def test_a_subset_that_has_all_pods_leaves_none_out() -> None:
    assert not said(subset_misses_pods.cause, only_new("new", "new"))
    assert not said(route_sends_all_to_one.cause, only_new("new", "new"))


def test_subsets_of_another_host_are_not_of_this_service() -> None:
    elsewhere = routed(Destination("payments-v2", "green"), hosts=("payments",))
    evidence = meshed(9, 9, pods=labelled("new", ""), destination_rules=RULES, virtual_services=(elsewhere,))

    assert not said(subset_misses_pods.cause, evidence)


def weighted(weights: Sequence[int], *versions: str, other: str = "payments") -> list[Finding]:
    """What is said of a route with these weights of the new and the old pods."""
    to = tuple(
        replace(one, weight=weight) for one, weight in zip((NEW, replace(OLD, host=other)), weights, strict=True)
    )
    evidence = meshed(
        8, 2, 2, pods=labelled(*versions), destination_rules=RULES, virtual_services=(routed(*to, hosts=("payments",)),)
    )
    found = said(route_sends_all_to_one.cause, evidence)
    return [one for one in found if isinstance(one, Finding)]


@pytest.mark.parametrize(
    ("weights", "versions", "told"),
    [((80, 20), ("new", "old"), True), ((100, 0), ("new", "old"), True), ((50, 50), ("new", "old"), False),
     ((51, 49), ("new", "old"), False), ((2, 1), ("new", "new", "old"), False),
     ((67, 33), ("new", "old", "new"), False),
     ((50, 50), ("new", "new", "old"), True)],
)  # fmt: skip
def test_weights_are_told_where_pods_get_unequal_parts(
    weights: tuple[int, int], versions: Sequence[str], told: bool
) -> None:
    found = weighted(weights, *versions)

    assert bool(found) is told
    assert all(one.severity is Severity.NOTE for one in found)


@pytest.mark.parametrize(
    ("weights", "what"), [((50, 50), "equal parts of the calls to unequally"), ((9, 1), "unequal")]
)
def test_weights_become_as_many_as_the_pods_and_what_they_were(weights: tuple[int, int], what: str) -> None:
    names = ("new", "old")
    seen = {"spec": {"http": {"0": {"route": {
        str(n): {"destination": {"subset": name}, "weight": weights[n]} for n, name in enumerate(names)
    }}}}}  # fmt: skip

    [found] = weighted(weights, "new", "new", "old")

    after = pasted(seen, found.fixes[0].commands)
    assert [after["spec"]["http"]["0"]["route"][n]["weight"] for n in "01"] == [2, 1]
    assert pasted(after, found.fixes[0].undo) == seen
    assert f"told to send {what}" in found.sentence
    assert "(2 pods)" in found.evidence[0].text


def test_a_weight_that_is_not_said_is_not_said_again() -> None:
    seen = {"spec": {"http": {"0": {"route": {"0": {"destination": {"subset": "new"}, "weight": 100},
                                              "1": {"destination": {"subset": "old"}}}}}}}  # fmt: skip
    to = (replace(NEW, weight=100), replace(OLD, weight=0, weighed=False))
    evidence = meshed(8, 0, pods=labelled("new", "old"), destination_rules=RULES,
                      virtual_services=(routed(*to, hosts=("payments",)),))  # fmt: skip

    (found,) = said(route_sends_all_to_one.cause, evidence)

    assert isinstance(found, Finding)
    assert pasted(pasted(seen, found.fixes[0].commands), found.fixes[0].undo) == seen


@pytest.mark.parametrize(
    ("versions", "other"),
    [(("new", "new"), "payments"), (("new", "old"), "ledger"), (("new", "old", "other"), "payments")],
)
def test_weights_of_pods_that_nobody_knows_or_leads_to_are_somebodys_to_choose(
    versions: Sequence[str], other: str
) -> None:
    [found] = weighted((80, 20), *versions, other=other)

    assert found.fixes[0].commands == ()
    assert "kubectl -n shop edit virtualservice payments" in found.fixes[0].advice


def test_routes_are_counted_for_each_protocol_by_itself() -> None:
    to = tuple(replace(one, weight=weight) for one, weight in zip((NEW, OLD), (80, 20), strict=True))
    both = replace(routed(hosts=("payments",)), routes=(MeshRoute("http", (NEW,)), MeshRoute("tcp", to)))
    evidence = meshed(8, 2, pods=labelled("new", "old"), destination_rules=RULES, virtual_services=(both,))

    (found,) = said(route_sends_all_to_one.cause, evidence)

    assert isinstance(found, Finding)
    assert "/spec/tcp/0/route/1/weight" in found.fixes[0].commands[0]
    assert "/spec/http" not in found.fixes[0].commands[0]
