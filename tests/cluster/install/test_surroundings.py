"""What is read off a cluster before anything is wanted of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_api import FakeApi
from worlds import CONFIG, desired, istiod

from lbdemo.cluster.install.strategies.base import Cluster, Istiod
from lbdemo.cluster.install.surroundings import architectures, node_architecture, read_surroundings
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.kube.records.meta import Meta


def node(name: str, architecture: str, system: str = "linux") -> Meta:
    return Meta("Node", "", name, {"kubernetes.io/arch": architecture, "kubernetes.io/os": system})


def document(meta: Meta) -> dict[str, object]:
    return {"kind": "Node", "metadata": {"name": meta.name, "labels": dict(meta.labels)}}


def test_most_nodes_say_which_image_is_wanted() -> None:
    nodes = [node("a", "arm64"), node("b", "amd64"), node("c", "amd64"), node("w", "arm64", "windows"),
             node("x", "arm64", "windows")]  # fmt: skip

    assert architectures(nodes) == ("amd64", "arm64")
    assert architectures([]) == ()


def test_a_plain_cluster_is_read() -> None:
    with FakeApi().add(document(node("a", "arm64"))) as server:
        api = server.api()
        found = read_surroundings(api, CONFIG, Istio())

        assert found == Cluster(Istiod(), architecture="arm64")
        assert node_architecture(api) == "arm64"


def test_who_may_not_see_nodes_gets_the_image_of_their_own_machine() -> None:
    with FakeApi().forbid("list", "nodes") as server:
        assert read_surroundings(server.api(), CONFIG, Istio()).architecture == ""


@pytest.mark.parametrize(
    ("args", "told", "domain"),
    [
        (("discovery", "--domain", "corp.example", "--x"), "", "corp.example"),
        (("discovery", "--domain=corp.example"), "", "corp.example"),
        (("discovery", "--domain", "corp.example"), "other.example", "other.example"),
        (("discovery",), "", ""),
    ],
)
def test_the_domain_is_as_istiod_was_told_it_or_as_we_are(args: tuple[str, ...], told: str, domain: str) -> None:
    daemon = replace(istiod().daemons[0], args=args)

    with FakeApi() as server:
        found = read_surroundings(server.api(), replace(CONFIG, cluster_domain=told), Istio(daemons=(daemon,)))

    assert found.domain == domain


def test_where_the_cluster_chooses_users_our_pods_name_none() -> None:
    wanted = desired(CONFIG, Cluster(chooses_users=True))

    assert all(release.values["pod"]["runAsUser"] == 0 for release in wanted.releases)
    assert all("pod" not in release.values for release in desired(CONFIG).releases)


def test_among_machines_of_several_kinds_pods_keep_to_those_that_the_image_is_for() -> None:
    mixed = Cluster(architecture="amd64", mixed=True)
    built = replace(CONFIG, image="", registry="localhost:5000")

    values = {release.name: release.values for release in desired(built, mixed).releases}

    assert values[labels.SERVER]["pod"]["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
    assert "pod" not in desired(CONFIG, mixed).releases[0].values, "a ready image may be for all of them"
