"""How the pods' image reaches the nodes, and whether it is of their kind."""

from __future__ import annotations

from lbdemo.cluster.doctor.asked import COMPARE, UP, Asked
from lbdemo.cluster.doctor.checks.base import Check
from lbdemo.cluster.doctor.evidence import Evidence
from lbdemo.cluster.doctor.results import GAPS, Judged, ok, warning
from lbdemo.words import listing


def delivery(_: Asked, evidence: Evidence) -> Judged:
    """There is a way; where there is none, that is an error before it gets here."""
    way = evidence.delivery
    assert not isinstance(way, GAPS), "it is needed"
    if way.how == "shared":
        return ok("the cluster uses this machine's Docker")
    return ok(f"pushed to {way.target}" if way.how == "registry" else f"loaded into {way.how} cluster {way.target}")


def platform(_: Asked, evidence: Evidence) -> Judged:
    """The nodes' machines are those that the daemon builds for."""
    nodes, mine = evidence.nodes, evidence.docker
    assert not isinstance(nodes, GAPS), "it is needed"
    assert not isinstance(mine, GAPS), "it is needed"
    machines = sorted({node.architecture for node in nodes if node.architecture})
    if not machines or machines == [mine]:
        return ok(f"nodes and Docker are {mine}")
    if mine in machines:
        return warning(f"nodes are {listing(machines)}, Docker is {mine}: pods stay on nodes of one kind")
    return warning(
        f"nodes are {listing(machines)}, Docker is {mine}: a build needs an emulator",
        "`docker run --privileged --rm tonistiigi/binfmt --install all` brings one; or name a ready image with --image",
    )


def _builds(asked: Asked) -> bool:
    return not asked.image


CHECKS = (
    Check("way", "delivery", "nodes must get the pods' image", ("delivery",), delivery, (UP, COMPARE), _builds),
    Check("platform", "delivery", "an image for other machines does not start", ("nodes", "docker"), platform,
          (UP, COMPARE), _builds),
)  # fmt: skip
