"""Where a Prometheus may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from fake_api import Failure, FakeApi
from fake_api_http import Handler

from lbdemo.diagnose.collect.prometheus_found import Finder, check
from lbdemo.errors import InputError
from lbdemo.kube.answers import Why
from lbdemo.kube.kinds import SERVICES


def service(
    name: str, labels: Mapping[str, str], *ports: tuple[str, int], namespace: str = "monitoring"
) -> dict[str, Any]:
    told = [{"name": port, "port": number} for port, number in ports]
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
            "spec": {"ports": told}}  # fmt: skip


CHART = service("prometheus-server", {"app.kubernetes.io/name": "prometheus"}, ("http", 80))
OPERATED = service("prometheus-operated", {"operated-prometheus": "true"}, ("http-web", 9090))
OLD = service("prom", {"app": "prometheus"}, ("reloader", 8080), ("metrics", 9090), namespace="istio-system")
VIZ = service("prometheus", {"linkerd.io/extension": "viz", "component": "prometheus"}, ("admin-http", 9090),
              namespace="linkerd-viz")  # fmt: skip
OWN = service("mine", {"app": "prometheus"}, ("web", 9091), namespace="shop")
NONE = (
    service("prometheus-node-exporter", {"app.kubernetes.io/name": "prometheus-node-exporter"}, ("http", 9100)),
    service("push", {"app": "prometheus"}, ("grpc", 10901)),
    service("web", {"app": "web"}, ("http", 9090)),
)


def found(api: FakeApi, name: str = "", namespace: str = "shop") -> list[str]:
    return [one.where for one in Finder(api.api(), name).near(namespace).prometheuses]


def test_they_are_found_by_labels_and_ports_the_services_own_namespace_first() -> None:
    with FakeApi().add(OPERATED, CHART, VIZ, OWN, *NONE) as api:
        assert found(api) == [
            "shop/mine:9091", "linkerd-viz/prometheus:9090", "monitoring/prometheus-operated:9090",
            "monitoring/prometheus-server:80",
        ]  # fmt: skip
        assert all("labelSelector=" in asked and "limit=20" in asked for asked in api.asked if "services" in asked)


def test_they_are_looked_for_once_however_many_services_are_watched() -> None:
    with FakeApi().add(OLD) as api:
        finder = Finder(api.api())
        for namespace in ("shop", "shop", "other"):
            assert [one.where for one in finder.near(namespace).prometheuses] == ["istio-system/prom:9090"]
        assert len([asked for asked in api.asked if "services" in asked]) == 4


def test_who_may_not_look_everywhere_looks_nearby_and_is_told_which_right_is_missing() -> None:
    def here_only(handler: Handler) -> None:
        if handler.place:
            handler.do_list(SERVICES)
        else:
            handler.forbidden()

    with FakeApi().add(OWN, OLD) as api:
        api.failures.append(Failure("list", "services", "", here_only))
        there = Finder(api.api()).near("shop")

    assert [one.where for one in there.prometheuses] == ["shop/mine:9091"]
    (unseen,) = there.unseen
    assert (unseen.what, unseen.why) == ("a Prometheus in the cluster", Why.FORBIDDEN)
    assert str(unseen.right) == "list services"
    assert "--prometheus NAMESPACE/SERVICE" in unseen.detail


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("monitoring/prometheus-server", "monitoring/prometheus-server:80"),
        ("monitoring/prometheus-server:web", "monitoring/prometheus-server:web"),
        ("elsewhere/thanos:10902", "elsewhere/thanos:10902"),
        ("https://me:safe@prom.example/x/", "https://prom.example/x"),
    ],
)
def test_one_that_is_named_is_taken_and_no_other_is_looked_for(name: str, where: str) -> None:
    with FakeApi().add(CHART, OWN) as api:
        assert found(api, name) == [where]
        assert not any("labelSelector" in asked for asked in api.asked)
        assert Finder(api.api(), name).shown.startswith(where.rpartition(":")[0])


def test_one_that_is_named_and_not_there_is_said_to_be_so() -> None:
    with FakeApi() as api:
        there = Finder(api.api(), "monitoring/nope").near("shop")

    assert there.prometheuses == ()
    assert [(unseen.what, unseen.why) for unseen in there.unseen] == [
        ("services nope in namespace monitoring", Why.ABSENT)
    ]


def test_who_may_not_see_the_service_may_ask_it_at_its_usual_port() -> None:
    with FakeApi().forbid("get", "services") as api:
        assert found(api, "monitoring/prometheus") == ["monitoring/prometheus:9090"]


@pytest.mark.parametrize("name", ["http://x:9090", "https://u:p@x/y", "a/b", "a/b:9090", "a/b:web"])
def test_names_that_make_sense(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", ["prometheus", "http://", "http://x:port", "ftp://x", "a/b/c", "a/b:", "/b", "A/b"])
def test_names_that_make_none(name: str) -> None:
    with pytest.raises(InputError, match="names no Prometheus"):
        check(name)
