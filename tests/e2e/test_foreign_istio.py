"""An Istio of somebody else is used and never touched; one of ours goes, but not other people's objects."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from e2e.cluster import Cluster, changes_since, eventually, inventory, kubectl, new_since, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def helm(*arguments: str) -> None:
    done = run(["helm", *arguments])
    assert done.code == 0, done.err


def install(name: str, chart: str, *options: str) -> None:
    charts, version = os.environ["LBDEMO_ISTIO_CHARTS"], os.environ["LBDEMO_ISTIO_VERSION"]
    plain = ["--plain-http"] if os.environ.get("LBDEMO_PLAIN_HTTP") else []
    place = ["-n", "istio-system", "--create-namespace", "--wait"]
    helm("upgrade", "--install", name, f"{charts}/{chart}", "--version", version, *plain, *place, *options)


def install_revision(revision: str, tag: str) -> None:
    """istiod under a name, with a tag for it."""
    values = os.environ.get("LBDEMO_ISTIO_VALUES", "")
    named = ["--set", f"revision={revision}", "--set", f"revisionTags={{{tag}}}"]
    install("istio-base", "base")
    install(f"istiod-{revision}", "istiod", *(["-f", values] if values else []), *named)
    eventually(quiet)


def remove_istio(release: str) -> None:
    """Takes away an Istio, and what it leaves in all namespaces."""
    helm("uninstall", release, "istio-base", "-n", "istio-system", "--wait", "--ignore-not-found")
    kubectl("delete", "namespace", "istio-system", "--ignore-not-found")
    kubectl("delete", "customresourcedefinitions", "-l", "app.kubernetes.io/part-of=istio")
    for name in ("istio-ca-root-cert", "istio-ca-crl"):
        kubectl("delete", "configmaps", "-A", "--field-selector", f"metadata.name={name}")


@pytest.fixture
def foreign() -> Iterator[None]:
    """Istio as somebody else installs it."""
    before = inventory()
    values = os.environ.get("LBDEMO_ISTIO_VALUES", "")
    try:
        install("istio-base", "base")
        install("istiod", "istiod", *(["-f", values] if values else []))
        eventually(quiet)
        yield
    finally:
        remove_istio("istiod")
    eventually(lambda: new_since(before) == [], 30)


def the_operator_adds(providers: list[dict[str, Any]]) -> None:
    """Changes the configuration of Istio by hand, and back at the end of the test: with Istio itself."""
    config = json.loads(kubectl("get", "configmap/istio", "-n", "istio-system", "-o", "json"))
    mesh = yaml.safe_load(config["data"]["mesh"])
    mesh["extensionProviders"] = [*mesh.get("extensionProviders", ()), *providers]
    change = {"data": {"mesh": yaml.safe_dump(mesh)}}
    kubectl("patch", "configmap/istio", "-n", "istio-system", "--type=merge", "-p", json.dumps(change))


def quiet() -> bool:
    """Whether istiod has written all that it writes when it starts."""
    if run(["kubectl", "get", "configmap", "istio-ca-root-cert", "-n", "default"]).code:
        return False
    found = inventory()
    time.sleep(2)
    return inventory() == found


def releases() -> list[tuple[str, str]]:
    found = json.loads(run(["helm", "list", "-n", "istio-system", "-o", "json"]).out)
    return [(release["name"], release["revision"]) for release in found]


@pytest.mark.usefixtures("foreign")
def test_a_foreign_istio_is_used_and_stays_as_it_is(cluster: Cluster) -> None:
    as_it_was = releases()
    ours = inventory()

    told = cluster("up", "--istio").err
    assert "CRDs" not in told, "nothing of Istio is installed"
    assert all(pod["sidecar"] for pod in cluster.pods())
    assert cluster("verify", "--json").json["results"][0]["verdict"]["outcome"] == "BALANCED"
    assert "of somebody else" in cluster("status").out

    told = cluster("up", "--istio", "--trace", "--trace-backend", "lbdemo").err
    assert releases() == as_it_was
    assert cluster("trace", "--calls", "5", "--json", expect=1).json["answered"] == 5
    the_operator_adds(yaml.safe_load(told[told.index("  - name: lbdemo-") : told.index("ready: strategy")]))
    assert cluster("trace", "--calls", "30", "--json").json["ok"], "what was printed is what it takes"

    assert "nothing left" in cluster("clean", "--istio").out
    assert releases() == as_it_was
    assert changes_since(ours) == ([], [])


def test_crds_with_other_peoples_objects_are_kept_and_named(cluster: Cluster) -> None:
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "theirs", "namespace": "default"},
        "spec": {"hosts": ["example.com"], "http": [{"route": [{"destination": {"host": "example.com"}}]}]},
    }
    cluster("up", "--istio")
    kubectl("apply", "-f", "-", stdin=json.dumps(rule))
    try:
        told = cluster("clean", "--istio", expect=1).out

        assert "virtualservices.networking.istio.io" in told
        assert "objects of this kind exist" in told
        assert "theirs" in kubectl("get", "virtualservices.networking.istio.io", "-n", "default")
        assert "destinationrules" not in kubectl("get", "customresourcedefinitions", "-o", "name")
    finally:
        kubectl("delete", "virtualservices.networking.istio.io", "theirs", "-n", "default")
        kubectl("delete", "customresourcedefinition", "virtualservices.networking.istio.io")


def test_what_only_looks_like_istios_is_left_alone(cluster: Cluster) -> None:
    cluster("up", "--istio")
    kubectl("-n", "istio-system", "create", "secret", "generic", "istio-ingressgateway-certs", "--from-literal=a=b")
    cluster.kubectl("create", "quota", "default", "--hard=pods=50")
    try:
        told = cluster("clean", "--istio", expect=1).out

        assert f"ResourceQuota {cluster.namespace}/default, which lbdemo did not make" in told
        assert "Secret istio-system/istio-ingressgateway-certs, which lbdemo did not make" in told
        assert "istio-ingressgateway-certs" in kubectl("-n", "istio-system", "get", "secrets")
        assert "default" in cluster.kubectl("get", "quota")
    finally:
        kubectl("delete", "namespace", "istio-system")
