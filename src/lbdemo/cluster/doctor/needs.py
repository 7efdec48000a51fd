"""The rights that commands take, as far as they are known before anything has been planned."""

from __future__ import annotations

from lbdemo.cluster.doctor.asked import COMPARE, DIAGNOSE, VERIFY, Asked
from lbdemo.kube.answers import Right

APPS = "apps"
LEASES = "coordination.k8s.io"
# In the namespace: our lock, the releases as Helm keeps them, what the chart makes, and the wait for its pods.
LOCK = (("get", "leases"), ("create", "leases"), ("update", "leases"))
RELEASE = (
    ("list", "secrets"), ("create", "secrets"), ("update", "secrets"), ("create", "services"), ("patch", "services"),
    ("create", "configmaps"),
)  # fmt: skip
DEPLOY = (("create", "deployments"), ("patch", "deployments"))
WAIT = (("list", "deployments"), ("list", "replicasets"))
POLICIES = (
    ("create", "destinationrules", "networking.istio.io"), ("patch", "destinationrules", "networking.istio.io"),
    ("create", "peerauthentications", "security.istio.io"), ("patch", "peerauthentications", "security.istio.io"),
    ("create", "telemetries", "telemetry.istio.io"), ("patch", "telemetries", "telemetry.istio.io"),
)  # fmt: skip
# For the whole cluster, where Istio is to be installed. Whoever gives rights must have them, or may give any.
ISTIO = (
    ("create", "customresourcedefinitions", "apiextensions.k8s.io"),
    ("create", "clusterroles", "rbac.authorization.k8s.io"),
    ("create", "clusterrolebindings", "rbac.authorization.k8s.io"),
    ("create", "mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
    ("create", "validatingwebhookconfigurations", "admissionregistration.k8s.io"),
)
EXEC = ("create", "pods/exec")


def to_work(namespace: str) -> tuple[Right, ...]:
    """What every change takes: the lock, and the wait for pods."""
    lock = (Right(verb, what, LEASES, namespace) for verb, what in LOCK)
    wait = (Right(verb, what, APPS, namespace) for verb, what in WAIT)
    return (*lock, *wait, Right("list", "pods", "", namespace))


def to_release(namespace: str, policies: int) -> tuple[Right, ...]:
    """What our releases take; `policies` is how many kinds of Istio's they bring, a DestinationRule first."""
    kept = (Right(verb, what, "", namespace) for verb, what in RELEASE)
    deployed = (Right(verb, what, APPS, namespace) for verb, what in DEPLOY)
    return (*kept, *deployed, *(Right(verb, what, group, namespace) for verb, what, group in POLICIES[: 2 * policies]))


def must(asked: Asked, *, new: bool) -> tuple[Right, ...]:
    """What the command cannot do without; `new` says that the namespace is not there yet."""
    space = asked.namespace
    if asked.command == DIAGNOSE:
        return (Right("get", "services", "", space), Right("list", "endpointslices", "discovery.k8s.io", space),
                Right("list", "pods", "", space))  # fmt: skip
    if asked.command == VERIFY:
        return (Right("list", "pods", "", space), Right("list", "deployments", APPS, space), Right(*EXEC, "", space))
    if asked.command == COMPARE:  # each strategy has a namespace of its own, which goes in the end
        given = (Right("create", "namespaces"), Right("delete", "namespaces"), Right(*EXEC))
        return (*given, *to_work(""), *to_release("", 0))
    policies = (2 if asked.sidecars else 1) if asked.mesh else 0
    return (*to_work(space), *to_release(space, policies), *([Right("create", "namespaces")] if new else []))


def more(asked: Asked) -> tuple[Right, ...]:
    """What makes it see more."""
    if asked.command == DIAGNOSE:
        space = asked.namespace
        return (Right("list", "services", "", space), Right("get", "pods", "", space),
                Right("list", "deployments", APPS, space),
                Right(*EXEC, "", space), Right("get", "pods/proxy", "", space))  # fmt: skip
    return (Right("list", "nodes"),)
