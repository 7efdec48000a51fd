"""The names in evidence that people have given: of objects, labels, hosts, accounts, of all that can be called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lbdemo.diagnose.scrapes import place
from lbdemo.kube.records.workloads import HASH

PAIR = ""
"""What a name is of that consists of two others."""
PORT = "port"
"""What a name is of whose words may tell what is spoken there."""
KINDS = ("ReplicaSet", "StatefulSet", "DaemonSet", "Deployment", "Job", "CronJob", "Node", "Service", "Pod",
         "Namespace", "EndpointSlice", "DestinationRule", "VirtualService", "Gateway")  # fmt: skip
"""Those that are nobody's own."""
LABELS = ("labels", "selector", "pod_labels")
"""Members whose own members are names that people have given, too."""
FIXED = frozenset((
    "kind", "type", "status", "reason", "since", "created", "phase", "waiting", "exit_reason", "started", "by",
    "protocol", "internal_policy", "external_policy", "distribution", "address_type", "architecture", "system",
    "kubelet", "schedule", "balancer", "warmup", "upgrade", "tls", "timeout", "mode", "place", "proxy_mode",
    "found_by", "made", "state", "unhealthy", "source", "failed", "why", "verb", "resource", "group", "target_kind",
))  # fmt: skip
"""Members whose words are the field's own: no name is looked for in them, whatever somebody is called."""
BY_MEMBER = {
    "namespace": "namespace", "service": "service", "context": "context", "domain": "domain", "node": "node",
    "zone": "zone", "service_account": "account", "config_maps": "configmap", "target": "target", "subset": "subset",
    "section": "listener", "method": "method", "path": "path", "headers": "header", "gateway_class": "class",
    "app_protocol": "protocol", "about": "policy",
}  # fmt: skip
"""Members that are a name, or several, and of what."""
IN_PARTS = {
    "name": "name", "pod": "pod", "calls": "pod", "one_of": "pod", "workload": "workload", "restarts": "workload",
    "told_by": "configmap", "gateways": "gateway", "export_to": "namespace", "cluster": "cluster",
    "clusters": "cluster", "listener": "listener",
}  # fmt: skip
"""Members with names between slashes, such as NAMESPACE/POD, deployment/NAME; and of what the last one is."""
PROMETHEUS = ("where", "asked")
HOSTS = ("host", "hosts", "hostname", "hostnames", "mirror", "external_name", "ingress", "gone")
"""Members that have names of hosts, or addresses."""
OWN = "app.kubernetes.io/"
SYSTEM = ("kubernetes.io/", "k8s.io/", "istio.io/", "linkerd.io/", "lbdemo.dev/")
"""What the keys of labels have in them that are nobody's own."""
PROXY = re.compile(r"(?i)(?:https?|grpc)_proxy|no_(?:grpc_)?proxy")
SAID = re.compile(
    r"(?:pod|service|configmap|deployment|node) (\S+?)(?::\d+)?(?= |$)|namespace (\S+)|Prometheus (?:at )?(\S+)"
)
"""How names stand in what could not be seen."""
HEADER = re.compile(r'^http\w+ (.+)$|"(?:httpHeaderName|httpQueryParameterName|name|path)": "([^"]+)"')


def given(document: Any) -> Iterator[tuple[str, str]]:
    """Each name, and what it is the name of; some come again."""
    if isinstance(document, list | tuple):
        for one in document:
            yield from given(one)
    elif isinstance(document, dict):
        yield from _of_object(document)
        for name, value in document.items():
            if name not in FIXED or isinstance(value, Mapping):
                yield from _of_member(name, value, document)
                yield from given(value)


def _of_object(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "owners" in document:
        yield document["kind"].lower() if document["kind"] in KINDS else "object", document["name"]
        yield from (pair for owner in document["owners"] for pair in _of_owner(owner, document["labels"]))
    if "pod_ranges" in document:
        yield from (pair for _, place in document["addresses"] for pair in of_host(place))


def _of_owner(owner: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A ReplicaSet's name is its Deployment's and a hash, which its pods have as a label."""
    name, _, end = owner["name"].rpartition("-")
    if name and end == labels.get(HASH):
        yield from (("workload", name), ("hash", end), (PAIR, owner["name"]))
    yield "owner", owner["name"]
    if owner["kind"] not in KINDS:
        yield from (("kind", owner["kind"]), ("kind", owner["kind"].lower()))


def _of_member(name: str, value: Any, holder: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if name in LABELS and isinstance(value, Mapping):
        yield from (pair for key, told in value.items() for pair in _of_label(key, str(told)))
    elif name == "env" and isinstance(value, Mapping):
        hosts = (part for key, told in value.items() if PROXY.fullmatch(key) for part in re.split(r"[,\s]+", told))
        yield from (pair for host in hosts for pair in of_host(_without_port(host)))
    texts = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    for text in (each[0] if isinstance(each, list | tuple) and each else each for each in texts):
        if isinstance(text, str):
            yield from _of_text(name, text, holder)


def _of_text(name: str, text: str, holder: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of a member's text, or of one of its texts."""
    if name in ("image", "images"):
        yield "image", text
    elif name in ("hash", "hashed_by"):
        yield from (("header", one or other) for one, other in HEADER.findall(text))
    elif name == "tls_settings" and text:
        yield from (("certificate", each) for each in _certificates(json.loads(text)))
    elif name == "what":
        yield from (("name", each) for found in SAID.findall(text) for each in found if each)
    elif name in HOSTS:
        yield from of_host(text)
    elif name in ("name", "target") and ("number" in holder or "app_protocol" in holder):
        yield PORT, text
    elif name in PROMETHEUS:
        yield "prometheus", text
        yield from zip(("namespace", "service"), place(text), strict=False)
    elif name in IN_PARTS:
        yield from _parts("pod" if "found_by" in holder and name == "name" else IN_PARTS[name], text)
    elif name in BY_MEMBER:
        yield (str(holder.get("target_kind", "")).lower() if name == "target" else "") or BY_MEMBER[name], text


def _certificates(tls: Mapping[str, Any]) -> Iterator[str]:
    """Files, secrets and names that a rule has for TLS; its mode is nobody's own."""
    said = (value for name, value in tls.items() if name != "mode")
    each = (one for value in said for one in (value if isinstance(value, list) else [value]))
    return (one for one in each if isinstance(one, str))


def _parts(what: str, text: str) -> Iterator[tuple[str, str]]:
    if "|" in text:  # a cluster of a mesh: the subset, and the host
        *_, subset, host = text.split("|")
        yield "subset", subset
        yield from of_host(host)
    else:
        *before, last = text.split("/")
        yield from (("namespace", each) for each in before)
        yield what, last


def _of_label(key: str, told: str) -> Iterator[tuple[str, str]]:
    own = key.startswith(OWN) or not any(part in key for part in SYSTEM)
    if own and not key.startswith(OWN):
        yield "label", key
    yield "value", told


def _without_port(host: str) -> str:
    return re.sub(r":\d+$", "", host.rpartition("://")[2].partition("/")[0])


def of_host(host: str) -> Iterator[tuple[str, str]]:
    """A Service's name and its namespace; a name of elsewhere as a whole."""
    name, _, rest = host.partition(".")
    if ".svc" in f".{rest}":
        yield "service", name
        yield "namespace", rest.partition(".")[0]
    elif host.strip("*."):
        yield "host", host.strip("*.")
