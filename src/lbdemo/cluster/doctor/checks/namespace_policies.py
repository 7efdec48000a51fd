"""What the namespace lets in: pod security, quotas, limits."""

from __future__ import annotations

from collections.abc import Iterator

from lbdemo.cluster.doctor.asked import UP, Asked
from lbdemo.cluster.doctor.checks.base import Check
from lbdemo.cluster.doctor.evidence import Budgets, Evidence, Limit, Quota
from lbdemo.cluster.doctor.results import GAPS, Judged, bad, failed, missing, ok, warning
from lbdemo.kube.records.quantities import amount

ENFORCE = "pod-security.kubernetes.io/enforce"
# Of each of our pods' containers, as the chart has it: what it asks for, and what it may use at most.
REQUESTS = {"cpu": "10m", "memory": "64Mi"}
LIMITS = {"memory": "256Mi"}
COUNTED = ("pods", "count/pods", "services", "count/services", "count/deployments.apps")
OWN = "give the pods what they need, such as `lbdemo up --set resources.limits.cpu=200m`, or let who made it change it"


def pod_security(asked: Asked, evidence: Evidence) -> Judged:
    """Our pods fit in everywhere; a sidecar whose init container sets up the network does not."""
    there = evidence.namespace
    assert not isinstance(there, GAPS), "it is needed"
    level = there.meta.labels.get(ENFORCE, "") if there else ""
    if level not in ("baseline", "restricted"):
        return ok(f"{level or 'no pod security'} is enforced; lbdemo's pods fit in everywhere")
    if not asked.sidecars:
        return ok(f"{level} is enforced, and lbdemo's pods fit in")
    if isinstance(evidence.template, GAPS):
        return missing(evidence.template)
    if evidence.template is not None and evidence.template.cni:
        return ok(f"{level} is enforced, and Istio's CNI plugin redirects the pods' traffic")
    return failed(
        f"namespace {asked.namespace} enforces {level}, which refuses Istio's init container (it needs NET_ADMIN)",
        "have Istio use its CNI plugin; or choose a strategy without sidecars, such as --strategy xds",
    )


def quotas(asked: Asked, evidence: Evidence) -> Judged:
    """What must be named our pods name, and nothing is used up: that may be by the very pods that are changed."""
    budgets = evidence.budgets
    assert not isinstance(budgets, GAPS), "it is needed"
    ours = [quota for quota in budgets.quotas if not quota.scoped]
    refusing = [trouble for quota in ours for trouble in _refuses(quota, budgets, asked)]
    if refusing:
        return failed(refusing[0], OWN)
    if spent := [trouble for quota in ours for trouble in _used_up(quota)]:
        return warning(spent[0], "let who made the quota raise it, or make room in the namespace")
    return ok(f"{len(budgets.quotas)} quotas leave room" if budgets.quotas else "no quota")


def _refuses(quota: Quota, budgets: Budgets, asked: Asked) -> Iterator[str]:
    for name in quota.hard:
        if name not in COUNTED and not asked.own_resources and _unnamed(name, budgets):
            yield f"quota {quota.name} refuses pods that do not name {name}, as lbdemo's do not"


def _used_up(quota: Quota) -> Iterator[str]:
    for name, most in quota.hard.items():
        if name in COUNTED and amount(quota.used.get(name, "0")) >= amount(most):
            yield f"quota {quota.name} allows {most} {name}, and all are used up"


def _unnamed(name: str, budgets: Budgets) -> bool:
    """Whether a quota by this name wants each pod to say what ours do not say, and no LimitRange says it for them."""
    part, _, resource = name.rpartition(".")
    if resource not in ("cpu", "memory") or part not in ("", "requests", "limits"):
        return False
    if part == "limits":
        given = any(resource in limit.defaults or resource in limit.most for limit in budgets.limits)
        return resource not in LIMITS and not given
    return resource not in REQUESTS


def limits(asked: Asked, evidence: Evidence) -> Judged:
    """Our containers ask for no less and no more than is allowed."""
    budgets = evidence.budgets
    assert not isinstance(budgets, GAPS), "it is needed"
    for limit in budgets.limits:
        for said, mend in (*_too_little(limit), *_too_much(limit)):
            return bad(f"limit range {limit.name} {said}", mend, fatal=not asked.own_resources)
    return ok("lbdemo's containers are within the limits" if budgets.limits else "no limit range")


def _too_little(limit: Limit) -> Iterator[tuple[str, str]]:
    for resource, least in limit.least.items():
        mine = REQUESTS.get(resource)
        if mine and amount(mine) < amount(least):
            said = f"wants at least {least} {resource} a container, and lbdemo's ask for {mine}"
            yield said, f"`lbdemo up --set resources.requests.{resource}={least}`"


def _too_much(limit: Limit) -> Iterator[tuple[str, str]]:
    for resource, most in limit.most.items():
        mine = LIMITS.get(resource) or REQUESTS.get(resource)
        if mine and amount(mine) > amount(most):
            said = f"allows {most} {resource} a container, and lbdemo's may use {mine}"
            yield said, f"`lbdemo up --set resources.limits.{resource}={most}`"


CHECKS = (
    Check(
        "pod security",
        "policies",
        "it refuses pods; only their ReplicaSet's events say so",
        ("namespace",),
        pod_security,
        (UP,),
        beside=("template",),
    ),
    Check(
        "quotas",
        "policies",
        "a quota refuses pods that go beyond it, or do not say what they need",
        ("budgets",),
        quotas,
        (UP,),
    ),
    Check(
        "limit ranges",
        "policies",
        "it refuses containers that ask for too little or too much",
        ("budgets",),
        limits,
        (UP,),
    ),
)
