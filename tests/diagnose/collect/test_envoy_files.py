from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from diagnose.shops import pod, service
from fake_api import FakeApi
from fakes import FakeStreams

from lbdemo.diagnose.collect.asked import Means
from lbdemo.diagnose.collect.envoy_files import Told, inline, told
from lbdemo.diagnose.looks import EnvoyCluster
from lbdemo.kube.answers import Why
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.tools.kubectl import Kubectl

DOMAIN = "cluster.local"
FOUND = EnvoyCluster("shop/front", "pods", "LOGICAL_DNS", "LEAST_REQUEST", told_by="arguments")


def cluster(host: str, **more: Any) -> dict[str, Any]:
    address = {"socket_address": {"address": host, "port_value": 9090}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {"name": "pods", "load_assignment": {"endpoints": endpoints}, **more}


def config(*clusters: dict[str, Any]) -> str:
    return json.dumps({"static_resources": {"clusters": clusters}})


LOGICAL = config(cluster("payments", type="LOGICAL_DNS", lb_policy="LEAST_REQUEST"), cluster("other", type="EDS"))


def front(*command: str, config_maps: tuple[str, ...] = (), namespace: str = "shop") -> Pod:
    one = pod("front", namespace=namespace)
    envoy = Container("envoy", "envoy:v1", running=True, command=command)
    return replace(one, containers=(envoy,), config_maps=config_maps)


def seen(one: Pod, *maps: dict[str, Any], hidden: bool = False) -> Told:
    with FakeApi() as server, FakeStreams() as run:
        server.add(*maps)
        if hidden:
            server.forbid("get", "configmaps")
        return told(Means(server.api(), Kubectl(run)), one, service("payments"), DOMAIN)


def test_a_command_line_tells_the_clusters_of_this_service_and_no_others() -> None:
    assert seen(front("envoy", "--config-yaml", LOGICAL)) == Told((FOUND,))
    assert list(inline(front("envoy", f"--config-yaml={LOGICAL}"))) == [LOGICAL]


def test_a_config_map_tells_them_too() -> None:
    there = {"kind": "ConfigMap", "metadata": {"name": "edge", "namespace": "shop"},
             "data": {"envoy.yaml": LOGICAL, "readme": "no: [configuration", "list": "[1]"}}  # fmt: skip

    assert seen(front(config_maps=("edge", "gone")), there) == Told((replace(FOUND, told_by="configmap/edge"),))


def test_a_config_map_that_may_not_be_read_is_named() -> None:
    found = seen(front(config_maps=("edge",)), hidden=True)

    assert (found.clusters, [one.why for one in found.unseen]) == ((), [Why.FORBIDDEN])


def test_a_short_name_is_of_the_proxys_own_namespace() -> None:
    whole = config(cluster("payments.shop.svc.cluster.local.", type="LOGICAL_DNS"))

    assert not seen(front("--config-yaml", LOGICAL, namespace="edge")).clusters
    assert len(seen(front("--config-yaml", whole, namespace="edge")).clusters) == 1
