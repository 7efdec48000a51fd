"""What refuses objects because somebody does not answer: webhooks without a server, dead aggregated APIs."""

from __future__ import annotations

from lbdemo.cluster.doctor.asked import Asked
from lbdemo.cluster.doctor.checks.base import Check
from lbdemo.cluster.doctor.evidence import Evidence, Hook
from lbdemo.cluster.doctor.results import GAPS, Judged, bad, missing, ok, warning
from lbdemo.cluster.kernel import labels
from lbdemo.words import count, listing

NAME = "kubernetes.io/metadata.name"  # a label that Kubernetes gives every namespace
MADE = frozenset(
    {"*", "pods", "deployments", "replicasets", "services", "configmaps", "secrets", "leases", "namespaces",
     "endpointslices", "events"}
)  # fmt: skip
CREATING = frozenset({"*", "CREATE", "UPDATE"})


def webhooks(asked: Asked, evidence: Evidence) -> Judged:
    """Those that refuse what they cannot judge, and whose Service cannot answer."""
    found = evidence.hooks
    assert not isinstance(found, GAPS), "it is needed"
    away = [hook for hook in found.hooks if hook.refuses and (hook.home, hook.service) in found.silent]
    silent = [hook for hook in away if hook.home != asked.repairs]
    ours = [hook for hook in silent if asked.installs and _meets(hook, asked, evidence)]
    if told := ours or silent:
        first = told[0]
        state = found.silent[first.home, first.service]
        others = f" (and {count(len(told) - 1, 'further webhook')})" if len(told) > 1 else ""
        return bad(
            f"webhook {first.name} asks Service {first.home}/{first.service}, which {state}: "
            f"what it should judge is refused{others}",
            f"bring its server back, or remove what is left over: `kubectl delete {first.configuration}`",
            fatal=bool(ours),
        )
    if found.unseen:
        return missing(found.unseen[0])
    return ok(f"{count(len(found.hooks), 'webhook')}, each with a server" if found.hooks else "no webhook")


def _meets(hook: Hook, asked: Asked, evidence: Evidence) -> bool:
    """Whether it is asked about what the command makes in its namespace."""
    there = evidence.namespace
    marks = {NAME: asked.namespace, **labels.OURS}
    if there is not None and not isinstance(there, GAPS):
        marks = {NAME: asked.namespace, **there.meta.labels}
    if asked.sidecars and not marks.get(labels.REVISION):
        marks = {labels.INJECTION: "enabled", **marks}
    taken = all(requirement.met(marks) for requirement in hook.namespaces)
    return taken and bool(hook.resources & MADE) and bool(hook.operations & CREATING)


def apis(_: Asked, evidence: Evidence) -> Judged:
    """Aggregated APIs whose server does not answer."""
    kinds = evidence.kinds
    assert not isinstance(kinds, GAPS), "it is needed"
    if not kinds.dead:
        return ok("every API answers")
    group, _slash, version = kinds.dead[0].partition("/")
    return warning(
        f"nobody answers for {listing(kinds.dead)}: while that is so no namespace can be deleted",
        f"bring its server back, or remove what is left over: `kubectl delete apiservice {version}.{group}`",
    )


CHECKS = (
    Check(
        "webhooks",
        "policies",
        "the API server refuses what a webhook that is away should judge",
        ("hooks",),
        webhooks,
        beside=("namespace",),
    ),
    Check("aggregated APIs", "policies", "a dead one keeps namespaces from being deleted", ("kinds",), apis),
)
