"""How the image reaches a cluster, read off its context; and whether a cluster is on this machine."""

from __future__ import annotations

import pytest

from lbdemo.cluster.image.delivery import Delivery, choose, looks_local
from lbdemo.errors import InputError
from lbdemo.tools.kubectl import Context


@pytest.mark.parametrize(
    ("context", "how", "target"),
    [
        ("kind-kind", "kind", "kind"),
        ("kind-a-b", "kind", "a-b"),
        ("k3d-x", "k3d", "x"),
        ("minikube", "minikube", "minikube"),
        ("docker-desktop", "shared", ""),
        ("rancher-desktop", "shared", ""),
        ("orbstack", "shared", ""),
        ("colima", "shared", ""),
        ("colima-work", "shared", ""),
    ],
)
def test_known_clusters_have_their_own_way(context: str, how: str, target: str) -> None:
    assert choose(context, "") == Delivery(how, target)


def test_a_minikube_of_any_name_is_known_by_its_profile() -> None:
    assert choose("dev", "", "dev") == Delivery("minikube", "dev")
    assert looks_local(Context("dev", "https://192.168.49.2:8443", profile="dev"))


@pytest.mark.parametrize("context", ["kind-kind", "prod"])
def test_a_registry_wins(context: str) -> None:
    assert choose(context, "localhost:5000") == Delivery("registry", "localhost:5000")


@pytest.mark.parametrize("context", ["prod", "my-kind", "kindly", "minikubes"])
def test_an_unknown_cluster_needs_a_registry(context: str) -> None:
    with pytest.raises(InputError, match="how an image reaches its nodes"):
        choose(context, "")


def test_loaders_name_the_image_and_the_cluster() -> None:
    assert Delivery("kind", "a").loader("i:1") == ["kind", "load", "docker-image", "i:1", "--name", "a"]
    assert Delivery("shared").loader("i:1") == []


@pytest.mark.parametrize(
    ("name", "server", "local"),
    [
        ("any", "https://127.0.0.1:6443", True),
        ("any", "https://localhost:1", True),
        ("any", "https://[::1]:6443", True),
        ("minikube", "https://192.168.49.2:8443", True),
        ("prod", "https://192.168.49.2:8443", False),
        ("kind-x", "https://203.0.113.7:6443", False),
        ("docker-desktop", "https://kubernetes.docker.internal:6443", True),
        ("prod", "https://k8s.example.com", False),
        ("kind-x", "https://k8s.example.com", False),
        ("x", "https://localhost.evil.com", False),
    ],
)
def test_what_looks_local(name: str, server: str, local: bool) -> None:
    assert looks_local(Context(name, server)) is local
