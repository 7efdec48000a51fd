"""Control planes are recognised by their webhooks, wherever they run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from meshes import other_webhooks, webhooks
from worlds import deployment

from lbdemo.cluster.istio.control_planes import ControlPlane, control_planes
from lbdemo.cluster.istio.injectors import parse_injectors
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.workloads import Deployment


def daemon(revision: str = "default", version: str = "1.31.0", namespace: str = ISTIO_NAMESPACE) -> Deployment:
    name = "istiod" if revision == "default" else f"istiod-{revision}"
    marks = {"istio.io/rev": revision, "app": "istiod"}
    return replace(deployment(name, 1, f"hub/pilot:{version}"), meta=Meta("Deployment", namespace, name, marks))


def planes(*items: dict[str, Any], daemons: tuple[Deployment, ...] = ()) -> tuple[ControlPlane, ...]:
    return control_planes(daemons, parse_injectors(items))


def test_webhooks_that_are_not_istios_make_no_control_plane() -> None:
    assert planes(other_webhooks()) == ()


def test_a_deployment_and_its_webhooks_are_one_control_plane() -> None:
    (found,) = planes(webhooks(), daemons=(daemon(),))

    assert (found.revision, found.version, found.where) == ("default", "1.31.0", "Deployment istio-system/istiod")


def test_a_managed_control_plane_is_known_by_its_webhooks_address() -> None:
    (found,) = planes(webhooks("asm-managed", url="https://istiod.example.com/inject/x"))

    assert (found.revision, found.daemon, found.service) == ("asm-managed", None, "")
    assert "istiod.example.com" in found.where


def test_a_remote_clusters_control_plane_is_known_by_the_service_that_stands_for_it() -> None:
    (found,) = planes(webhooks(home="istio-elsewhere"))

    assert (found.namespace, found.service, found.daemon) == ("istio-elsewhere", "istiod", None)


def test_a_vendors_webhooks_count_without_istios_labels() -> None:
    bare = webhooks(url="https://mesh.example.com/inject")
    bare["metadata"] = {"name": "istiod-vendor"}

    (found,) = planes(bare)

    assert found.default


def test_a_tag_is_another_name_of_its_revision() -> None:
    (found,) = planes(webhooks("1-30-0"), webhooks("1-30-0", tag="prod"), daemons=(daemon("1-30-0"),))

    assert found.names == ("1-30-0", "prod")
    assert found.injects({"istio.io/rev": "prod"}, {})


def test_the_tag_default_makes_its_revision_the_default_one() -> None:
    found = planes(webhooks("old"), webhooks("new"), webhooks("new", tag="default"))

    assert [plane.default for plane in found] == [True, False]
    assert found[0].revision == "new"


def test_the_newest_of_several_is_found_by_version_not_by_name() -> None:
    found = planes(
        webhooks("zebra"), webhooks("aardvark"), daemons=(daemon("zebra", "1.9.9"), daemon("aardvark", "1.31.0"))
    )

    assert [plane.revision for plane in found] == ["aardvark", "zebra"]


def test_the_same_revision_in_two_namespaces_is_two_control_planes() -> None:
    found = planes(webhooks("blue", home="mesh-1"), webhooks("blue", home="mesh-2"))

    assert {plane.namespace for plane in found} == {"mesh-1", "mesh-2"}


def test_webhooks_whose_service_is_not_there_are_remains() -> None:
    injectors = parse_injectors([webhooks()])

    (found,) = control_planes((), injectors, {(ISTIO_NAMESPACE, "istiod")})

    assert found.gone


def test_a_pod_is_injected_by_its_own_label_where_the_namespace_has_none() -> None:
    (found,) = planes(webhooks())

    assert found.injects({}, {"sidecar.istio.io/inject": "true"})
    assert not found.injects({}, {})
    assert not found.injects({"istio-injection": "disabled"}, {"sidecar.istio.io/inject": "true"})
    assert not found.injects({"istio-injection": "enabled"}, {"sidecar.istio.io/inject": "false"})
