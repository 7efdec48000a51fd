"""The programs that lbdemo calls, and Docker."""

from __future__ import annotations

from lbdemo.cluster.doctor.asked import COMPARE, UP, Asked
from lbdemo.cluster.doctor.checks.base import Check
from lbdemo.cluster.doctor.evidence import Evidence
from lbdemo.cluster.doctor.results import GAPS, Judged, ok, warning

SKEW = 1  # minor versions that kubectl may be older or newer than the API server


def kubectl(_: Asked, evidence: Evidence) -> Judged:
    """There, and not too far from the API server's version."""
    mine, theirs = evidence.kubectl, evidence.server
    assert not isinstance(mine, GAPS), "it is needed"
    if isinstance(theirs, GAPS) or abs(mine[1] - theirs[1]) <= SKEW:
        return ok(f"kubectl {mine[0]}.{mine[1]}")
    return warning(
        f"kubectl is {mine[0]}.{mine[1]}, the API server {theirs[0]}.{theirs[1]}: they may differ by one minor version",
        "install a kubectl of the API server's version",
    )


def helm(_: Asked, evidence: Evidence) -> Judged:
    """There, and new enough; one that is too old does not get here."""
    assert not isinstance(evidence.helm, GAPS), "it is needed"
    return ok(f"helm {evidence.helm[0]}.{evidence.helm[1]}")


def docker(_: Asked, evidence: Evidence) -> Judged:
    """Its daemon answers."""
    return ok(f"a Docker daemon for {evidence.docker} answers")


CHECKS = (
    Check("kubectl", "programs", "every question goes through it", ("kubectl",), kubectl, beside=("server",)),
    Check("helm", "programs", "it installs the releases", ("helm",), helm, (UP, COMPARE)),
    Check(
        "daemon", "docker", "it builds the pods' image, unless --image names one", ("docker",), docker, (UP, COMPARE),
        lambda asked: not asked.image,
    ),
)  # fmt: skip
