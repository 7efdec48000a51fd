"""A Prometheus in a namespace of somebody's, which reads pods there: Debian's program in an image."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import docker
import yaml

from e2e.foreign import METRICS, Shop

DOCKERFILE = "FROM debian:trixie-slim\nCOPY prometheus /usr/local/bin/prometheus\n"
NAME = "prometheus"
PROGRAM = shutil.which(NAME)


def image() -> str:
    """The image, pushed to the registry of LBDEMO_REGISTRY."""
    assert PROGRAM is not None
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    version = (said.stdout + said.stderr).split()[2].replace("+", "-")
    repository = f"{os.environ['LBDEMO_REGISTRY']}/somebody/{NAME}"
    client = docker.from_env()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text(DOCKERFILE)
        shutil.copy(PROGRAM, folder)
        client.images.build(path=folder, tag=f"{repository}:{version}", rm=True)
    for line in client.api.push(repository, version, stream=True, decode=True):
        assert "error" not in line, line
    return f"{repository}:{version}"


def config(shop: Shop, app: str, interval: str) -> dict[str, Any]:
    """Reads the pods of an app that are there now, by name: Debian's program cannot ask the API server for them."""
    pods = json.loads(shop.kubectl("get", "pods", "-l", f"app={app}", "-o", "json"))["items"]
    read = [
        {"targets": [f"{pod['status']['podIP']}:{METRICS}"],
         "labels": {"namespace": shop.namespace, "pod": pod["metadata"]["name"]}}
        for pod in pods
    ]  # fmt: skip
    job = {"job_name": "kubernetes-pods", "static_configs": read}
    return {"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": [job]}


def install(shop: Shop, app: str, interval: str = "1s") -> None:
    """Runs it in the shop's namespace until it is ready; its Service has the label that charts give."""
    meta = {"name": NAME, "labels": {"app.kubernetes.io/name": NAME}}
    container = {
        "name": NAME, "image": image(), "volumeMounts": [{"name": "config", "mountPath": "/etc/prometheus"}],
        "args": ["prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/tmp/data"],
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": 9090}, "periodSeconds": 1},
    }  # fmt: skip
    pod = {"containers": [container], "terminationGracePeriodSeconds": 1,
           "volumes": [{"name": "config", "configMap": {"name": NAME}}]}  # fmt: skip
    shop.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta,
         "data": {"prometheus.yml": yaml.safe_dump(config(shop, app, interval))}},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta,
         "spec": {"selector": {"app": NAME}, "ports": [{"name": "web", "port": 9090}]}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
         "spec": {"selector": {"matchLabels": {"app": NAME}},
                  "template": {"metadata": {"labels": {"app": NAME}}, "spec": pod}}},
    )  # fmt: skip
