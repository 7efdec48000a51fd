"""LB122: a proxy takes the first address of each of DNS's answers for all there is (Envoy's LOGICAL_DNS)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.looks import ARGUMENTS
from lbdemo.diagnose.parts import part_of, pods, severity_of, short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.looks import EnvoyCluster

CODE, NAME = "LB122", "logical-dns"
TYPE, INSTEAD = "LOGICAL_DNS", "STRICT_DNS"


def cause(case: Case) -> Iterator[Finding]:
    """Envoys of one's own with fewer connections than a headless Service has pods, whose upstream is of that type.

    Of a Service with an address that is told as what it is (LB501): DNS has but one address to give.
    """
    if not case.evidence.service.headless or len(case.ready) < 2:
        return
    by_pod = {one.pod: one for one in case.evidence.clusters if one.told_by and one.type == TYPE}
    few = [caller for caller in case.plain if caller.name in by_pod and case.holds_few(caller)]
    if few:
        yield _finding(case, few, [by_pod[caller.name] for caller in few])


def _finding(case: Case, few: list[Caller], clusters: list[EnvoyCluster]) -> Finding:
    seen = [
        line for caller, cluster in zip(few, clusters, strict=True) for line in (
            Line(f"{cluster.told_by} of {short(caller.name)}: cluster {cluster.name} is of type {TYPE}", "API"),
            Line(f"{short(caller.name)} holds {count(case.connections(caller), 'connection')}, for "
                 f"{len(case.ready)} pods", "server sockets"))
    ]  # fmt: skip
    fixes = dict.fromkeys(_fix(caller, cluster) for caller, cluster in zip(few, clusters, strict=True))
    return Finding(
        CODE, NAME,
        sentence=f"The proxy {pods(c.name for c in few)} uses one address of those that DNS gives it: its upstream is "
        f"of type {TYPE}.",
        severity=severity_of(case),
        evidence=tuple(seen),
        fixes=tuple(fixes),
        explains=part_of(case, few),
    )  # fmt: skip


def _fix(caller: Caller, cluster: EnvoyCluster) -> Fix:
    title = f"let the proxy use all addresses: type {INSTEAD}"
    if caller.pod is None or not caller.workload:
        return Fix(title, advice="in the configuration of whoever made the pod")
    where = ("-n", caller.pod.meta.namespace)
    restart = kubectl(*where, "rollout", "restart", caller.workload)
    if cluster.told_by != ARGUMENTS:
        edit = kubectl(*where, "edit", cluster.told_by)
        return Fix(title, (edit, restart), (edit, restart), f"write {INSTEAD} in the place of {TYPE}")
    change = f"sed s/{TYPE}/{INSTEAD}/"
    return Fix(
        title,
        (f"{kubectl(*where, 'get', caller.workload, '-o', 'yaml')} | {change} | kubectl replace -f -",),
        (kubectl(*where, "rollout", "undo", caller.workload),),
        f"all clusters of type {TYPE} on its command line become {INSTEAD}",
    )
