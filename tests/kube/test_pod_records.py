"""What a pod's specification says of its end, of its rights and of its variables."""

from __future__ import annotations

from typing import Any

from lbdemo.kube.records.pods import parse_pod


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


def test_variables_whose_values_stand_elsewhere_are_left_out() -> None:
    env = [{"name": "TARGET", "value": "payments:8080"}, {"name": "TOKEN", "valueFrom": {"secretKeyRef": {}}}]

    assert parse_pod(item(containers=[{"name": "app", "env": env}])).containers[0].env == {"TARGET": "payments:8080"}
