"""What this user must be allowed to do, for the plan at hand and no more; asked before the first change."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from lbdemo.cluster.install.namespace import LabelNamespace
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.cluster.kernel.steps import Plan
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import OperationFailedError
from lbdemo.kube.answers import Right, need
from lbdemo.kube.rights import Rights

ROLES = "docs/roles has the roles as manifests"
APPS = "apps"
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
)  # fmt: skip
# For the whole cluster, where Istio is to be installed. Whoever gives rights must have them, or may give any.
ISTIO = (
    ("create", "customresourcedefinitions", "apiextensions.k8s.io"),
    ("create", "clusterroles", "rbac.authorization.k8s.io"),
    ("create", "clusterrolebindings", "rbac.authorization.k8s.io"),
    ("create", "mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
    ("create", "validatingwebhookconfigurations", "admissionregistration.k8s.io"),
)


def needed(plan: Plan, namespace: str, *, new: bool, policies: int, installs_istio: bool) -> tuple[Right, ...]:
    """The rights that carrying out the plan takes.

    `new` says that the namespace is to be made; `policies` how many kinds of Istio's policies the releases bring (a
    DestinationRule first, then a PeerAuthentication); `installs_istio` that Istio is, or becomes, lbdemo's own.
    """
    ours = any(isinstance(step, InstallRelease) and step.install.namespace == namespace for step in plan.steps)
    labelled = any(isinstance(step, LabelNamespace) for step in plan.steps)
    istio = any(isinstance(step, InstallRelease) and step.install.namespace == ISTIO_NAMESPACE for step in plan.steps)
    found = [Right(verb, what, "coordination.k8s.io", namespace) for verb, what in LOCK]
    found += [Right(verb, what, APPS, namespace) for verb, what in WAIT] + [Right("list", "pods", "", namespace)]
    if ours:
        found += [Right(verb, what, "", namespace) for verb, what in RELEASE]
        found += [Right(verb, what, APPS, namespace) for verb, what in DEPLOY]
        found += [Right(verb, what, group, namespace) for verb, what, group in POLICIES[: 2 * policies]]
    found += [Right("create", "namespaces")] if new or installs_istio else []
    found += [Right("patch", "namespaces", name=namespace)] if labelled and not new else []
    return (*found, *(Right(*right) for right in ISTIO if istio))


def check(rights: Rights, wanted: Sequence[Right]) -> None:
    """Raises OperationFailedError that names each right that is missing, with the command that asks for it."""
    lacking = need(rights.lacking(wanted))
    if lacking:
        raise OperationFailedError(
            f"this user may not {', '.join(map(str, lacking))}",
            f"ask for the rights ({ROLES}); to see them:\n{_commands(lacking, rights.context)}",
        )


def _commands(rights: Iterable[Right], context: str) -> str:
    return "\n".join(f"  {shlex.join(right.argv(context))}" for right in rights)
