"""The inventory: what the cluster had before. One broken kind must not break it, nor be taken for nothing there."""

from __future__ import annotations

import pytest
from fakes import FakeRun, failure, tools

from lbdemo.cluster.cleanup import inventory
from lbdemo.cluster.cleanup.inventory import Item
from lbdemo.errors import OperationFailedError, ProgramFailedError

RESOURCES = """
namespaces    ns   v1               false   Namespace
widgets       w    example.com/v1   false   Widget
configmaps    cm   v1               true    ConfigMap
"""
NAMESPACE = "Namespace   v1   <none>   a   <none>\n"
FORBIDDEN = 'Error from server (Forbidden): widgets is forbidden: User "u" cannot list resource "widgets"'
AWAY = "Error from server: conversion webhook for example.com/v1, Kind=Widget failed"
UNKNOWN = 'error: the server doesn\'t have a resource type "widgets"'


def partly(stdout: str, stderr: str) -> ProgramFailedError:
    """kubectl gave this and complained of that."""
    error = failure(stderr)
    error.stdout = stdout
    return error


def taken(run: FakeRun) -> frozenset[Item]:
    with run:
        return inventory.take(tools(run).kubectl, [])


@pytest.mark.parametrize("complaint", [FORBIDDEN, AWAY])
def test_a_kind_that_cannot_be_listed_costs_only_itself(complaint: str) -> None:
    run = FakeRun().on("api-resources", answer=RESOURCES).on("configmaps", "-A")
    run.on("namespaces,widgets.example.com", answer=partly(NAMESPACE, complaint))

    assert taken(run) == {Item("Namespace", "", "a")}


def test_an_api_that_is_away_does_not_hide_the_others() -> None:
    broken = partly(RESOURCES, "error: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1")
    run = FakeRun().on("api-resources", answer=broken).on("configmaps", "-A")

    assert taken(run.on("namespaces,widgets.example.com", answer=NAMESPACE)) == {Item("Namespace", "", "a")}


def test_a_kind_that_vanished_between_two_questions_is_left_out() -> None:
    run = FakeRun().on("api-resources", answer=RESOURCES).on("configmaps", "-A")
    run.on("namespaces,widgets.example.com", answer=failure(UNKNOWN))
    run.on("namespaces", answer=NAMESPACE).on("widgets.example.com", answer=failure(UNKNOWN))

    assert taken(run) == {Item("Namespace", "", "a")}


def test_a_server_that_does_not_answer_is_an_error() -> None:
    run = FakeRun().on("api-resources", answer=RESOURCES).on("get", always=True, answer=failure("connection refused"))

    with pytest.raises(ProgramFailedError, match="connection refused"):
        taken(run)


def test_who_deletes_by_a_list_needs_all_of_it() -> None:
    run = FakeRun().on("widgets.example.com,gadgets.example.com", answer=partly(NAMESPACE, AWAY))

    with run, pytest.raises(OperationFailedError, match="cannot list all that there is"):
        inventory.objects_of(tools(run).kubectl, ["widgets.example.com", "gadgets.example.com"])


def test_what_one_may_not_see_one_cannot_have_made() -> None:
    run = FakeRun().on("api-resources", answer=RESOURCES)
    run.on("get", "configmaps", "-n", "ns", answer=failure(FORBIDDEN))

    with run:
        assert inventory.foreign(tools(run).kubectl, "ns") == []


def test_an_inventory_that_may_not_be_read_is_none() -> None:
    with FakeRun().on("get", "configmaps", answer=failure(FORBIDDEN)) as run:
        assert inventory.load(tools(run).kubectl, "istio-system") is None


@pytest.mark.parametrize(
    ("item", "istios"),
    [(Item("Namespace", "", "istio-system"), True), (Item("Namespace", "", "istio-demo"), False),
     (Item("ClusterRole.rbac.authorization.k8s.io", "", "istiod-clusterrole-istio-system"), True),
     (Item("ClusterRole.rbac.authorization.k8s.io", "", "my-istio-viewer"), False),
     (Item(inventory.CRD, "", "gateways.networking.istio.io"), True),
     (Item("ConfigMap", "shop", "istio-ca-root-cert"), True), (Item("ConfigMap", "shop", "istio-notes"), False)],
    ids=str,
)  # fmt: skip
def test_istios_objects_are_known_by_their_names(item: Item, istios: bool) -> None:
    assert inventory.of_istio(item) is istios
