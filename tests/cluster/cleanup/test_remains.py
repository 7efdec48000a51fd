"""The proof of `clean`: a true difference of what could be seen, with who made what is new, and what was not seen."""

from __future__ import annotations

from typing import Any

from clean_objects import document, found, space
from fake_api import FakeApi
from fakes import FakeClock, FakeRun, tools
from worlds import CONFIG

from lbdemo.cluster.cleanup import snapshot
from lbdemo.cluster.cleanup.inventory import Inventory, Scope
from lbdemo.cluster.cleanup.proof import Removal
from lbdemo.cluster.cleanup.remains import Remains, find_remains
from lbdemo.cluster.cleanup.targets import Targets
from lbdemo.cluster.cleanup.users import IstioUsers
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.kube.answers import need
from lbdemo.kube.kinds import NAMESPACES
from lbdemo.kube.records.cluster import parse_namespace

HOME = space("lbdemo")
ROLE = "customresourcedefinitions.apiextensions.k8s.io"


def crd(name: str, **more: Any) -> dict[str, Any]:
    """A cluster-wide object that the fake API server knows."""
    return document("CustomResourceDefinition", name, **more)


def before(fake: FakeApi, *namespaces: str) -> Inventory:
    taken = snapshot.take(fake.api(), namespaces)
    return Inventory(frozenset(one.item for one in taken.objects), unseen=taken.unseen)


def remains(fake: FakeApi, kept: Inventory | None, *, ours: bool = True, held: tuple[Removal, ...] = ()) -> Remains:
    there = Targets(ObservedWithIstio(None), parse_namespace(space("lbdemo", ours=ours)), before_here=kept, held=held)
    clock = FakeClock(step=5)
    return find_remains(tools(FakeRun(), clock, fake.api()), CONFIG.place, there, with_istio=False)


def test_nothing_new_is_nothing_left() -> None:
    with FakeApi().add(crd("old")) as fake:
        seen = remains(fake, before(fake))

    assert (seen.left, seen.others, seen.unseen, seen.compared) == ((), (), (), 1)


def test_a_cluster_wide_object_that_appeared_is_told_with_who_made_it() -> None:
    with FakeApi().add(crd("old")) as fake:
        kept = before(fake)
        fake.add(crd("lbdemo-x", maker="kubectl-create"), crd("shop", release="shop", of="shop"))
        seen = remains(fake, kept)

    assert seen.left == ()
    assert [(item.name, maker) for item, maker in seen.others] == [
        ("lbdemo-x", "made by kubectl-create"), ("shop", "Helm release shop/shop"),
    ]  # fmt: skip


def test_another_object_under_an_old_name_is_new() -> None:
    with FakeApi().add(crd("x", uid="1")) as fake:
        kept = before(fake)
        fake.add(crd("x", uid="2"))

        assert [item.uid for item, _ in remains(fake, kept).others] == ["2"]


def test_what_our_release_held_and_is_still_there_is_left() -> None:
    held = (Removal(found("ConfigMap", "echo", "lbdemo", release="echo-server"), ""),)
    with FakeApi().add(
        space("lbdemo", ours=False), document("ConfigMap", "echo", "lbdemo", release="echo-server")
    ) as fake:
        seen = remains(fake, None, ours=False, held=held)

    assert [(item.name, reason) for item, reason in seen.left] == [("echo", "")]


def test_our_namespace_that_had_to_stay_says_why() -> None:
    with FakeApi().add(HOME, document("ConfigMap", "theirs", "lbdemo")) as fake:
        seen = remains(fake, before(fake))

    ((item, reason),) = seen.left
    assert (item.name, reason) == ("lbdemo", "it holds ConfigMap lbdemo/theirs, which lbdemo did not make")


def test_a_namespace_that_somebody_made_anew_is_theirs() -> None:
    with FakeApi().add(space("lbdemo", uid="another"), document("ConfigMap", "theirs", "lbdemo")) as fake:
        assert remains(fake, before(fake)).left == ()


def test_what_cannot_be_seen_is_named() -> None:
    with FakeApi().add(crd("old")) as fake:
        kept = before(fake)
        fake.forbid("list", ROLE)
        seen = remains(fake, kept)

    assert [str(gap) for gap in seen.unseen] == [f"{ROLE} (all): forbidden"]
    assert f"kubectl auth can-i list {ROLE} -A" in seen.unseen[0].hint


def test_what_could_not_be_seen_before_is_not_new() -> None:
    with FakeApi().add(crd("theirs")) as fake:
        seen = remains(fake, Inventory(unseen=frozenset({Scope(ROLE, "")})))

    assert seen.others == ()
    assert [str(gap) for gap in seen.unseen] == [f"{ROLE} (all): it could not be seen before"]


def test_without_an_inventory_only_what_is_ours_is_looked_for() -> None:
    with FakeApi().add(crd("theirs")) as fake:
        seen = remains(fake, None)

    assert (seen.compared, seen.others, seen.left) == (0, (), ())


def test_a_namespace_that_knows_what_is_left_of_our_istio_is_left_for_that() -> None:
    orphan = Removal(found("CustomResourceDefinition", "gateways.networking.istio.io"), "recorded")
    with FakeApi().add(HOME) as fake:
        space_ = need(fake.api().get(NAMESPACES, "lbdemo"))
        there = Targets(ObservedWithIstio(None), space_, orphans=(orphan,), users=IstioUsers(("shop",)))
        seen = find_remains(tools(FakeRun(), FakeClock(step=5), fake.api()), CONFIG.place, there, with_istio=True)

    assert seen.kept_istio == "pods in shop still use it"
    [(item, reason)] = seen.left
    assert (item.name, "keeps the record" in reason) == ("lbdemo", True)
