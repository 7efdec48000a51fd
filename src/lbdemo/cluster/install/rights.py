"""What this user must be allowed to do, for the plan at hand and no more; asked before the first change."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from lbdemo.cluster.doctor import needs
from lbdemo.cluster.install.namespace import LabelNamespace
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.cluster.kernel.steps import Plan
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import OperationFailedError
from lbdemo.kube.answers import Right, need
from lbdemo.kube.rights import Rights

ROLES = "docs/roles has the roles as manifests"


def needed(plan: Plan, namespace: str, *, new: bool, policies: int, installs_istio: bool) -> tuple[Right, ...]:
    """The rights that carrying out the plan takes.

    `new` says that the namespace is to be made; `policies` how many kinds of Istio's policies the releases bring (a
    DestinationRule first, then a PeerAuthentication); `installs_istio` that Istio is, or becomes, lbdemo's own.
    """
    ours = any(isinstance(step, InstallRelease) and step.install.namespace == namespace for step in plan.steps)
    labelled = any(isinstance(step, LabelNamespace) for step in plan.steps)
    istio = any(isinstance(step, InstallRelease) and step.install.namespace == ISTIO_NAMESPACE for step in plan.steps)
    found = [*needs.to_work(namespace), *(needs.to_release(namespace, policies) if ours else ())]
    found += [Right("create", "namespaces")] if new or installs_istio else []
    found += [Right("patch", "namespaces", name=namespace)] if labelled and not new else []
    return (*found, *(Right(*right) for right in needs.ISTIO if istio))


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
