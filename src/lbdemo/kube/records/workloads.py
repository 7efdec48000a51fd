"""What makes pods: deployments, their ReplicaSets, and what scales them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lbdemo.kube.records.meta import Condition, Meta, parse_conditions, parse_meta

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"  # on every pod of a deployment, and on its ReplicaSet


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
    selector: Mapping[str, str] = field(default_factory=dict)  # its matchLabels
    pod_labels: Mapping[str, str] = field(default_factory=dict)  # what its pods are born with
    pod_annotations: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()  # of its containers, one after another

    @property
    def revision(self) -> str:
        """The rollout's number, which its newest ReplicaSet carries too."""
        return self.meta.annotations.get(REVISION, "")

    @property
    def complete(self) -> bool:
        """Whether the rollout is over: all pods updated and available, none of an older kind left."""
        return self.settled and self.updated == self.replicas == self.available == self.total


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """One ReplicaSet, usually a deployment's: the pods of one version of its template."""

    meta: Meta
    replicas: int
    ready: int

    @property
    def revision(self) -> str:
        """The number of the rollout that it belongs to."""
        return self.meta.annotations.get(REVISION, "")

    @property
    def hash(self) -> str:
        """What its pods carry as their pod-template-hash."""
        return self.meta.labels.get(HASH, "")

    def of(self, deployment: Deployment) -> bool:
        """Whether the deployment made it."""
        owner = self.meta.controller
        same_place = self.meta.namespace == deployment.meta.namespace
        if owner is not None:
            known = owner.uid == deployment.meta.uid if owner.uid and deployment.meta.uid else True
            return same_place and (owner.kind, owner.name) == ("Deployment", deployment.meta.name) and known
        return same_place and self.meta.name == f"{deployment.meta.name}-{self.hash}"


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """One HorizontalPodAutoscaler: whom it scales, between which bounds, and how far it is."""

    meta: Meta
    target_kind: str
    target: str
    least: int
    most: int
    current: int
    desired: int
    conditions: tuple[Condition, ...]


RESTART = re.compile(
    r"rollout\s+restart\s+(?:(?:-\S+|--\S+)\s+)*?(?:(?:-n|--namespace)[\s=]\S+\s+)?"
    r"(deploy(?:ment)?|statefulset|sts|daemonset|ds)(?:s?\.apps|s)?[/\s]+([a-z0-9][-a-z0-9.]*)"
)
SHORT = {"deploy": "deployment", "sts": "statefulset", "ds": "daemonset"}


@dataclass(frozen=True, slots=True)
class CronJob:
    """One CronJob: when it runs, and which workloads its commands restart (deployment/checkout); no word more of them.

    `suspended` ones do not run.
    """

    meta: Meta
    schedule: str
    restarts: tuple[str, ...]
    suspended: bool = False


def newest_hashes(deployments: Iterable[Deployment], replica_sets: Iterable[ReplicaSet]) -> frozenset[str]:
    """The pod-template-hash of every deployment's newest ReplicaSet: pods of others are on their way out."""
    wanted = list(deployments)
    return frozenset(
        s.hash for s in replica_sets for d in wanted if s.hash and s.of(d) and s.revision == d.revision
    )  # fmt: skip


def parse_cron_job(item: Mapping[str, Any]) -> CronJob:
    """One CronJob object."""
    spec = item.get("spec", {})
    pod = spec.get("jobTemplate", {}).get("spec", {}).get("template", {}).get("spec", {})
    said = (" ".join((*(c.get("command") or ()), *(c.get("args") or ()))) for c in pod.get("containers") or ())
    found = RESTART.findall("\n".join(said))
    restarts = tuple(dict.fromkeys(f"{SHORT.get(kind, kind)}/{name}" for kind, name in found))
    return CronJob(parse_meta(item), spec.get("schedule", ""), restarts, bool(spec.get("suspend")))


def parse_deployment(item: Mapping[str, Any]) -> Deployment:
    """One deployment object."""
    spec, status = item.get("spec", {}), item.get("status", {})
    template = spec.get("template") or {}
    born = template.get("metadata") or {}
    generation = item.get("metadata", {}).get("generation", 0)
    return Deployment(
        meta=parse_meta(item),
        replicas=spec.get("replicas", 1),
        updated=status.get("updatedReplicas", 0),
        available=status.get("availableReplicas", 0),
        total=status.get("replicas", 0),
        settled=status.get("observedGeneration", 0) >= generation,
        generation=generation,
        images=tuple(c.get("image", "") for c in (template.get("spec") or {}).get("containers") or ()),
        conditions=parse_conditions(status),
        selector=(spec.get("selector") or {}).get("matchLabels") or {},
        pod_labels=born.get("labels") or {},
        pod_annotations=born.get("annotations") or {},
        args=tuple(arg for c in (template.get("spec") or {}).get("containers") or () for arg in c.get("args") or ()),
    )


def parse_replica_set(item: Mapping[str, Any]) -> ReplicaSet:
    """One ReplicaSet object."""
    spec, status = item.get("spec", {}), item.get("status", {})
    return ReplicaSet(parse_meta(item), spec.get("replicas", 1), status.get("readyReplicas", 0))


def parse_autoscaler(item: Mapping[str, Any]) -> Autoscaler:
    """One HorizontalPodAutoscaler object (autoscaling/v2)."""
    spec, status = item.get("spec", {}), item.get("status", {})
    return Autoscaler(
        meta=parse_meta(item),
        target_kind=spec["scaleTargetRef"]["kind"],
        target=spec["scaleTargetRef"]["name"],
        least=spec.get("minReplicas", 1),
        most=spec["maxReplicas"],
        current=status.get("currentReplicas", 0),
        desired=status.get("desiredReplicas", 0),
        conditions=parse_conditions(status),
    )
