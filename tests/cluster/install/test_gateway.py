"""What leads from a gateway to the page: three objects in lbdemo's own namespace, and nothing else."""

from __future__ import annotations

from typing import Any

from fakes import FakeRun, tools

from lbdemo.cluster.install.gateway import Entry, host, release, rights
from lbdemo.cluster.kernel import labels
from lbdemo.kube.records.meta import Meta
from lbdemo.resources import addons_chart

ENTRY = Entry({"app": "front-door", "istio": "ingressgateway"}, 80)


def objects(namespace: str = "shop", entry: Entry = ENTRY) -> dict[str, dict[str, Any]]:
    found = release(namespace, entry, 60).install.values["objects"]
    return {one["kind"]: one for one in found}


def test_the_gateways_pods_are_named_by_their_labels_and_asked_for_one_host_alone() -> None:
    there = objects()["Gateway"]["spec"]

    assert there["selector"] == {"app": "front-door", "istio": "ingressgateway"}
    assert there["servers"] == [
        {"port": {"number": 80, "name": "http-80", "protocol": "HTTP"}, "hosts": ["shop/lbdemo.shop.invalid"]}
    ]


def test_the_host_is_one_that_no_dns_has_and_another_for_each_namespace() -> None:
    assert host("shop") != host("lbdemo")
    assert host("shop").endswith(".invalid")


def test_all_calls_for_that_host_go_to_the_pages_pods_and_none_is_sent_twice() -> None:
    there = objects()
    route, service = there["VirtualService"]["spec"], there["Service"]["spec"]
    [port] = service["ports"]

    assert (route["hosts"], route["gateways"]) == ([host("shop")], [there["Gateway"]["metadata"]["name"]])
    assert route["http"] == [
        {"route": [{"destination": {"host": there["Service"]["metadata"]["name"], "port": {"number": port["port"]}}}],
         "retries": {"attempts": 0}}
    ]  # fmt: skip
    assert (port["appProtocol"], port["targetPort"]) == ("grpc-web", 9900)
    assert service["selector"]["app.kubernetes.io/name"] == "ui"


def test_all_of_it_is_lbdemos_so_that_clean_finds_it() -> None:
    step = release("shop", ENTRY, 60)
    secret = Meta("Secret", "shop", "sh.helm.release.v1.lbdemo-gateway.v1", dict(step.install.labels))

    assert labels.our_release(secret)
    assert {one["metadata"]["namespace"] for one in objects().values()} == {"shop"}
    assert {one["metadata"]["labels"][labels.PART_OF] for one in objects().values()} == {"lbdemo"}
    assert objects().keys() == {"Service", "Gateway", "VirtualService"}


def test_it_is_one_release_of_helms() -> None:
    [line] = release("shop", ENTRY, 60).commands(tools(FakeRun().on("helm version --short", answer="v4.1.0")))

    assert line.startswith(f"helm upgrade --install lbdemo-gateway {addons_chart()} ")


def test_other_objects_have_another_digest() -> None:
    digests = {release("shop", Entry({"app": "a"}, port), 60).install.labels[labels.DIGEST] for port in (80, 8080)}

    assert len(digests) == 2


def test_the_rights_are_those_in_its_own_namespace() -> None:
    asked = rights("shop")

    assert {right.namespace for right in asked} == {"shop"}
    assert {"create", "delete"} <= {right.verb for right in asked if right.resource == "virtualservices"}
