"""LB308: a sidecar follows the address that the client chose from a headless Service, and chooses nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import applied, kubectl
from lbdemo.diagnose.parts import UNEVEN, part_of, pods

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB308", "headless-through-sidecar"
ORIGINAL = "ORIGINAL_DST"


def cause(case: Case) -> Iterator[Finding]:
    """Callers with a sidecar that call a headless Service; not where the sidecars are told of its endpoints (EDS)."""
    types = {cluster.pod: cluster.type for cluster in case.evidence.clusters if case.for_service(cluster.name)}
    through = [caller for caller in case.through_sidecars if types.get(caller.name, ORIGINAL) == ORIGINAL]
    if case.evidence.service.headless and len(case.ready) > 1 and through:
        yield _finding(case, through)


def _finding(case: Case, through: list[Caller]) -> Finding:
    uneven = case.judged.outcome in UNEVEN
    types = {cluster.type for cluster in case.evidence.clusters if case.for_service(cluster.name)}
    service, port = case.evidence.service, case.evidence.port
    document = {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": f"{service.meta.name}-mesh", "namespace": service.meta.namespace},
        "spec": {"selector": dict(service.selector), "ports": [
            {"name": "grpc", "port": port.number, "targetPort": port.target or port.number, "appProtocol": "grpc"}]},
    }  # fmt: skip
    return Finding(
        CODE, NAME,
        sentence="The Service is headless: the caller's sidecar follows the address that the client chose.",
        severity=Severity.PROBLEM if uneven else Severity.RISK,
        evidence=(
            Line(f"Service {service.meta.name} is headless; {pods(c.name for c in through)} has a sidecar", "API"),
            *([Line("its cluster is ORIGINAL_DST: no policy of a DestinationRule holds for it", "callers' proxies")]
              if ORIGINAL in types else []),
        ),
        fixes=(Fix("call a normal Service from the mesh, and leave the choice to the sidecar", (applied(document),),
                   (kubectl("-n", service.meta.namespace, "delete", "service", f"{service.meta.name}-mesh"),),
                   f"let callers with sidecars dial {service.meta.name}-mesh:{port.number}, with the default policy"),),
        explains=part_of(case, through) if uneven else 0.0,
    )  # fmt: skip
