"""Istio's manifests become lbdemo's: its namespace, its labels, names that are nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from addon_manifests import LISTENS, manifest, objects

from lbdemo.cluster.addons.catalogue import ADDONS, Addresses
from lbdemo.cluster.addons.manifests import Target, adapted, deployments
from lbdemo.cluster.kernel import labels
from lbdemo.errors import InputError

ALL = dict.fromkeys(ADDONS, "shop")
TARGET = Target("shop", "mesh", Addresses(ALL), "abc")


def made(**texts: str) -> list[dict[str, Any]]:
    return adapted(texts or {name: manifest(name) for name in ADDONS}, TARGET)


def named(found: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    [one] = [one for one in found if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return one


def test_all_that_has_a_namespace_is_in_ours_and_says_of_which_addon_it_is() -> None:
    found = made()

    assert {one["metadata"].get("namespace") for one in found} == {"shop", None}
    assert {one["metadata"]["labels"][labels.ADDON] for one in found} == set(ADDONS)


def test_what_makes_pods_is_part_of_lbdemo_and_dashboards_are_not_read_for_that() -> None:
    ours = {one["kind"] for one in made() if one["metadata"]["labels"][labels.PART_OF] == "lbdemo"}

    assert ours == {"Deployment"}


def test_roles_for_the_cluster_have_names_of_their_own_and_still_fit_together() -> None:
    binding = named(made(), "ClusterRoleBinding", "kiali-shop")

    assert binding["roleRef"]["name"] == "kiali-shop"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "kiali", "namespace": "shop"}]
    assert named(made(), "ClusterRole", "kiali-shop")["rules"]


def test_pods_get_no_sidecar_and_are_made_anew_when_what_they_are_told_changes() -> None:
    deployment = named(made(), "Deployment", "jaeger")
    meta = deployment["spec"]["template"]["metadata"]

    assert meta["labels"]["sidecar.istio.io/inject"] == "false"
    assert meta["annotations"] == {labels.DIGEST: "abc"}


def test_a_label_that_selects_pods_stays_as_it_is() -> None:
    changed = objects("jaeger")
    changed[-1]["spec"]["selector"]["matchLabels"][labels.PART_OF] = "jaeger"

    template = named(made(jaeger=yaml.safe_dump_all(changed)), "Deployment", "jaeger")["spec"]["template"]

    assert template["metadata"]["labels"][labels.PART_OF] == "jaeger"


def test_what_else_they_are_told_is_as_it_was() -> None:
    dashboard = named(made(), "ConfigMap", "grafana")["data"]["pod.json"]

    assert dashboard == next(one for one in objects("grafana") if one["kind"] == "ConfigMap")["data"]["pod.json"]


def test_each_addon_has_its_deployments() -> None:
    assert deployments(made()) == {name: (name,) for name in LISTENS}


def test_every_service_that_somebody_is_told_to_ask_is_there_with_its_port() -> None:
    addresses = Addresses(ALL)
    there = {
        (one["metadata"]["name"], port["port"])
        for one in made()
        if one["kind"] == "Service"
        for port in one["spec"]["ports"]
    }

    asked = (addresses.prometheus, addresses.traces, addresses.grafana, addresses.otlp)
    assert there.issuperset((address.service, address.port) for address in asked)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "Namespace"}, "holds Namespace tracing, for the whole cluster"),
        ({"kind": "CustomResourceDefinition"}, "holds CustomResourceDefinition tracing"),
        ({"spec": {"ports": [{"port": 80}]}}, "no Service tracing:16685"),
        ({"kind": ""}, "no object of Kubernetes"),
    ],
)
def test_what_could_not_be_taken_away_or_asked_is_refused(change: dict[str, Any], words: str) -> None:
    changed = objects("jaeger")
    service = next(one for one in changed if one["metadata"]["name"] == "tracing")
    service.update(change)
    if change.get("kind"):
        del service["metadata"]["namespace"]

    with pytest.raises(InputError, match=words):
        made(jaeger=yaml.safe_dump_all(changed))


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(InputError, match="no YAML"):
        made(jaeger="<html>: [not found")
