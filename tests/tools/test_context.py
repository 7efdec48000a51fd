"""The kubeconfig's context, as kubectl tells it."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import FakeRun

from lbdemo.tools.kubectl import Context, Kubectl

MINIKUBE = {"name": "cluster_info", "extension": {"provider": "minikube.sigs.k8s.io", "version": "v1.37.0"}}


def view(*extensions: dict[str, Any]) -> dict[str, Any]:
    cluster = {"server": "https://192.168.49.2:8443", **({"extensions": list(extensions)} if extensions else {})}
    return {"current-context": "work", "clusters": [{"name": "dev", "cluster": cluster}], "users": None}


@pytest.mark.parametrize(
    ("extensions", "profile"),
    [((), ""), ((MINIKUBE,), "dev"), (({"name": "other", "extension": {"provider": "example.com"}}, MINIKUBE), "dev"),
     (({"name": "other", "extension": None},), "")],
)  # fmt: skip
def test_a_minikube_is_known_by_what_it_leaves_in_the_kubeconfig(
    extensions: tuple[dict[str, Any], ...], profile: str
) -> None:
    with FakeRun().on("kubectl config view --minify -o json", answer=view(*extensions)) as run:
        found = Kubectl(run).current()

    assert found == Context("work", "https://192.168.49.2:8443", profile=profile)
