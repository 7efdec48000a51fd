"""Each call seen whole on the real cluster, by our own collector; and what `trace` says when something is amiss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.cluster import Cluster, Done, kubectl, lbdemo_argv, run

pytestmark = pytest.mark.e2e

CALLS = 30
UP = ("--trace", "--trace-backend", "lbdemo")
MESHED = ["caller", "client", "client's sidecar", "server's sidecar", "server"]
PROXIED = ["caller", "client", "Envoy", "server"]
DIRECT = ["caller", "client", "server"]


def traced(cluster: Cluster, code: int = 0) -> dict[str, Any]:
    """What `trace` found of so many calls."""
    found: dict[str, Any] = cluster("trace", "--calls", str(CALLS), "--json", expect=code).json
    assert found["answered"] == CALLS, "whatever becomes of spans, calls go on"
    return found


def faults(found: dict[str, Any]) -> list[str]:
    return [fault["what"] for fault in found["traces"]["faults"]]


@pytest.mark.parametrize(("strategy", "path"), [("headless", DIRECT), ("envoy", PROXIED)])
def test_without_a_mesh_every_call_is_seen_whole(cluster: Cluster, strategy: str, path: list[str]) -> None:
    cluster("up", "--strategy", strategy, *UP)

    found = traced(cluster)

    assert (found["ok"], found["traces"]["whole"], found["traces"]["path"]) == (True, CALLS, path)
    if strategy == "envoy":
        parts = [edge["calls"] for edge in found["traces"]["graph"]["edges"] if edge["calls"] < CALLS]
        assert len(parts) == 2
        assert min(parts) >= CALLS // 3, "each request has its turn; another client's come between"


@pytest.fixture(scope="module")
def mesh() -> Iterator[Cluster]:
    cluster = Cluster("lbdemo-traced")
    cluster("up", "--istio", *UP)
    yield cluster
    run(lbdemo_argv(cluster.namespace, "clean", "--istio"))  # where others use it, Istio stays


class TestMesh:
    """One installation, into which one fault after another is put."""

    def up(self, mesh: Cluster) -> Done:
        return mesh("up", "--istio", *UP)

    def until(self, mesh: Cluster, *, ok: bool) -> dict[str, Any]:
        """What `trace` finds once istiod has told the sidecars, which takes it a second or two."""
        for _ in range(5):
            argv = lbdemo_argv(mesh.namespace, "trace", "--calls", str(CALLS), "--json")
            found: dict[str, Any] = run(argv).json
            if found["ok"] is ok:
                return found
        raise AssertionError(found["traces"]["faults"])

    def test_every_call_has_five_spans_and_all_name_the_same_pod(self, mesh: Cluster) -> None:
        found = traced(mesh)

        assert (found["ok"], found["traces"]["whole"], found["traces"]["path"]) == (True, CALLS, MESHED)
        assert faults(found) == [], "no stray traces either"
        assert found["spans"] == {"made": found["spans"]["made"], "lost": 0, "why": ""}

    def test_without_sampling_the_answer_is_no_until_up_puts_it_right(self, mesh: Cluster) -> None:
        change = {"spec": {"tracing": [{"randomSamplingPercentage": 0}]}}
        kubectl("patch", "telemetry/echo-server", "-n", mesh.namespace, "--type=merge", "-p", json.dumps(change))
        found = self.until(mesh, ok=False)

        assert found["traces"]["whole"] == 0
        assert any("client's sidecar" in fault for fault in faults(found))
        self.up(mesh)
        assert self.until(mesh, ok=True)

    def test_a_missing_sidecar_is_named(self, mesh: Cluster) -> None:
        """The client's: calls to servers that insist on mutual TLS would not even arrive, so theirs stay lenient."""
        mode = {"spec": {"mtls": {"mode": "PERMISSIVE"}}}
        kubectl("patch", "peerauthentication/echo-server", "-n", mesh.namespace, "--type=merge", "-p", json.dumps(mode))
        label = {"spec": {"template": {"metadata": {"labels": {"sidecar.istio.io/inject": "false"}}}}}
        kubectl("patch", "deployment/echo-client", "-n", mesh.namespace, "-p", json.dumps(label))
        kubectl("rollout", "status", "deployment/echo-client", "-n", mesh.namespace, "--timeout=60s")

        found = traced(mesh, code=1)

        assert found["traces"]["whole"] == 0
        assert faults(found) == ["no span of client's sidecar"]
        self.up(mesh)
        assert self.until(mesh, ok=True)

    def test_a_backend_that_is_gone_stops_no_call(self, mesh: Cluster) -> None:
        kubectl("scale", "deployment/echo-server-traces", "-n", mesh.namespace, "--replicas=0")
        kubectl("wait", "pod", "-n", mesh.namespace, "-l", "app.kubernetes.io/name=traces", "--for=delete")

        found = traced(mesh, code=1)

        assert "cannot be asked" in found["away"]
        assert found["spans"]["lost"] > 0
        self.up(mesh)
        assert self.until(mesh, ok=True)

    def test_what_is_already_there_is_left_alone(self, mesh: Cluster) -> None:
        providers = kubectl("get", "configmap/istio", "-n", "istio-system", "-o", "jsonpath={.data.mesh}")

        assert "nothing to change" in self.up(mesh).err
        assert f"lbdemo-{mesh.namespace}" in providers
        assert "name: otel\n" in providers, "what Istio's chart has is there, too"

    def test_a_proxyless_client_is_traced_too(self, mesh: Cluster) -> None:
        mesh("up", "--strategy", "xds", *UP)

        found = traced(mesh)

        assert (found["ok"], found["traces"]["path"]) == (True, DIRECT)
