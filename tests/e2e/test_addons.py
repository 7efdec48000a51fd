"""Add-ons on a real mesh, with a small web server in the place of each image: what can be seen where none is pulled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
import yaml
from addon_manifests import IMAGES, LISTENS, folder, objects
from children import processes

from e2e.cluster import Cluster, changes_since, eventually, inventory, kubectl, lbdemo_argv

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("addons")]

DOCKERFILE = 'FROM python:3.13-slim\nCOPY serve.py /serve.py\nENTRYPOINT ["python3", "/serve.py"]\n'
SERVE = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (os.uname().nodename + " " + self.path).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("", int(os.environ["LISTENS"])), Handler).serve_forever()
"""


def image() -> str:
    """A web server that says in which pod it is, pushed to the registry of LBDEMO_REGISTRY."""
    name = f"{os.environ['LBDEMO_REGISTRY']}/somebody/pages:1"
    client = docker.from_env()
    with tempfile.TemporaryDirectory() as place:
        Path(place, "Dockerfile").write_text(DOCKERFILE)
        Path(place, "serve.py").write_text(SERVE)
        client.images.build(path=place, tag=name, rm=True)
    for line in client.api.push(name, stream=True, decode=True):
        assert "error" not in line, line
    return name


@pytest.fixture
def manifests(tmp_path: Path) -> str:
    return folder(tmp_path, dict.fromkeys(IMAGES, image()))


@contextmanager
def opened(cluster: Cluster, name: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command and its address."""
    argv = lbdemo_argv(cluster.namespace, "open", name, "--no-open")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            yield running, running.stdout.readline().strip()
        finally:
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=30) == 130
            assert forwards(running) == []


def forwards(running: subprocess.Popen[str]) -> list[int]:
    return [
        int(pid) for pid, parent, *_, words in processes() if parent == str(running.pid) and "port-forward" in words
    ]


def read(url: str) -> str:
    """What is answered; "" for nothing."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def shown(cluster: Cluster, name: str) -> str:
    """The pod and the path that answer for an add-on."""
    with opened(cluster, name) as (_, url):
        return read(url)


def generations(cluster: Cluster) -> dict[str, int]:
    listed = json.loads(cluster.kubectl("get", "deployments", "-o", "json"))["items"]
    return {one["metadata"]["name"]: one["metadata"]["generation"] for one in listed}


def test_they_come_are_looked_at_and_go_again(cluster: Cluster, manifests: str) -> None:
    before = inventory()
    up = ("up", "--istio", "--addons", "--addons-from", manifests)
    cluster(*up)
    left = generations(cluster)

    assert "nothing to change" in cluster(*up).err
    assert generations(cluster) == left
    paths = {name: shown(cluster, name).partition(" ")[2] for name in LISTENS}
    assert paths == {"kiali": "/kiali", "jaeger": "/jaeger", "grafana": "/", "prometheus": "/"}

    with opened(cluster, "kiali") as (running, url):
        [forward] = forwards(running)
        pod = read(url)
        os.kill(forward, signal.SIGKILL)
        eventually(lambda: read(url) == pod)
        assert forwards(running) not in ([], [forward])
        cluster.kubectl("delete", "pod", pod.split()[0], "--wait=false")
        eventually(lambda: read(url) not in ("", pod))

    assert cluster("verify", "--json").json["results"][0]["verdict"]["outcome"] == "BALANCED"
    cluster.kubectl("scale", "deployment/grafana", "--replicas", "0")
    cluster(*up)
    assert shown(cluster, "grafana").startswith("grafana-")
    assert "nothing to change" in cluster("up", "--istio").err

    assert "nothing left" in cluster("clean", "--istio").out
    assert changes_since(before) == ([], [])


@contextmanager
def somebodys_kiali() -> Iterator[Callable[[], str]]:
    """Somebody's Kiali in Istio's namespace, with its roles; gives what tells in which state all of it is."""
    given = objects("kiali", dict.fromkeys(IMAGES, image()))
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(given))
    kubectl("-n", "istio-system", "rollout", "status", "deployment/kiali", "--timeout=60s")
    named = ("get", "deployment/kiali", "service/kiali", "clusterrole/kiali", "clusterrolebinding/kiali")
    try:
        yield lambda: kubectl(
            "-n", "istio-system", *named, "-o", "jsonpath={.items[*].metadata.resourceVersion}{.items[*].metadata.uid}"
        )
    finally:
        kubectl("delete", "clusterrole,clusterrolebinding", "kiali")
        kubectl("-n", "istio-system", "delete", "deployment,service,configmap,serviceaccount", "kiali")


def test_somebodys_kiali_is_used_and_stays_as_it_is(cluster: Cluster, manifests: str) -> None:
    cluster("up", "--istio")
    with somebodys_kiali() as state:
        before = state()

        said = cluster("up", "--istio", "--addons", "--addons-from", manifests).err

        assert "kiali in namespace istio-system is somebody else's: it is used" in said
        assert sorted(generations(cluster)) == ["echo-client", "echo-server", "grafana", "jaeger", "prometheus"]
        assert shown(cluster, "kiali").endswith(" /kiali")
        assert "nothing left" in cluster("clean").out
        assert state() == before
        refused = cluster("open", "jaeger", expect=2).err
        assert "there is no jaeger in" in refused
        assert "lbdemo up --istio --addons" in refused
    assert "nothing left" in cluster("clean", "--istio").out


def test_an_adopted_namespace_stays_and_nothing_of_theirs_in_it(cluster: Cluster, manifests: str) -> None:
    before = inventory()
    kubectl("create", "namespace", cluster.namespace)
    adopted = inventory()
    cluster("up", "--adopt", "--istio", "--addons", "--addons-from", manifests)

    assert f"/kiali-{cluster.namespace}" in kubectl("get", "clusterroles", "-o", "name")
    assert "nothing left" in cluster("clean", "--istio").out
    assert changes_since(adopted) == ([], [])
    kubectl("delete", "namespace", cluster.namespace)
    assert changes_since(before) == ([], [])


def test_where_no_image_can_be_pulled_the_demo_is_there_and_the_sentence_helps(
    cluster: Cluster, tmp_path: Path
) -> None:
    up = ("up", "--istio", "--addons", "--addons-from", folder(tmp_path))

    said = cluster(*up, expect=6).err

    assert "ready: strategy istio, 2 servers" in said
    for name, pulled in IMAGES.items():
        assert f"  {name}: pod {name}-" in said
        assert pulled in said
    assert "can the cluster's nodes reach the registries of these images?" in said
    assert "container kiali: " in cluster("open", "kiali", expect=6).err
    assert cluster("verify", "--json").json["results"][0]["verdict"]["outcome"] == "BALANCED"
    again = cluster(*up, expect=6)
    assert "release lbdemo-addons" not in again.err
    assert "nothing to change" in cluster("up", "--istio").err
    assert "nothing left" in cluster("clean", "--istio").out
