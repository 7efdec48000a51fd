"""What counts as there before: also what somebody else has put into Istio's namespace."""

from __future__ import annotations

import json

import pytest
from fakes import FakeRun, tools
from worlds import listed

from lbdemo.cluster.cleanup import inventory
from lbdemo.cluster.cleanup.inventory import Item
from lbdemo.cluster.cleanup.take import TakeInventory
from lbdemo.cluster.kernel import labels
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.records.meta import Meta

RESOURCES = """
namespaces  ns  v1  false  Namespace
secrets         v1  true   Secret
"""
CERTIFICATE = Item("Secret", ISTIO_NAMESPACE, "istio-ingressgateway-certs")
HOME = Item("Namespace", "", ISTIO_NAMESPACE)


def row(item: Item) -> str:
    return f"{item.kind} v1 {item.namespace or '<none>'} {item.name} <none>\n"


@pytest.mark.parametrize("ours", [False, True], ids=["somebody else's", "just made by lbdemo"])
def test_a_namespace_of_istio_that_somebody_else_made_was_there_before_with_all_in_it(ours: bool) -> None:
    run = FakeRun().on("api-resources", answer=RESOURCES).on("get", "configmaps", "-A")
    run.on("get", "configmaps", labels.INVENTORY, "-n", "lbdemo", answer="")
    run.on("get", "configmaps", labels.INVENTORY, "-n", ISTIO_NAMESPACE, answer="")
    run.on("get", "namespaces", "--no-headers", answer=row(HOME) + row(Item("Namespace", "", "lbdemo")))
    run.on(
        "get",
        "namespaces",
        ISTIO_NAMESPACE,
        answer=listed([Meta("Namespace", "", ISTIO_NAMESPACE, labels.OURS if ours else {})]),
    )
    if not ours:
        run.on("get", "secrets", "-n", ISTIO_NAMESPACE, answer=row(CERTIFICATE))
    run.on("create", answer={}).on("create", answer={})
    run.on("label", f"configmap/{labels.INVENTORY}", f"{labels.ISTIO}=installed", "-n", "lbdemo")

    own = frozenset({"lbdemo", ISTIO_NAMESPACE})
    with run:
        TakeInventory("lbdemo", ("lbdemo", ISTIO_NAMESPACE), own).run(tools(run), lambda _: None)

    kept = inventory.decode(json.loads([said for said in run.stdin if said][-1])["binaryData"][inventory.KEY])
    assert kept == (frozenset() if ours else {HOME, CERTIFICATE})
