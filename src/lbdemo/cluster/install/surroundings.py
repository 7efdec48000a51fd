"""What `up` must know of a cluster before it says what it wants there: its machines, its users, its domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lbdemo.cluster.install.strategies.base import ARCHITECTURE, Cluster, Istiod
from lbdemo.cluster.istio.state import Istio
from lbdemo.config import UpConfig
from lbdemo.kube.answers import Right, Unseen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import NODES
from lbdemo.kube.questions import Question
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.refusals import Refusal

SYSTEM = "kubernetes.io/os"  # a label of every node, too
ENOUGH = 200  # nodes that tell which machines a cluster has
OPENSHIFT = Question("OpenShift's API group", Right("get", "apis"), "/apis/security.openshift.io")


def read_surroundings(api: Api, config: UpConfig, istio: Istio) -> Cluster:
    """What values and image depend on. What may not be seen is as in a plain cluster of one machine's kind."""
    machines = _machines(api)
    return Cluster(
        istiod=Istiod(istio.revision, istio.namespace, istio.service),
        domain=config.cluster_domain or istio_domain(istio),
        architecture=machines[0] if machines else "",
        mixed=len(machines) > 1,
        chooses_users=not isinstance(api.document(OPENSHIFT), Refusal),
    )


def node_architecture(api: Api) -> str:
    """That of most nodes, such as amd64; "" where they may not be seen."""
    return next(iter(_machines(api)), "")


def _machines(api: Api) -> tuple[str, ...]:
    nodes = api.metas(NODES, limit=ENOUGH)
    return () if isinstance(nodes, Unseen) else architectures(nodes)


def architectures(nodes: Iterable[Meta]) -> tuple[str, ...]:
    """The kinds of machines that Linux nodes have, such as amd64, the most frequent first."""
    linux = [node.labels for node in nodes if node.labels.get(SYSTEM, "linux") == "linux"]
    counts = Counter(marks[ARCHITECTURE] for marks in linux if ARCHITECTURE in marks)
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def istio_domain(istio: Istio) -> str:
    """The cluster's DNS domain as its istiod was told it; "" where that cannot be seen."""
    args = istio.daemon.args if istio.daemon else ()
    words = [word for arg in args for word in arg.split("=", 1)]
    return words[words.index("--domain") + 1] if "--domain" in words[:-1] else ""
