"""Small manifests of the add-ons, of the shape of an Istio release's: the same names and ports, and little else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lbdemo.config import ISTIO_NAMESPACE

IMAGES = {name: f"docker.io/somebody/{name}:1" for name in ("kiali", "jaeger", "grafana", "prometheus")}
LISTENS = {"kiali": 20001, "jaeger": 16686, "grafana": 3000, "prometheus": 9090}
SERVICES = {
    "kiali": {"kiali": [20001, 9090]},
    "jaeger": {"tracing": [80, 16685], "jaeger-collector": [14268, 4317]},
    "grafana": {"grafana": [3000]},
    "prometheus": {"prometheus": [9090]},
}
TARGETS = {80: 16686}
KIALI = {
    "deployment": {"namespace": ISTIO_NAMESPACE, "image_version": "v2"},
    "external_services": {"prometheus": {"enabled": True}, "tracing": {"enabled": False}},
    "logger": {"time_field_format": "2006-01-02"},
}
GRAFANA = {
    "datasources": [
        {"type": "prometheus", "url": "http://prometheus:9090", "name": "Prometheus"},
        {"type": "loki", "url": "http://loki:3100"},
    ]
}
DATA: Mapping[str, Mapping[str, str]] = {
    "kiali": {"config.yaml": yaml.safe_dump(KIALI)},
    "jaeger": {"config.yaml": "receivers: {otlp: {protocols: {grpc: {endpoint: '0.0.0.0:4317'}}}}"},
    "grafana": {
        "datasources.yaml": yaml.safe_dump(GRAFANA),
        "pod.json": '{"legendFormat": "{{ pod }} \U0001f7e2", "expr": "sum by (pod) (up)"}',
    },
    "prometheus": {"prometheus.yml": "scrape_configs: [{job_name: prometheus}]"},
}
ROLES = ("kiali", "prometheus")  # those that read the whole cluster


def manifest(name: str, images: Mapping[str, str] = IMAGES) -> str:
    """One add-on's file."""
    return "---\n".join(yaml.safe_dump(one) for one in objects(name, images))


def folder(path: Path, images: Mapping[str, str] = IMAGES) -> str:
    """All of them in a folder."""
    for name in LISTENS:
        (path / f"{name}.yaml").write_text(f"# Of a release\n---\n{manifest(name, images)}---\n", encoding="utf-8")
    return str(path)


def objects(name: str, images: Mapping[str, str] = IMAGES) -> list[dict[str, Any]]:
    """One add-on's objects."""
    marks = {"app": name, "app.kubernetes.io/part-of": name}
    found = [
        _object("v1", "ServiceAccount", name, marks),
        {**_object("v1", "ConfigMap", name, marks), "data": dict(DATA[name])},
        *(_service(name, service, ports, marks) for service, ports in SERVICES[name].items()),
        _deployment(name, images[name], marks),
    ]
    return found + (_roles(name, marks) if name in ROLES else [])


def _object(version: str, kind: str, name: str, marks: Mapping[str, str]) -> dict[str, Any]:
    meta = {"name": name, "namespace": ISTIO_NAMESPACE, "labels": dict(marks)}
    return {"apiVersion": version, "kind": kind, "metadata": meta}


def _service(app: str, name: str, ports: list[int], marks: Mapping[str, str]) -> dict[str, Any]:
    listed = [{"name": f"tcp-{port}", "port": port, "targetPort": TARGETS.get(port, port)} for port in ports]
    return {**_object("v1", "Service", name, marks), "spec": {"ports": listed, "selector": {"app": app}}}


def _deployment(name: str, image: str, marks: Mapping[str, str]) -> dict[str, Any]:
    container = {
        "name": name, "image": image,
        "env": [{"name": "LISTENS", "value": str(LISTENS[name])}],
        "readinessProbe": {"httpGet": {"path": "/", "port": LISTENS[name]}, "periodSeconds": 1},
        "volumeMounts": [{"name": "told", "mountPath": "/told"}],
    }  # fmt: skip
    spec = {
        "serviceAccountName": name, "containers": [container], "terminationGracePeriodSeconds": 1,
        "volumes": [{"name": "told", "configMap": {"name": name}}],
    }  # fmt: skip
    template = {"metadata": {"labels": dict(marks)}, "spec": spec}
    return {
        **_object("apps/v1", "Deployment", name, marks),
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def _roles(name: str, marks: Mapping[str, str]) -> list[dict[str, Any]]:
    group = "rbac.authorization.k8s.io"
    meta = {"name": name, "labels": dict(marks)}
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": ISTIO_NAMESPACE}]
    role = {"apiGroup": group, "kind": "ClusterRole", "name": name}
    return [
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": meta, "rules": rules},
        {"apiVersion": f"{group}/v1", "kind": "ClusterRoleBinding", "metadata": meta, "roleRef": role,
         "subjects": subjects},
    ]  # fmt: skip
