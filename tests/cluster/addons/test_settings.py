"""What Kiali and Grafana are told of the others."""

from __future__ import annotations

from typing import Any

import yaml
from addon_manifests import DATA

from lbdemo.cluster.addons.catalogue import Addresses, otlp
from lbdemo.cluster.addons.settings import grafana, kiali

PLACES = {"kiali": "shop", "jaeger": "shop", "grafana": "shop", "prometheus": "istio-system"}


def of_kiali(text: str = DATA["kiali"]["config.yaml"]) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(kiali(text, "shop", "mesh", Addresses(PLACES)))
    return told


def test_tracing_is_switched_on_and_asked_by_grpc_where_jaeger_is() -> None:
    tracing = of_kiali()["external_services"]["tracing"]

    assert (tracing["enabled"], tracing["use_grpc"]) == (True, True)
    assert tracing["internal_url"] == tracing["in_cluster_url"] == "http://tracing.shop:16685/jaeger"


def test_metrics_are_asked_of_somebody_elses_prometheus_where_that_is_used() -> None:
    services = of_kiali()["external_services"]

    assert services["prometheus"] == {"enabled": True, "url": "http://prometheus.istio-system:9090"}
    assert services["grafana"]["internal_url"] == "http://grafana.shop:3000"


def test_kiali_knows_its_own_namespace_and_istios() -> None:
    told = of_kiali()

    assert told["deployment"] == {"namespace": "shop", "image_version": "v2"}
    assert told["external_services"]["istio"]["root_namespace"] == "mesh"


def test_what_looks_like_a_time_stays_a_text() -> None:
    told = of_kiali("time_field_format: 2006-01-02\n")

    assert told["time_field_format"] == "2006-01-02"


def test_grafana_asks_prometheus_where_it_is_and_the_rest_as_before() -> None:
    sources = yaml.safe_load(grafana(DATA["grafana"]["datasources.yaml"], Addresses(PLACES)))["datasources"]

    assert [source["url"] for source in sources] == ["http://prometheus.istio-system:9090", "http://loki:3100"]
    assert sources[0]["name"] == "Prometheus"


def test_spans_are_sent_to_jaegers_collector() -> None:
    assert str(otlp("shop")) == "jaeger-collector.shop:4317"
    assert Addresses(PLACES).otlp == otlp("shop")
