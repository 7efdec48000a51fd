"""Other names in place of those that people have given, so that evidence can be sent: it is judged alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from lbdemo.diagnose.given_names import FIXED, LABELS, PAIR, PORT, given
from lbdemo.diagnose.images import hints
from lbdemo.diagnose.left_out import bare
from lbdemo.diagnose.other_addresses import Addresses

WORDS = frozenset((
    "grpc", "grpcs", "web", "http", "http2", "https", "h2c", "tcp", "tls", "udp", "metrics", "prometheus", "health",
    "healthz", "admin", "debug", "pprof", "probes", "api", "server", "client", "app", "version", "tier", "component",
    "role", "name", "instance", "part", "release", "chart", "run", "env", "k8s-app", "default", "true", "false",
    "enabled", "disabled", "none", "all", "service", "pod", "node", "host", "calls", "workload", "ambient", "waypoint",
    "istio-waypoint", "round_robin", "round-robin", "channels", "xds", "dns", "native", "ares", "helm", "istio",
    "istio-injection", "pod-template-hash", "controller-revision-hash", "pod-template-generation",
    "istiod", "istio-proxy", "istio-init", "istio-validation", "istio-system", "linkerd", "linkerd-proxy",
    "linkerd-init", "linkerd-network-validator", "grpc-agent", "sidecar", "envoy", "kubernetes", "kube-system",
    "cluster", "local", "svc", "cluster.local", "svc.cluster.local", "mesh", "outbound", "inbound", "arguments",
    "passthroughcluster", "blackholecluster", "inboundpassthroughcluster", "deployment", "statefulset", "daemonset",
    "replicaset", "job", "cronjob", "configmap", "kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss",
    "localhost", "linux", "amd64", "arm64",
))  # fmt: skip
"""Names that name nobody, or stand for something where they are read."""
PLAIN = re.compile(r"v?\d[\d.]*|.{0,2}|[\da-fA-F.:]*[.:][\da-fA-F.:]*(?:/\d+|_\d+)?")
"""Numbers, versions, and addresses, which have others by themselves."""


def masked(document: Any, known: tuple[str, ...], addresses: Addresses | None = None) -> Any:
    """The evidence's document with other names and addresses; `known` are variables whose names stay."""
    told = bare(document, known)
    return renamed(told, names(told), (addresses or Addresses()).in_text)


def names(document: Any) -> dict[str, str]:
    """Another name for each that people have given."""
    found: dict[str, str] = {}
    many: Counter[str] = Counter()
    for what, name in given(document):
        if name not in found and name.lower() not in WORDS and not PLAIN.fullmatch(name):
            many[what] += 1
            found[name] = _other(what, name, many[what], found)
    return found


def _other(what: str, name: str, number: int, found: Mapping[str, str]) -> str:
    if what == PAIR:
        first, _, last = name.rpartition("-")
        return f"{found.get(first, first)}-{found.get(last, last)}"
    if what == PORT:
        return "-".join(part if part.lower() in WORDS else f"{what}{number}" for part in name.split("-"))
    if what == "hash":
        return f"{what}{number}"
    return "-".join((what, str(number), *(hints(name) if what == "image" else ())))


def renamed(document: Any, others: Mapping[str, str], further: Callable[[str], str] = str) -> Any:
    """The document with other names, wherever they stand in it as words, and what `further` makes of its texts; the
    names of its own members stay."""
    longest_first = sorted(others, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![A-Za-z0-9]|_[a-z])" for name in longest_first))

    def one(text: str) -> str:
        return further(pattern.sub(lambda found: others.get(found[0], ""), text))

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return one(value)
        if isinstance(value, list | tuple):  # pairs stay tuples until they are written
            return [walk(each) for each in value]
        return members(value) if isinstance(value, dict) else value

    def members(value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: {one(str(key)): walk(told) for key, told in each.items()}
            if name in LABELS and isinstance(each, dict)
            else others.get(each, each) if name == "kind" else each if name in FIXED else walk(each)
            for name, each in value.items()
        }  # fmt: skip

    return walk(document)
