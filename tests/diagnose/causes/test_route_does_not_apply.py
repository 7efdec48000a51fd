from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.meshes import HOST, meshed, routed

from lbdemo.diagnose.causes.route_does_not_apply import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.kube.records.istio import Destination, VirtualService

NEW = Destination("payments", "new")


def told(*routes: VirtualService) -> Evidence:
    return meshed(9, 9, 9, virtual_services=routes)


def test_a_route_that_leaves_the_mesh_out_is_noted_with_a_change_and_its_undo() -> None:
    said = found(cause, told(routed(NEW, gateways=("edge",))))

    assert said.severity is Severity.NOTE
    assert said.explains == 0
    assert "it holds for edge, and not for mesh" in texts(said)
    assert '{"spec": {"gateways": ["edge", "mesh"]}}' in commands(said)
    assert '{"spec": {"gateways": ["edge"]}}' in said.fixes[0].undo[0]


def test_a_route_of_another_name_is_noted() -> None:
    said = found(cause, told(routed(NEW, hosts=("pay.example.com",))))

    assert f"its hosts are pay.example.com, and callers use {HOST}" in texts(said)
    assert f'["pay.example.com", "{HOST}"]' in commands(said)


def test_a_short_host_is_of_the_routes_own_namespace() -> None:
    elsewhere = routed(Destination(HOST, "new"), namespace="ops", hosts=("payments",))

    assert "its hosts are payments.ops.svc.cluster.local" in texts(found(cause, told(elsewhere)))
    assert silent(cause, told(replace(elsewhere, meta=routed(NEW).meta))), "in the service's namespace it is its name"


def test_a_route_that_is_kept_to_its_namespace_is_noted() -> None:
    kept = routed(Destination(HOST, "new"), namespace="ops", export_to=(".",))

    assert "exported to ., and not to shop" in texts(found(cause, told(kept)))
    assert '"exportTo": [".", "shop"]' in commands(found(cause, told(kept)))


def test_for_a_host_of_all_names_there_has_to_be_another_route() -> None:
    said = found(cause, told(routed(NEW, hosts=("*",), gateways=("edge",))))

    assert not commands(said)
    assert "second VirtualService" in said.fixes[0].advice


@pytest.mark.parametrize(
    "routes",
    [(routed(NEW),), (routed(Destination("payments"), hosts=("pay.example.com",), gateways=("edge",)),),
     (routed(NEW, gateways=("edge",)), routed(Destination("payments"))), (routed(Destination("orders", "new")),), ()],
    ids=["it holds", "a website's", "another one holds", "of another service", "none"],
)  # fmt: skip
def test_others_are_other_cases(routes: tuple[VirtualService, ...]) -> None:
    assert silent(cause, told(*routes))


def test_without_callers_in_the_mesh_nobody_misses_it() -> None:
    assert silent(cause, replace(told(routed(NEW, gateways=("edge",))), callers=()))
