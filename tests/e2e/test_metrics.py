"""A real Prometheus reads the pods: its rules tell the shares that verify counts, and its alert uneven ones."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_prometheus import PROGRAM

from e2e.cluster import Cluster, eventually, kubectl, lbdemo_argv, run
from lbdemo.rules.dashboard import dashboard
from lbdemo.rules.origins import Service
from lbdemo.rules.recording import ALERT, SHARE

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(PROGRAM is None, reason="no prometheus on PATH")]

PORT = 9464


def pods(cluster: Cluster) -> dict[str, str]:
    """The servers' addresses by name."""
    said = kubectl("get", "pods", "-n", cluster.namespace, "-l", "app.kubernetes.io/component=server", "-o", "json")
    return {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in json.loads(said)["items"]}


@contextlib.contextmanager
def prometheus(folder: Path, cluster: Cluster) -> Iterator[str]:
    """Reads the servers with the labels that an operator gives, by the rules that lbdemo prints; yields its URL."""
    rules = cluster("rules", "--service", "echo-server", "--window", "1m", "--alert-after", "5s").out
    (folder / "rules.yaml").write_text(rules)
    targets = [
        {"targets": [f"{address}:{PORT}"], "labels": {"namespace": cluster.namespace, "pod": name}}
        for name, address in pods(cluster).items()
    ]
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"], "scrape_configs": [{"job_name": "pods", "static_configs": targets}],
    }  # fmt: skip
    (folder / "prometheus.yml").write_text(json.dumps(config))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{one.getsockname()[1]}"
    argv = [str(PROGRAM), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}", "--log.level=error"]  # fmt: skip
    with subprocess.Popen(argv) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


def asked(url: str, expression: str) -> list[dict[str, Any]]:
    """What an instant query gives; nothing while Prometheus is not there yet."""
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}") as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    except OSError:
        return []
    return found


def shares(url: str) -> dict[str, float]:
    return {each["metric"]["pod"]: float(each["value"][1]) for each in asked(url, SHARE)}


def fires(url: str) -> bool:
    return bool(asked(url, f'ALERTS{{alertname="{ALERT}", alertstate="firing"}}'))


def counted(cluster: Cluster) -> dict[str, float]:
    """The shares that verify counted, of all servers that there are.

    Beside other tests the client's calls may be late, and not taken in an exact turn: what is promised of that is no
    matter here.
    """
    done = run(lbdemo_argv(cluster.namespace, "verify", "--json"))
    assert done.code in (0, 1, 7), done.err
    [result] = done.json["results"]
    assert result["summary"]["failed"] == 0
    found = {server["server"]: server["share"] for server in result["summary"]["servers"]}
    return {name: found.get(name, 0.0) for name in pods(cluster)}


@pytest.fixture
def without_istio(cluster: Cluster) -> Iterator[None]:
    """Istio goes when the test does; where others use it, it stays."""
    yield
    run(lbdemo_argv(cluster.namespace, "clean", "--istio"))


@pytest.mark.usefixtures("without_istio")
@pytest.mark.parametrize(("strategy", "uneven"), [("clusterip", True), ("istio", False)])
def test_prometheus_tells_what_verify_counted(cluster: Cluster, tmp_path: Path, strategy: str, *, uneven: bool) -> None:
    """Of a pod with a sidecar, too: who asks for the port itself goes past it."""
    cluster("up", "--strategy", strategy, "--metrics", "--set", "client.rate=100")
    with prometheus(tmp_path, cluster) as url:
        eventually(lambda: max(shares(url).values(), default=0.0) > 0)
        time.sleep(20)  # the alert wants some hundred calls, and five seconds
        told = shares(url)
        assert fires(url) == uneven

        shown = dashboard(Service("echo-server", cluster.namespace, ""))["panels"]
        for expression in (target["expr"] for panel in shown for target in panel["targets"]):
            here = expression.replace("$namespace", cluster.namespace).replace("$service", "echo-server")
            assert asked(url, here), here

    assert set(told) == set(pods(cluster))
    assert sorted(told.values()) == pytest.approx(sorted(counted(cluster).values()), abs=0.05)
