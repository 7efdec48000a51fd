"""The inventory: it survives its keeping, and what is damaged, hostile or too long is none."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import pytest

from lbdemo.cluster.cleanup import inventory
from lbdemo.cluster.cleanup.inventory import Inventory, Scope, before_both, encode, from_data, to_data
from lbdemo.cluster.cleanup.items import CRD, Item
from lbdemo.config import ISTIO_NAMESPACE

SOME = Inventory(
    frozenset({Item("Namespace", "", "a", "1"), Item("ConfigMap", "b", "c.d", "2")}),
    born=frozenset({Item("Role.rbac", "e", "f-g", "3")}),
    installed=frozenset({Item(CRD, "", "gateways.networking.istio.io", "4")}),
    unseen=frozenset({Scope("secrets", "b")}),
)


def test_the_inventory_survives_its_keeping() -> None:
    assert from_data(to_data(SOME)) == SOME


def test_it_is_an_object_by_its_uid_that_was_there_and_not_by_its_name() -> None:
    assert SOME.has(Item("Namespace", "", "a", "1"))
    assert not SOME.has(Item("Namespace", "", "a", "another"))


@pytest.mark.parametrize(
    "text",
    ["", "no base64!", base64.b64encode(b"no zlib").decode(), encode(["one field"]), encode(["a\tb\tc\td\te"]),
     base64.b64encode(zlib.compress(b"\xff\xfe")).decode(), to_data(SOME)[inventory.OBJECTS][:-8]],
    ids=["empty", "text", "bytes", "few fields", "many fields", "no UTF-8", "cut"],
)  # fmt: skip
def test_a_damaged_inventory_is_none(text: str) -> None:
    assert from_data({**to_data(SOME), inventory.OBJECTS: text}) is None
    assert from_data({**to_data(SOME), inventory.INSTALLED: text}) is None


def test_a_hostile_inventory_is_not_unpacked() -> None:
    bomb = base64.b64encode(zlib.compress(b"\n" * (1 << 26), 9)).decode()

    assert len(bomb) < 1 << 18
    assert from_data({inventory.OBJECTS: bomb}) is None


def test_more_objects_than_any_cluster_is_asked_for_are_none() -> None:
    assert from_data({inventory.OBJECTS: encode(["a\tb\tc\td"] * (inventory.MOST_ITEMS + 1))}) is None


def test_a_config_map_without_the_list_is_none() -> None:
    assert from_data({}) is None


def test_an_istio_of_ours_that_an_older_namespace_brought_was_not_there_before() -> None:
    definition, pod = Item(CRD, "", "gateways.networking.istio.io", "1"), Item("Pod", "shop", "a", "2")
    home, spread = Item("Namespace", "", ISTIO_NAMESPACE, "3"), Item("ConfigMap", "shop", "istio-ca-root-cert", "4")
    theirs = Item(CRD, "", "wasmplugins.extensions.istio.io", "5")
    found = Inventory(frozenset({definition, pod, home, spread, theirs}))

    assert before_both(found, Inventory(frozenset({theirs}))).objects == {pod, theirs}
    assert before_both(found, None) == found


def test_what_our_istio_consists_of_is_known_from_either() -> None:
    both = before_both(Inventory(), SOME)

    assert both.installed == SOME.installed
    assert before_both(SOME, replace(SOME, installed=frozenset())).installed == SOME.installed
