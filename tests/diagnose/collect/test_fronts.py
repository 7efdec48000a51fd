"""The pods beside a caller that is a proxy, from a pretended API server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_api import FakeApi

from lbdemo.diagnose.collect.fronts import Found, fronts_of
from lbdemo.kube.kinds import PODS
from lbdemo.kube.records.pods import Pod

SHOP = "shop"


def pod(name: str, *, ready: bool = True, image: str = "envoyproxy/envoy:v1", mark: str = "1a") -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "name": f"front-{mark}", "uid": "u", "controller": True}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": SHOP, "labels": {"app": "front", "pod-template-hash": mark},
                     "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "main", "image": image}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]},
    }  # fmt: skip


def service(name: str, **selector: str) -> dict[str, Any]:
    return {"kind": "Service", "metadata": {"name": name, "namespace": SHOP},
            "spec": {"selector": selector, "ports": [{"port": 80}]}}  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi().add(
        pod("front-x"), pod("front-y"), pod("front-z", ready=False), pod("other", mark="2b"),
        pod("app", image="app:1", mark="3c"),
        service("front", app="front"), service("back", app="back"), service("by-hand"),
    ) as fake:  # fmt: skip
        yield fake


def one(server: FakeApi, name: str) -> Pod:
    found = server.api().get(PODS, name, SHOP)
    assert isinstance(found, Pod)
    return found


def test_the_ready_pods_of_the_same_workload_and_the_services_that_select_them(server: FakeApi) -> None:
    found = fronts_of(server.api(), [one(server, "front-x"), one(server, "front-y")])

    (front,) = found.fronts
    assert sorted(pod.name for pod in found.pods) == ["front-x", "front-y"]

    assert (front.namespace, front.workload) == (SHOP, "deployment/front")
    assert sorted(each.name for each in front.pods) == ["front-x", "front-y"]
    assert [each.meta.name for each in front.services] == ["front"]


def test_who_is_no_proxy_stands_before_nothing(server: FakeApi) -> None:
    assert fronts_of(server.api(), [one(server, "app")]) == Found()


def test_what_may_not_be_seen_is_named(server: FakeApi) -> None:
    found = one(server, "front-x")
    server.forbid("list", "pods")

    seen = fronts_of(server.api(), [found])

    assert seen.fronts == ()
    assert str(seen.unseen[0].right) == "list pods in namespace shop"
