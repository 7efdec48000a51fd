"""Other names in place of those that people have given, so that evidence can be sent: it is judged alike."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.scrapes import place
from lbdemo.diagnose.workloads import workload_of

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Evidence

LABELS = ("labels", "selector", "pod_labels")
"""Members whose own members are names that people have given, too."""
HOSTS = ("host", "hosts", "hostname", "hostnames", "mirror")
"""Members that have names of hosts."""
CONTEXT, TLS = "context", "tls_settings"
SYSTEM = ("kubernetes.io/", "k8s.io/", "istio.io/", "linkerd.io/", "lbdemo.dev/")
"""What the keys of labels have in them that are nobody's own; the values of most are, or words of theirs."""
OWN = "app.kubernetes.io/"
"""Keys among those whose values people choose."""
HASHES = ("pod-template-hash", "controller-revision-hash", "pod-template-generation")
WORDS = frozenset((
    "grpc", "http", "http2", "https", "h2c", "tcp", "tls", "udp", "metrics", "server", "client", "app", "web", "api",
    "default", "true", "false", "enabled", "disabled", "none", "service", "pod", "node", "host", "name", "calls",
    "round_robin", "round-robin", "helm", "istio", "istiod", "linkerd", "envoy", "prometheus", "kubernetes", "cluster",
    "local", "svc", "all", "istio-system", "kube-system",
))  # fmt: skip
"""Names that name nobody, or stand for something where they are read."""
PLAIN = re.compile(r"v?\d[\d.]*|.{0,2}")
USER = re.compile(r'User "([^"]+)"')


def masked(document: Any, evidence: Evidence) -> Any:
    """The evidence's document with other names."""
    return renamed(document, names(document, evidence))


def names(document: Any, evidence: Evidence) -> dict[str, str]:
    """Another name for each that people have given: namespaces, services, workloads, pods, nodes, images, labels,
    hosts, users, what an Envoy of their own is told."""
    found: dict[str, str] = {}
    many: Counter[str] = Counter()
    for what, name in (*_named(evidence), *_in(document)):
        if name and name not in found and name.lower() not in WORDS:
            many[what] += 1
            found[name] = f"{what}-{many[what]}"
    return found


def _named(evidence: Evidence) -> Iterator[tuple[str, str]]:
    pods = [*(evidence.servers if isinstance(evidence.servers, tuple) else ()),
            *(caller.pod for caller in evidence.callers if caller.pod is not None),
            *(pod for front in evidence.fronts for pod in front.pods)]  # fmt: skip
    yield "namespace", evidence.namespace
    yield "service", evidence.name
    for where in evidence.scrapes.asked if evidence.scrapes is not None else ():
        yield "prometheus", where
        yield from zip(("namespace", "service"), place(where), strict=False)
    yield from (("service", service.meta.name) for front in evidence.fronts for service in front.services)
    for pod in pods:
        yield "namespace", pod.meta.namespace
        yield "pod", pod.name
        yield "workload", workload_of(pod).rpartition("/")[2]
        yield "node", pod.node
        for container in pod.containers:
            yield "image", container.image
        yield from (("configmap", name) for name in pod.config_maps)
    yield from (("cluster", one.name) for one in evidence.clusters if one.told_by)


def _in(document: Any) -> Iterator[tuple[str, str]]:
    """Of whatever else is in the document: all objects, their labels, hosts, kubeconfig contexts, users."""
    if isinstance(document, list | tuple):
        for one in document:
            yield from _in(one)
    elif isinstance(document, str):
        yield from (("user", name) for name in USER.findall(document))
    elif isinstance(document, dict):
        yield from _of_object(document)
        for name, value in document.items():
            yield from _of_member(name, value)
            yield from _in(value)


def _of_object(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "labels" in document and "owners" in document:
        yield "namespace", document["namespace"]
        yield str(document["kind"]).lower() or "object", document["name"]
        yield from (("owner", owner["name"]) for owner in document["owners"])


def _of_member(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if name in LABELS and isinstance(value, Mapping):
        for key, told in value.items():
            yield from _of_label(key, told)
    elif name in HOSTS:
        for host in [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else ():
            yield from _of_host(str(host))
    elif name == CONTEXT and isinstance(value, str):
        yield "context", value
    elif name == TLS and value:
        yield from (("certificate", told) for told in _certificates(json.loads(value)))


def _certificates(tls: Mapping[str, Any]) -> Iterator[str]:
    """Files, secrets and names that a rule has for TLS; its mode is nobody's own."""
    said = (value for name, value in tls.items() if name != "mode")
    each = (one for value in said for one in (value if isinstance(value, list) else [value]))
    return (one for one in each if isinstance(one, str))


def _of_label(key: str, told: Any) -> Iterator[tuple[str, str]]:
    own = key.startswith(OWN) or not any(part in key for part in SYSTEM)
    if "/" in key and own and not key.startswith(OWN):
        yield "label", key
    if own and key not in HASHES and not PLAIN.fullmatch(str(told)):
        yield "value", str(told)


def _of_host(host: str) -> Iterator[tuple[str, str]]:
    """A Service's name and its namespace; a name of elsewhere as a whole."""
    name, _, rest = host.partition(".")
    if ".svc" in f".{rest}":
        yield "service", name
        yield "namespace", rest.partition(".")[0]
    elif host.strip("*."):
        yield "host", host.strip("*.")


def renamed(document: Any, others: Mapping[str, str]) -> Any:
    """The document with other names, wherever they stand in it as words; the names of its own members stay."""
    if not others:
        return document
    longest_first = sorted(others, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![A-Za-z0-9]|_[a-z])" for name in longest_first))

    def one(text: str) -> str:
        return pattern.sub(lambda found: others[found[0]], text)

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return one(value)
        if isinstance(value, list | tuple):  # pairs stay tuples until they are written
            return [walk(each) for each in value]
        return members(value) if isinstance(value, dict) else value

    def members(value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: {one(str(key)): walk(told) for key, told in each.items()}
            if name in LABELS and isinstance(each, dict) else walk(each)
            for name, each in value.items()
        }  # fmt: skip

    return walk(document)
