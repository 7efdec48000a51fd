"""LB316: the callers' sidecars have ejected pods whose calls failed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl, logs_of
from lbdemo.diagnose.parts import UNEVEN, part_of, pods, short
from lbdemo.diagnose.workloads import deployment_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.pods import Pod

CODE, NAME = "LB316", "ejection-at-work"
EJECTED = "failed_outlier_check"


def ejected(case: Case) -> dict[str, set[str]]:
    """The pods that callers' Envoys hold back since calls to them failed, and those callers."""
    out: dict[str, set[str]] = {}
    for caller in case.through_sidecars:
        for host in (host for look in case.envoy_looks(caller.name) for host in case.hosts(look)):
            if EJECTED in host.unhealthy:
                out.setdefault(case.by_address.get(host.address, host.address), set()).add(caller.name)
    return out


def cause(case: Case) -> Iterator[Finding]:
    """Hosts that a caller's Envoy holds back since they failed."""
    out = ejected(case)
    if not out:
        return
    uneven = case.judged.outcome in UNEVEN
    yield Finding(
        CODE, NAME,
        sentence=f"Callers leave {pods(out)} out, since calls to it failed: outlier detection at work.",
        severity=Severity.PROBLEM,
        evidence=tuple(Line(f"{short(pod)} is ejected by {pods(by)}", "callers' proxies") for pod, by in out.items()),
        fixes=(Fix("mend the pod: see what it says", logs_of(case, out)), *_set_aside(case, out)),
        explains=part_of(case, case.through_sidecars) if uneven else 0.0,
    )  # fmt: skip


def _set_aside(case: Case, out: Collection[str]) -> Iterator[Fix]:
    """Without the label by which the Service finds a pod and its Deployment keeps it, while others are well."""
    ill = [server.pod for server in case.ready if server.name in out and server.pod is not None]
    marks = [(("-n", pod.meta.namespace, "label", "pod", pod.name), key, pod.meta.labels[key])
             for pod in ill for key in _keys(case, pod)[:1]]  # fmt: skip
    if marks and len(out) < len(case.ready):
        yield Fix(
            "or set it aside: another pod is made in its place",
            tuple(kubectl(*words, f"{key}-") for words, key, _ in marks),
            tuple(kubectl(*words, f"{key}={value}") for words, key, value in marks),
            f"without that label nobody calls {pods(pod.name for pod in ill)}, which stays to be looked at until it is "
            "deleted; where its successor is ejected, too, the fault is in what both run",
        )


def _keys(case: Case, pod: Pod) -> list[str]:
    """The labels by which both the Service and the pod's Deployment know it."""
    there, name = case.evidence.surroundings.deployments, deployment_of(pod)
    owners = [one for one in there if one.meta.name == name] if isinstance(there, tuple) else []
    known = pod.meta.labels.keys() & case.evidence.service.selector.keys()
    return [key for one in owners for key in one.selector if key in known]
