"""Kubernetes objects as frozen records, parsed from kubectl's JSON: dicts end here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SIDECAR = "istio-proxy"
EXACT = frozenset({"selector", "matchLabels"})  # one label more selects other pods
APPLIED = "lbdemo/applied"  # the annotation in which our chart says what it gave the object, as JSON


@dataclass(frozen=True, slots=True)
class Meta:
    """What every object has: kind, namespace ("" when cluster-wide), name, labels, annotations."""

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    uid: str = ""
    created: str = ""
    deleting: bool = False
    resource_version: str = ""
    as_applied: bool = False  # it has all that its annotation says it was given: nobody changed that by hand

    @property
    def reference(self) -> str:
        """`Kind namespace/name`, or `Kind name` when it is cluster-wide."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Condition:
    """One status condition: `status` is True, False or Unknown, as Kubernetes writes it."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod and its state; `init` includes native sidecars (init containers that stay)."""

    name: str
    image: str
    init: bool = False
    always: bool = False
    ready: bool = False
    running: bool = False
    restarts: int = 0
    id: str = ""
    waiting: str = ""
    message: str = ""
    exit_code: int | None = None
    exit_reason: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)  # those variables whose values stand in the specification


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod: where it runs, what its containers do, and why it does not start."""

    meta: Meta
    phase: str
    node: str
    ip: str
    containers: tuple[Container, ...]
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """The pod's name."""
        return self.meta.name

    @property
    def release(self) -> str:
        """The Helm release that it belongs to."""
        return self.meta.labels.get("app.kubernetes.io/instance", "")

    @property
    def sidecar(self) -> Container | None:
        """Istio's proxy, whether an ordinary container or a native sidecar (Kubernetes 1.33 and later)."""
        return next((c for c in self.containers if c.name == SIDECAR), None)

    @property
    def stays(self) -> bool:
        """Whether it is neither being deleted nor over for good, as an evicted pod is, or that of a test."""
        return not self.meta.deleting and self.phase not in {"Succeeded", "Failed"}

    @property
    def ready(self) -> bool:
        """Whether its Ready condition is true and it is not being deleted."""
        return not self.meta.deleting and any(c.type == "Ready" and c.status == "True" for c in self.conditions)

    @property
    def restarts(self) -> int:
        """Restarts of all its containers together."""
        return sum(c.restarts for c in self.containers)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment: what is wanted, what is there."""

    meta: Meta
    replicas: int
    updated: int
    available: int
    total: int
    settled: bool  # the controller has seen the newest specification
    generation: int  # counts the changes of the specification, whoever makes them
    images: tuple[str, ...]
    conditions: tuple[Condition, ...]

    @property
    def revision(self) -> str:
        """The rollout's number, which its newest ReplicaSet carries too."""
        return self.meta.annotations.get("deployment.kubernetes.io/revision", "")

    @property
    def complete(self) -> bool:
        """Whether the rollout is over: all pods updated and available, none of an older kind left."""
        return self.settled and self.updated == self.replicas == self.available == self.total


@dataclass(frozen=True, slots=True)
class Event:
    """What a component had to say of an object, such as `Unhealthy: Readiness probe failed: …`."""

    kind: str
    name: str
    reason: str
    message: str
    last: str  # when it was last said, RFC 3339


@dataclass(frozen=True, slots=True)
class Objects:
    """What one `kubectl get` returned, sorted by kind."""

    pods: tuple[Pod, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    others: tuple[Meta, ...] = ()

    def of(self, kind: str) -> tuple[Meta, ...]:
        """The objects of another kind than Pod and Deployment."""
        return tuple(meta for meta in self.others if meta.kind == kind)

    def newest_hashes(self) -> frozenset[str]:
        """The pod-template-hash of every deployment's newest ReplicaSet: pods of others are on their way out."""
        revisions = {(d.meta.namespace, d.meta.name): d.revision for d in self.deployments}
        newest = set()
        for replica_set in self.of("ReplicaSet"):
            hash_ = replica_set.labels.get("pod-template-hash", "")
            owner = (replica_set.namespace, replica_set.name.removesuffix(f"-{hash_}"))
            if revisions.get(owner) == replica_set.annotations.get("deployment.kubernetes.io/revision"):
                newest.add(hash_)
        return frozenset(newest)


def parse_list(document: Mapping[str, Any]) -> Objects:
    """Sorts a `kubectl get -o json` document (a List, or one object) into records."""
    items: Iterable[Mapping[str, Any]] = document.get("items", (document,))
    pods, deployments, others = [], [], []
    for item in items:
        if item.get("kind") == "Pod":
            pods.append(parse_pod(item))
        elif item.get("kind") == "Deployment":
            deployments.append(parse_deployment(item))
        else:
            others.append(parse_meta(item))
    return Objects(tuple(pods), tuple(deployments), tuple(others))


def parse_events(document: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events of a `kubectl get events -o json` document, the newest last."""
    return tuple(sorted(map(_event, document.get("items", ())), key=lambda event: event.last))


def _event(item: Mapping[str, Any]) -> Event:
    about, series = item.get("involvedObject", {}), item.get("series") or {}
    last = item.get("lastTimestamp") or series.get("lastObservedTime") or item.get("eventTime") or ""
    return Event(about.get("kind", ""), about.get("name", ""), item.get("reason", ""), item.get("message", ""), last)


def parse_meta(item: Mapping[str, Any]) -> Meta:
    """The metadata of any object."""
    meta = item.get("metadata", {})
    return Meta(
        kind=item.get("kind", ""),
        namespace=meta.get("namespace", ""),
        name=meta.get("name", ""),
        labels=meta.get("labels") or {},
        annotations=meta.get("annotations") or {},
        uid=meta.get("uid", ""),
        created=meta.get("creationTimestamp") or "",
        deleting=bool(meta.get("deletionTimestamp")),
        resource_version=meta.get("resourceVersion", ""),
        as_applied=_as_applied(item, (meta.get("annotations") or {}).get(APPLIED, "")),
    )


def _as_applied(item: Mapping[str, Any], applied: str) -> bool:
    try:
        return bool(applied) and _holds(item, json.loads(applied))
    except ValueError:
        return False


def _holds(there: Any, given: Any) -> bool:
    """Whether all that was given is there; the API server may have added to it, or left out what is false or 0."""
    if isinstance(given, Mapping):
        return isinstance(there, Mapping) and all(
            there.get(key) == value if key in EXACT else _holds(there.get(key), value) for key, value in given.items()
        )
    if isinstance(given, list):
        return isinstance(there, list) and len(there) == len(given) and all(map(_holds, there, given))
    return bool(there == given) or (there is None and not given)


def parse_pod(item: Mapping[str, Any]) -> Pod:
    """One pod object."""
    spec, status = item.get("spec", {}), item.get("status", {})
    states = {
        **{s["name"]: s for s in status.get("initContainerStatuses", ())},
        **{s["name"]: s for s in status.get("containerStatuses", ())},
    }
    containers = [_container(c, states.get(c["name"], {}), init=True) for c in spec.get("initContainers", ())]
    containers += [_container(c, states.get(c["name"], {}), init=False) for c in spec.get("containers", ())]
    return Pod(
        meta=parse_meta(item),
        phase=status.get("phase", ""),
        node=spec.get("nodeName", ""),
        ip=status.get("podIP", ""),
        containers=tuple(containers),
        conditions=_conditions(status),
    )


def parse_deployment(item: Mapping[str, Any]) -> Deployment:
    """One deployment object."""
    spec, status = item.get("spec", {}), item.get("status", {})
    containers = spec.get("template", {}).get("spec", {}).get("containers", ())
    return Deployment(
        meta=parse_meta(item),
        replicas=spec.get("replicas", 1),
        updated=status.get("updatedReplicas", 0),
        available=status.get("availableReplicas", 0),
        total=status.get("replicas", 0),
        settled=status.get("observedGeneration", 0) >= item.get("metadata", {}).get("generation", 0),
        generation=item.get("metadata", {}).get("generation", 0),
        images=tuple(c.get("image", "") for c in containers),
        conditions=_conditions(status),
    )


def _container(spec: Mapping[str, Any], status: Mapping[str, Any], *, init: bool) -> Container:
    state = status.get("state", {})
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or status.get("lastState", {}).get("terminated") or {}
    return Container(
        name=spec["name"],
        image=spec.get("image", ""),
        init=init,
        always=spec.get("restartPolicy") == "Always",
        ready=bool(status.get("ready")),
        running="running" in state,
        restarts=status.get("restartCount", 0),
        id=status.get("containerID", ""),
        waiting=waiting.get("reason", ""),
        message=waiting.get("message", "") or ended.get("message", ""),
        exit_code=ended.get("exitCode"),
        exit_reason=ended.get("reason", ""),
        args=tuple(spec.get("args") or ()),
        env={e["name"]: e["value"] for e in spec.get("env") or () if "value" in e},
    )


def _conditions(status: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(
        Condition(c.get("type", ""), c.get("status", ""), c.get("reason", ""), c.get("message", ""))
        for c in status.get("conditions") or ()
    )
