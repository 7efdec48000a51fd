"""The page behind a gateway of Istio's that is there already: what it takes, as a release of its own.

The gateway itself is never changed: it reads these objects, and forgets them when they go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.install.page import NAME, PORT
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.releases import InstallRelease, of_objects
from lbdemo.kube.answers import Right

Document = dict[str, Any]
API = "networking.istio.io"
# Of what is taken away again, too: Helm looks at what it holds, and deletes it.
VERBS = ("get", "create", "patch", "delete")
KINDS = (("services", ""), ("gateways", API), ("virtualservices", API))


@dataclass(frozen=True, slots=True)
class Entry:
    """Where calls come in: the labels of the gateway's pods, and the port of its Service that takes HTTP."""

    selector: Mapping[str, str]
    port: int


def host(namespace: str) -> str:
    """The name by which the gateway knows the page's calls: one that no DNS has, so that no link leads there."""
    return f"lbdemo.{namespace}.invalid"


def rights(namespace: str) -> tuple[Right, ...]:
    """What it takes to install this release, and to take it away."""
    kept = (Right(verb, "secrets", "", namespace) for verb in ("list", "create", "update", "delete"))
    return (*kept, *(Right(verb, what, group, namespace) for what, group in KINDS for verb in VERBS))


def release(namespace: str, entry: Entry, timeout: float) -> InstallRelease:
    """The step that installs it. Pure."""
    objects = [_service(namespace), _gateway(namespace, entry), _virtual_service(namespace)]
    digest = hashlib.sha256(json.dumps(objects, sort_keys=True).encode()).hexdigest()[:16]
    install = of_objects(labels.GATEWAY, namespace, objects, digest, timeout)
    return InstallRelease(labels.GATEWAY, f"release {labels.GATEWAY}, from the gateway to the page", install)


def _service(namespace: str) -> Document:
    """The page's pods for the gateway, which passes gRPC-Web on as it is: the page's Envoy speaks it."""
    marks = {labels.PART_OF: "lbdemo", labels.RELEASE: labels.SERVER, "app.kubernetes.io/name": "ui"}
    port = {"name": "grpc-web", "appProtocol": "grpc-web", "port": PORT, "targetPort": PORT}
    return _object("v1", "Service", NAME, namespace, {"selector": marks, "ports": [port]})


def _gateway(namespace: str, entry: Entry) -> Document:
    port = {"number": entry.port, "name": f"http-{entry.port}", "protocol": "HTTP"}
    server = {"port": port, "hosts": [f"{namespace}/{host(namespace)}"]}
    spec = {"selector": dict(entry.selector), "servers": [server]}
    return _object(f"{API}/v1", "Gateway", labels.GATEWAY, namespace, spec)


def _virtual_service(namespace: str) -> Document:
    """All of it to the page's Envoy. No call is made twice: left to itself, Istio tries anew what has failed."""
    route = [{"destination": {"host": NAME, "port": {"number": PORT}}}]
    http = [{"route": route, "retries": {"attempts": 0}}]
    spec = {"hosts": [host(namespace)], "gateways": [labels.GATEWAY], "http": http}
    return _object(f"{API}/v1", "VirtualService", labels.GATEWAY, namespace, spec)


def _object(version: str, kind: str, name: str, namespace: str, spec: Mapping[str, Any]) -> Document:
    marks = {labels.PART_OF: "lbdemo", labels.RELEASE: labels.GATEWAY}
    return {"apiVersion": version, "kind": kind,
            "metadata": {"name": name, "namespace": namespace, "labels": marks}, "spec": dict(spec)}  # fmt: skip
