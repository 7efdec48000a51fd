"""What a pod's specification says of its end, of its rights and of its variables."""

from __future__ import annotations

from typing import Any

import pytest

from lbdemo.kube.records.pods import Probe, parse_pod


def item(**spec: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "cart", "namespace": "shop"}, "spec": spec}


def test_how_it_ends_and_as_whom_it_asks() -> None:
    hook = {"preStop": {"sleep": {"seconds": 5}}}

    pod = parse_pod(item(
        serviceAccountName="till", terminationGracePeriodSeconds=60,
        containers=[{"name": "app", "lifecycle": hook}, {"name": "log"}],
    ))  # fmt: skip

    assert (pod.service_account, pod.grace) == ("till", 60)
    assert [container.pre_stop for container in pod.containers] == [True, False]


def test_what_is_not_said_is_as_kubernetes_takes_it() -> None:
    pod = parse_pod(item(containers=[{"name": "app", "lifecycle": {"postStart": {}}}]))

    assert (pod.service_account, pod.grace) == ("", 30)
    assert not pod.containers[0].pre_stop


@pytest.mark.parametrize(
    ("told", "probe"),
    [({"tcpSocket": {"port": 9090}, "periodSeconds": 2}, Probe("tcpSocket", 9090)),
     ({"grpc": {"port": 9090}}, Probe("grpc", 9090)), ({"httpGet": {"port": 80, "path": "/"}}, Probe("httpGet", 80)),
     ({"tcpSocket": {"port": "grpc"}}, None), ({"exec": {"command": ["true"]}}, None), (None, None)],
)  # fmt: skip
def test_where_its_readiness_is_asked_for(told: dict[str, Any] | None, probe: Probe | None) -> None:
    container = {"name": "app"} | ({} if told is None else {"readinessProbe": told})

    assert parse_pod(item(containers=[container])).containers[0].readiness == probe


def test_variables_whose_values_stand_elsewhere_are_left_out() -> None:
    env = [{"name": "TARGET", "value": "payments:8080"}, {"name": "TOKEN", "valueFrom": {"secretKeyRef": {}}}]

    assert parse_pod(item(containers=[{"name": "app", "env": env}])).containers[0].env == {"TARGET": "payments:8080"}


def test_which_config_maps_it_has_as_files_and_what_it_runs() -> None:
    volumes = [{"name": "a", "configMap": {"name": "edge"}}, {"name": "b", "emptyDir": {}}, {"name": "c", "projected": {
        "sources": [{"configMap": {"name": "roots"}}, {"serviceAccountToken": {}}]}}]  # fmt: skip

    pod = parse_pod(item(containers=[{"name": "app", "command": ["envoy", "-c"]}, {"name": "log"}], volumes=volumes))

    assert pod.config_maps == ("edge", "roots")
    assert [container.command for container in pod.containers] == [("envoy", "-c"), ()]
