"""LB902: neither connections nor calls could be seen: what stays open, and what would settle it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.network import network
from lbdemo.kube.answers import Why

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.answers import Unseen

CODE, NAME = "LB902", "cannot-see"
PROBE = Fix(
    "look with a container that is added to the pods: --probe IMAGE",
    advice="of any image with a Python; nothing restarts, and it stays in the pods until they go",
)
TOLD = 4  # of what could not be seen


def cause(case: Case) -> Iterator[Finding]:
    """Several ready pods, of which nobody could say who calls them."""
    missing = case.evidence.unseen
    if len(case.ready) < 2 or case.judged.known or case.sockets_seen or case.held or not missing:
        return
    blind = any(unseen.what.startswith("sockets") and unseen.why is Why.ABSENT for unseen in missing)
    telling = _telling(missing)
    hints = tuple(dict.fromkeys(unseen.hint for unseen in telling if unseen.hint))
    yield Finding(
        CODE, NAME,
        sentence="Neither connections to the pods nor calls could be seen: whether calls are spread stays open.",
        severity=Severity.NOTE,
        evidence=(
            *(Line(f"{unseen.what}: {unseen.detail or unseen.why}", "what could not be seen")
              for unseen in telling[:TOLD]),
            *network(case),
        ),
        fixes=(*(Fix("let it be seen", advice=hint) for hint in hints[:TOLD]), *((PROBE,) if blind else ())),
    )  # fmt: skip


def _telling(missing: Sequence[Unseen]) -> list[Unseen]:
    """Of what could not be seen what would tell who calls: that of the servers first, of each right one."""
    telling = [unseen for unseen in missing if _tells(unseen)] or list(missing)
    return list({unseen.right or unseen: unseen for unseen in reversed(telling)}.values())[::-1]


def _tells(unseen: Unseen) -> bool:
    """Objects, such as nodes and rules of a mesh, do not."""
    resource = unseen.right.resource if unseen.right is not None else ""
    return resource.startswith("pods") or "Prometheus" in unseen.what or not resource
