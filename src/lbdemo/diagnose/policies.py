"""Another policy of the callers' sidecars, by the DestinationRule that they heed or by one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Fix
from lbdemo.diagnose.fixes import applied, kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for
from lbdemo.diagnose.patches import merged

if TYPE_CHECKING:
    from typing import Any

    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller


def balanced_by(case: Case, caller: Caller, policy: str, title: str) -> Fix:
    """To choose by this policy, as Istio names it; the undo brings back the one that was said, or none."""
    rule = destination_rule_for(case.evidence, caller.pod.meta.namespace if caller.pod else case.evidence.namespace)
    if rule is None:
        return _by_a_new_one(case, policy, title)
    change, undo = (merged(rule.meta, {"spec": _policy(each)}) for each in (policy, rule.policy.balancer or None))
    return Fix(title, (change,), (undo,))


def _by_a_new_one(case: Case, policy: str, title: str) -> Fix:
    where, name = case.evidence.namespace, case.evidence.name
    document = {
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
        "metadata": {"name": name, "namespace": where},
        "spec": {"host": case.evidence.host, **_policy(policy)},
    }  # fmt: skip
    return Fix(title, (applied(document),), (kubectl("-n", where, "delete", "destinationrule", name),))


def _policy(simple: str | None) -> dict[str, Any]:
    return {"trafficPolicy": {"loadBalancer": {"simple": simple}}}
