"""Snapshots: names only, bounded; what could not be listed is named and never counts as none."""

from __future__ import annotations

from clean_objects import document, space
from fake_api import FakeApi

from lbdemo.cluster.cleanup import snapshot
from lbdemo.cluster.cleanup.inventory import Scope


def items(found: snapshot.Snapshot) -> set[tuple[str, str]]:
    return {(one.item.kind, one.item.name) for one in found.objects}


def crowd(count: int) -> list[dict[str, object]]:
    return [document("ConfigMap", f"cm-{number}", "shop", data={"a": "x" * 20_000}) for number in range(count)]


def test_cluster_wide_objects_are_listed_and_those_of_other_namespaces_are_not() -> None:
    with FakeApi().add(space(), document("ConfigMap", "theirs", "shop"), document("ConfigMap", "here", "ns")) as fake:
        found = snapshot.take(fake.api(), ["ns"])

    assert items(found) == {("Namespace", "ns"), ("ConfigMap", "here")}
    assert found.gaps == ()


def test_what_istio_writes_everywhere_is_asked_for_by_its_name() -> None:
    with FakeApi().add(document("ConfigMap", "istio-ca-root-cert", "shop"), *crowd(20)) as fake:
        found = snapshot.take(fake.api(), [])

    assert items(found) == {("ConfigMap", "istio-ca-root-cert")}
    assert fake.sent < 50_000


def test_a_kind_that_may_not_be_listed_is_named_with_the_right_that_would_settle_it() -> None:
    with FakeApi().add(space(), document("Secret", "theirs", "ns")).forbid("list", "secrets") as fake:
        found = snapshot.contents(fake.api(), "ns")

    (gap,) = found.gaps
    assert gap.scope == Scope("secrets", "ns")
    assert "kubectl auth can-i list secrets -n ns" in gap.hint


def test_an_api_whose_server_is_away_is_named() -> None:
    with FakeApi(dead={"metrics.example.com/v1"}).add(space()) as fake:
        found = snapshot.contents(fake.api(), "ns")

    (gap,) = found.gaps
    assert "metrics.example.com/v1" in str(gap)
    assert "kubectl get apiservices" in gap.hint


def test_a_kind_that_vanished_between_two_questions_is_none() -> None:
    with (
        FakeApi().add(space()).refuse("list", "customresourcedefinitions.apiextensions.k8s.io", 404, "NotFound") as fake
    ):
        assert snapshot.take(fake.api(), []).gaps == ()


def test_a_long_list_is_not_read_to_its_end() -> None:
    with FakeApi().add(space("shop"), *crowd(snapshot.LONGEST + 1)) as fake:
        found = snapshot.take(fake.api(), ["shop"])

    assert [str(gap) for gap in found.gaps] == ["configmaps in namespace shop: there are more than 500"]
    assert fake.sent < 300_000
