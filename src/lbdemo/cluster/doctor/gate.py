"""What a command asks before it begins: the checks whose failure would surely stop it later."""

from __future__ import annotations

from collections.abc import Mapping

from lbdemo.cluster.doctor.asked import COMPARE, DIAGNOSE, UP, VERIFY, Asked
from lbdemo.cluster.doctor.checks import CHECKS
from lbdemo.cluster.doctor.examine import collect, sources
from lbdemo.cluster.doctor.probes import Means
from lbdemo.cluster.doctor.results import Result, Status
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.errors import LbdemoError, OperationFailedError

PATIENCE = 20.0
"""Seconds that one source may take: as long as a command's own questions, so that only what stops it does."""
SOON = 5.0
"""The same where only what everything else needs is asked for: whether there is an answer at all."""
POLICIES = ("pod security", "quotas", "limit ranges", "webhooks")
REACHED = ("context", "API server", "login")
# By command: names of checks. What `up` asks by itself, for its plan and no more (rights, Docker, the loader), is not
# among them; nor is what only may stop it, such as nodes, which an autoscaler adds.
GATES: Mapping[str, tuple[str, ...]] = {
    UP: POLICIES,
    COMPARE: ("helm", "daemon", "way", *REACHED, "rights", "exec", "webhooks"),
    VERIFY: (),
    DIAGNOSE: REACHED,
}


def patience(command: str) -> float:
    """For how many seconds the gate of a command waits at most."""
    return SOON if set(GATES[command]) <= set(REACHED) else PATIENCE


def stop_unfit(tools: Tools, asked: Asked, limit: float | None = None) -> None:
    """Raises the first failure, as the error that the command would come to; what cannot be seen stops nobody.

    It takes no longer than `limit` seconds, the command's own patience where nobody says.
    """
    checks = [check for check in CHECKS if check.name in GATES[asked.command] and check.fits(asked)]
    evidence = collect(Means(tools, asked, limit or patience(asked.command)), sources(checks))
    for check in checks:
        result = check(asked, evidence)
        if result.status is Status.FAILED:
            raise error_of(result)


def error_of(result: Result) -> LbdemoError:
    """A failed check for who stops because of it: the error that it saw, or its words."""
    judged = result.judged
    return judged.cause or OperationFailedError(judged.seen, judged.mend)
