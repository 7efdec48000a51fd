"""LB110: a client asks the API server for endpoints, and is connected to none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import applied, kubectl
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.told import KUBERNETES, asks_for_endpoints

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.pods import Pod

CODE, NAME = "LB110", "kubernetes-resolver-rights"
RBAC = "rbac.authorization.k8s.io"


def cause(case: Case) -> Iterator[Finding]:
    """Callers with a target kubernetes:///… that hold no connection to any pod."""
    if not case.ready or not case.all_sockets_seen:
        return
    told = [c for c in case.evidence.callers if asks_for_endpoints(c.pod, case.evidence.name) and not case.reached(c)]
    if told and told[0].pod is not None:
        yield Finding(
            CODE, NAME,
            sentence="The client looks up pods at the API server, and is connected to none: may it see endpoints?",
            severity=Severity.PROBLEM,
            evidence=(Line(f"{pods(c.name for c in told)}: a target begins with {KUBERNETES}", "API"),
                      Line(f"no pod holds a connection of {pods(c.name for c in told)}", "server sockets")),
            fixes=(_rights(case, told[0].pod),),
            possible=True,
        )  # fmt: skip


def _rights(case: Case, pod: Pod) -> Fix:
    namespace, name = case.evidence.namespace, f"{case.evidence.name}-endpoints"
    account = pod.service_account or "default"
    meta = {"name": name, "namespace": namespace}
    role = {
        "apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": meta,
        "rules": [{"apiGroups": [group], "resources": [resource], "verbs": ["get", "list", "watch"]}
                  for group, resource in (("discovery.k8s.io", "endpointslices"), ("", "endpoints"))],
    }  # fmt: skip
    binding = {
        "apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": meta,
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": pod.meta.namespace}],
    }  # fmt: skip
    who = f"--as=system:serviceaccount:{pod.meta.namespace}:{account}"
    return Fix(
        "let the client's service account see the endpoints",
        (kubectl("-n", namespace, "auth", "can-i", "watch", "endpointslices.discovery.k8s.io", who),
         applied(role, binding)),
        (kubectl("-n", namespace, "delete", "role,rolebinding", name),),
        "if it may already, see what the client's log says; and ask for round_robin: such a resolver gives addresses "
        "and chooses nothing",
    )  # fmt: skip
