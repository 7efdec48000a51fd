"""What is written down: what was there before, what came with the namespace, what our Istio consists of."""

from __future__ import annotations

from clean_objects import SOON, document, space
from fake_api import FakeApi
from fakes import FakeRun, tools

from lbdemo.cluster.cleanup import keeping
from lbdemo.cluster.cleanup.inventory import Inventory, Scope
from lbdemo.cluster.cleanup.take import NoteBirth, RecordIstio, TakeInventory
from lbdemo.cluster.kernel import labels
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.kinds import CONFIG_MAPS


def run(step: TakeInventory | NoteBirth | RecordIstio, fake: FakeApi) -> Inventory:
    """The inventory that is kept then."""
    step.run(tools(FakeRun(), api=fake.api()), lambda _: None)
    kept = keeping.load(fake.api(), "ns")
    assert kept is not None
    return kept


def names(kept: Inventory) -> set[str]:
    return {item.name for item in kept.objects}


def test_what_is_in_our_own_namespace_was_not_there_before() -> None:
    with FakeApi().add(space(), space("shop", ours=False, uid="uid-shop"), document("Secret", "ours", "ns")) as fake:
        kept = run(TakeInventory("ns", ("ns",), frozenset({"ns"})), fake)

    assert names(kept) == {"shop"}


def test_what_is_in_an_adopted_namespace_was_there_before() -> None:
    with FakeApi().add(space(ours=False), document("Secret", "theirs", "ns")) as fake:
        kept = run(TakeInventory("ns", ("ns",), frozenset()), fake)

    assert names(kept) == {"ns", "theirs"}


def test_the_first_inventory_stays() -> None:
    step = TakeInventory("ns", ("ns",), frozenset({"ns"}))
    with FakeApi().add(space()) as fake:
        first = run(step, fake)
        fake.add(space("later", uid="uid-later"))

        assert run(step, fake) == first


def test_what_could_not_be_seen_is_kept_too() -> None:
    with FakeApi().add(space()).forbid("list", "customresourcedefinitions.apiextensions.k8s.io") as fake:
        kept = run(TakeInventory("ns", ("ns",), frozenset({"ns"})), fake)

    assert kept.unseen == {Scope("customresourcedefinitions.apiextensions.k8s.io", "")}


def test_beside_our_istio_it_is_kept_a_second_time_and_marked() -> None:
    keepers = ("ns", ISTIO_NAMESPACE)
    with FakeApi().add(space(), space(ISTIO_NAMESPACE, uid="uid-home")) as fake:
        kept = run(TakeInventory("ns", keepers, frozenset(keepers)), fake)

        assert keeping.load(fake.api(), ISTIO_NAMESPACE) == kept
        there = fake.there(CONFIG_MAPS, labels.INVENTORY, "ns")
        assert there is not None
        assert labels.ISTIO in there["metadata"]["labels"]


def test_an_istio_namespace_that_cannot_be_seen_is_not_ours() -> None:
    keepers = ("ns", ISTIO_NAMESPACE)
    home = space(ISTIO_NAMESPACE, ours=False, uid="uid-home")
    with FakeApi().add(space(), home, document("Secret", "theirs", ISTIO_NAMESPACE)) as fake:
        kept = run(TakeInventory("ns", keepers, frozenset(keepers)), fake)

    assert names(kept) == {ISTIO_NAMESPACE, "theirs"}


def test_what_a_cluster_puts_into_a_new_namespace_is_noted() -> None:
    policy = document("Secret", "policy", "ns", created=SOON)
    with FakeApi().add(space(), policy, document("ConfigMap", "theirs", "ns")) as fake:
        run(TakeInventory("ns", ("ns",), frozenset({"ns"})), fake)
        kept = run(NoteBirth(("ns",)), fake)

    assert {item.name for item in kept.born} == {"policy"}


def test_what_our_istio_consists_of_is_recorded_with_uids_and_added_to() -> None:
    crd = document("CustomResourceDefinition", "a.istio.io", release="istio-base", of=ISTIO_NAMESPACE, uid="uid-a")
    theirs = document("CustomResourceDefinition", "b.istio.io")
    with FakeApi().add(space(), crd, theirs) as fake:
        run(TakeInventory("ns", ("ns",), frozenset({"ns"})), fake)
        first = run(RecordIstio(("ns", "gone")), fake)
        del fake.objects[("customresourcedefinitions.apiextensions.k8s.io", "", "a.istio.io")]
        second = run(RecordIstio(("ns",)), fake)

    assert [(item.name, item.uid) for item in first.installed] == [("a.istio.io", "uid-a")]
    assert second.installed == first.installed
