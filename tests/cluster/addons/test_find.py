"""An add-on is found by its Service, in the namespace that is named or where others have them."""

from __future__ import annotations

from typing import Any

import pytest
from fake_api import FakeApi

from lbdemo.cluster.addons.catalogue import ADDONS
from lbdemo.cluster.addons.find import Found, check_ready, find, newest
from lbdemo.errors import InputError, NotReadyError
from lbdemo.kube.answers import UnseenError

KIALI, JAEGER, GRAFANA, PROMETHEUS = (ADDONS[name] for name in ("kiali", "jaeger", "grafana", "prometheus"))


def service(name: str, namespace: str, *ports: tuple[int, int | str], selector: bool = True) -> dict[str, Any]:
    listed = [{"port": port, "targetPort": target} for port, target in ports]
    spec = {"ports": listed, "selector": {"app": name} if selector else None}
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def pod(name: str, app: str, namespace: str, *, ready: bool = True, born: int = 1, **container: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": namespace, "labels": {"app": app},
            "creationTimestamp": f"2026-01-02T03:04:0{born}Z"}  # fmt: skip
    state = {"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}
    status = {
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": [] if ready else [{"name": app, "state": state}],
    }
    return {"kind": "Pod", "metadata": meta, "spec": {"containers": [{"name": app, **container}]}, "status": status}


def found(api: FakeApi, name: str = "kiali", namespace: str = "lbdemo") -> Found:
    with api:
        return find(api.api(), ADDONS[name], namespace)


def test_the_namespace_that_is_named_goes_before_the_usual_ones() -> None:
    api = FakeApi().add(service("kiali", "istio-system"), service("kiali", "shop"))

    assert found(api, namespace="shop").namespace == "shop"
    assert found(FakeApi().add(service("kiali", "istio-system")), namespace="shop").namespace == "istio-system"


def test_one_of_another_chart_is_found_by_that_charts_name() -> None:
    there = found(FakeApi().add(service("kube-prometheus-stack-grafana", "monitoring", (80, 3000))), "grafana")

    assert (there.namespace, there.path) == ("monitoring", "/")


def test_jaegers_pages_have_a_prefix_where_istio_says_so_and_nowhere_else() -> None:
    assert found(FakeApi().add(service("tracing", "istio-system")), "jaeger").path == "/jaeger"
    assert found(FakeApi().add(service("jaeger-query", "observability")), "jaeger").path == "/"


def test_a_service_without_pods_of_its_own_is_none() -> None:
    with pytest.raises(InputError, match="there is no kiali in lbdemo, istio-system") as missing:
        found(FakeApi().add(service("kiali", "istio-system", selector=False)))

    assert "lbdemo up --istio --addons" in missing.value.hint


def test_where_one_could_be_out_of_sight_the_right_is_named() -> None:
    with pytest.raises(UnseenError) as refused:
        found(FakeApi().forbid("list", "services", "monitoring"))

    assert "-n monitoring" in refused.value.hint


@pytest.mark.parametrize(
    ("ports", "container", "expected"),
    [
        (((80, 16686), (16685, 16685)), {}, 16686),
        (((16685, "grpc"), (80, "query")), {"ports": [{"containerPort": 16686, "name": "query"}]}, 16686),
        (((8080, 7070),), {}, 7070),
        (((8080, "gone"),), {}, 8080),
        ((), {}, 16686),
    ],
)
def test_of_its_ports_the_one_that_shows_its_pages(
    ports: tuple[tuple[int, int | str], ...], container: dict[str, Any], expected: int
) -> None:
    api = FakeApi().add(service("tracing", "istio-system", *ports), pod("a", "tracing", "istio-system", **container))
    with api:
        there = find(api.api(), JAEGER, "lbdemo")
        ready = newest(api.api(), there)

    assert ready is not None
    assert there.port(ready) == expected


def test_the_youngest_ready_pod_is_the_one() -> None:
    pods = (pod("old", "kiali", "shop"), pod("new", "kiali", "shop", born=3),
            pod("late", "kiali", "shop", born=5, ready=False), pod("else", "other", "shop", born=7))  # fmt: skip
    with FakeApi().add(service("kiali", "shop"), *pods) as api:
        there = find(api.api(), KIALI, "shop")
        check_ready(api.api(), there)
        ready = newest(api.api(), there)

    assert ready is not None
    assert ready.name == "new"


@pytest.mark.parametrize(
    ("pods", "why"),
    [
        ([pod("late", "kiali", "shop", ready=False)], "container kiali: ImagePullBackOff: no such host"),
        ([], "it has no pod"),
    ],
)
def test_without_a_ready_pod_it_says_why(pods: list[dict[str, Any]], why: str) -> None:
    with FakeApi().add(service("kiali", "shop"), *pods) as api:
        there = find(api.api(), KIALI, "shop")
        with pytest.raises(NotReadyError, match=why) as late:
            check_ready(api.api(), there)

    assert "kubectl -n shop get pods -l app=kiali" in late.value.hint
