"""What keeps a pod running, as kubectl takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.kube.records.workloads import HASH

if TYPE_CHECKING:
    from lbdemo.kube.records.pods import Pod

TEMPLATES = ("deployment", "statefulset", "daemonset")
"""Workloads that make their pods anew when the template of these changes."""


def workload_of(pod: Pod) -> str:
    """Such as deployment/checkout or statefulset/ledger; "" when nothing makes it anew."""
    owner = pod.meta.controller
    if owner is None:
        return ""
    deployment = deployment_of(pod)
    return f"deployment/{deployment}" if deployment else f"{owner.kind.lower()}/{owner.name}"


def deployment_of(pod: Pod) -> str:
    """The name of the Deployment whose ReplicaSet made the pod; "" when it was something else."""
    owner, mark = pod.meta.controller, pod.meta.labels.get(HASH, "")
    if owner is None or owner.kind != "ReplicaSet" or not mark:
        return ""
    name, dash, end = owner.name.rpartition("-")
    return name if dash and end == mark else ""
