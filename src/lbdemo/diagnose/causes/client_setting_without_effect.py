"""LB105: the client was told to take all pods in turn, and keeps to one: the setting does not reach its channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.headless_pick_first import at_one, told_apart
from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import ask_for_round_robin
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.told import ROUND_ROBIN, takes_turns

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB105", "client-setting-without-effect"


def cause(case: Case) -> Iterator[Finding]:
    """Callers of a headless Service that ask for round robin in arguments or variables, and are at one of the pods."""
    if not case.evidence.service.headless or len(case.ready) < 2:
        return
    told = [c for c in at_one(case) if takes_turns(c.pod) and told_apart(case, c)]
    if told:
        yield Finding(
            CODE, NAME,
            sentence="The client was told to use round robin, and uses one pod: the setting may not reach its channel.",
            severity=Severity.RISK,
            evidence=(Line(f"{pods(c.name for c in told)}: arguments or variables say {ROUND_ROBIN}", "API"),),
            fixes=(ask_for_round_robin(case),),
            follows_from=("LB103",),
            possible=True,
        )  # fmt: skip
