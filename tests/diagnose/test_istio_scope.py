from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.meshes import HOST, labelled, meshed, routed, rule, subsets
from diagnose.shops import SHOP, pod

from lbdemo.diagnose import istio_scope
from lbdemo.diagnose.case import Case
from lbdemo.kube.records.istio import Destination, PeerAuthentication
from lbdemo.kube.records.meta import Meta

ROOT = istio_scope.ROOT


@pytest.mark.parametrize(
    ("host", "whole"),
    [("payments", HOST), (HOST, HOST), ("payments.shop", "payments.shop"), ("*.shop.svc", "*.shop.svc"), ("*", "*")],
)
def test_only_a_name_without_dots_is_of_the_namespace_of_its_object(host: str, whole: str) -> None:
    assert istio_scope.whole_name(host, SHOP, "cluster.local") == whole


@pytest.mark.parametrize(
    ("host", "expected"),
    [(HOST, True), ("*", True), ("*.local", True), ("*.shop.svc.cluster.local", True),
     ("*.ops.svc.cluster.local", False), ("payments", False)],
)  # fmt: skip
def test_a_host_may_begin_with_a_star(host: str, expected: bool) -> None:
    assert istio_scope.fits(host, HOST) is expected


@pytest.mark.parametrize(
    ("to", "namespace", "expected"),
    [((), "front", True), (("*",), "front", True), (("front",), "front", True), ((".",), "front", False),
     ((".",), SHOP, True), (("~",), SHOP, False), (("ops",), "front", False)],
)  # fmt: skip
def test_objects_hold_where_they_are_exported_to(to: tuple[str, ...], namespace: str, expected: bool) -> None:
    assert istio_scope.exported_to(to, SHOP, namespace) is expected


def test_a_virtual_service_holds_for_sidecars_if_it_names_the_mesh_and_the_host() -> None:
    to = Destination("payments")
    heeded = routed(to, hosts=("payments",))
    others = (routed(to, hosts=("payments",), namespace="ops"), routed(to, gateways=("ops/edge",)),
              routed(to, export_to=("ops",)), routed(to, hosts=("orders",)))  # fmt: skip

    found = istio_scope.virtual_services_for(meshed(9, 9, 9, virtual_services=(heeded, *others)), SHOP)

    assert list(found) == [heeded]


def test_a_rule_is_looked_for_at_the_caller_then_at_the_service_then_at_the_root() -> None:
    own, shops, root = (rule(namespace=space) for space in ("front", SHOP, ROOT))

    def found(*rules: object) -> object:
        return istio_scope.destination_rule_for(meshed(9, destination_rules=rules), "front")

    assert found(root, shops, own) is own
    assert found(root, shops) is shops
    assert found(root) is root
    assert found(rule(namespace="ops")) is None
    assert found(rule(namespace=SHOP, export_to=(".",)), root) is root


def test_the_most_exact_name_holds_then_the_oldest_and_none_that_is_for_some_pods_only() -> None:
    star = rule(host="*.local", name="all", created="2026-01-01T00:00:00Z")
    new = rule(name="new", created="2026-03-01T00:00:00Z")
    old = rule(name="old", created="2026-02-01T00:00:00Z")
    some = rule(name="some", created="2026-01-15T00:00:00Z", selector={"app": "checkout"})

    assert istio_scope.destination_rule_for(meshed(9, destination_rules=(star, new, old, some)), SHOP) is old
    assert istio_scope.destination_rule_for(meshed(9, destination_rules=(star, some)), SHOP) is star


def test_rules_elsewhere_are_those_that_no_sidecar_of_the_namespace_heeds() -> None:
    third, kept = rule(namespace="ops"), rule(export_to=(".",))
    evidence = meshed(9, destination_rules=(third, kept, rule(namespace=ROOT)))

    assert list(istio_scope.rules_elsewhere(evidence, "front")) == [third, kept]


def strict(
    mode: str = "STRICT", namespace: str = SHOP, ports: dict[int, str] | None = None, **selector: str
) -> PeerAuthentication:
    return PeerAuthentication(Meta("PeerAuthentication", namespace, "a"), mode, selector, ports or {})


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], None),
        ([strict()], 0),
        ([strict(namespace=ROOT)], 0),
        ([strict(namespace="ops")], None),
        ([strict("PERMISSIVE"), strict(namespace=ROOT)], None),
        ([strict("UNSET"), strict(namespace=ROOT)], 1),
        ([strict(app="payments"), strict("PERMISSIVE")], 0),
        ([strict(app="other"), strict("PERMISSIVE")], None),
        ([strict(ports={9090: "PERMISSIVE"})], None),
        ([strict("PERMISSIVE", ports={9090: "STRICT"})], 0),
    ],
)
def test_the_narrowest_policy_that_says_something_decides(
    rules: list[PeerAuthentication], expected: int | None
) -> None:
    server = pod("payments-a", meta={"labels": {"app": "payments"}})

    found = istio_scope.strict_for(meshed(9, peer_authentications=tuple(rules)), server, 9090)

    assert found is (None if expected is None else rules[expected])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [({}, ""), ({"istio-injection": "enabled"}, "istio-injection=enabled"), ({"istio-injection": "disabled"}, ""),
     ({"istio.io/rev": "v2"}, "istio.io/rev=v2"), ({"istio-injection": "disabled", "istio.io/rev": "v2"}, "")],
)  # fmt: skip
def test_a_namespace_says_by_its_labels_whether_new_pods_get_a_sidecar(labels: dict[str, str], expected: str) -> None:
    assert istio_scope.injects(Meta("Namespace", "", SHOP, labels)) == expected
    assert istio_scope.injects(None) == ""


def test_a_pod_is_in_a_subset_whose_labels_it_has() -> None:
    new, none = Case(meshed(9, 9, pods=labelled("new", ""))).servers
    (subset,) = subsets("new")

    assert istio_scope.holds(new, subset)
    assert not istio_scope.holds(none, subset)
    assert not istio_scope.holds(replace(new, pod=None), subset)
