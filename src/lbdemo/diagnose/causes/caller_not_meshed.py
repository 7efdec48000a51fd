"""LB303: the servers are in the mesh and the caller is not; it is the caller's sidecar that would choose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import mesh_the_callers
from lbdemo.diagnose.istio_scope import injects
from lbdemo.diagnose.parts import part_of, pods, short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB303", "caller-not-meshed"


def cause(case: Case) -> Iterator[Finding]:
    """Callers without a sidecar, in namespaces where none is injected, of servers that have one."""
    few = [caller for caller in outside(case) if not injects(case.namespace_of(caller))]
    if few:
        yield _finding(case, few)


def outside(case: Case) -> list[Caller]:
    """The callers without a sidecar of servers with one, with fewer connections than there are servers."""
    if case.evidence.service.headless or not case.servers_meshed or len(case.ready) < 2:
        return []
    return [caller for caller in case.plain if case.holds_few(caller)]


def _finding(case: Case, few: list[Caller]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="The pods have sidecars and the caller has none: a mesh chooses in the caller's sidecar.",
        severity=Severity.PROBLEM,
        evidence=(
            Line(f"no sidecar beside {pods(c.name for c in few)}; one beside each of the pods", "API"),
            *(Line(f"{short(c.name)} holds {count(case.connections(c), 'connection')}, to {pods(case.reached(c))}",
                   "server sockets") for c in few[:4]),
        ),
        fixes=(mesh_the_callers(case, few),),
        explains=part_of(case, few),
    )  # fmt: skip
