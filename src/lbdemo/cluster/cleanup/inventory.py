"""What the cluster had before the first `up`, and what is left of ours after `clean`.

The inventory is a list of object names, kept in the cluster as a ConfigMap (and copied next to an Istio that
lbdemo installs, since that may outlive the namespace). It holds every cluster-wide object, what Istio is known to
leave in other people's namespaces, and all that is in the namespaces where lbdemo works.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import forbidden, side_by_side
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import OperationFailedError, ProgramFailedError
from lbdemo.tools.failures import ConflictError, NotFoundError
from lbdemo.tools.kubectl import Kubectl

NAME = labels.INVENTORY
KEY = "objects.gz"
# Kinds that come and go by themselves, or hold no configuration.
FLEETING = frozenset(
    {"events", "events.events.k8s.io", "componentstatuses", "nodes", "csinodes.storage.k8s.io",
     "ipaddresses.networking.k8s.io",
     "volumeattachments.storage.k8s.io", "certificatesigningrequests.certificates.k8s.io", "persistentvolumes",
     "pods.metrics.k8s.io", "nodes.metrics.k8s.io", "endpoints", "endpointslices.discovery.k8s.io", "replicasets.apps"}
)  # fmt: skip
# Istio writes these into every namespace, and takes them away from none.
SPREAD = frozenset({"istio-ca-root-cert", "istio-ca-crl"})
ISTIO_GROUP = ".istio.io"
CRD = "CustomResourceDefinition.apiextensions.k8s.io"
# What Kubernetes and Istio put into every namespace by themselves: kind and name.
AUTHORITIES = ("kube-root-ca.crt", "openshift-service-ca.crt", *SPREAD)
BORN_WITH = frozenset({("ServiceAccount", "default"), *(("ConfigMap", name) for name in AUTHORITIES)})
# Among the fleeting kinds, those that a person may have made: without an owner, they come and go with nobody.
MADE_BY_HAND = frozenset({"replicasets.apps", "endpointslices.discovery.k8s.io"})
# What istiod writes into its own namespace at run time (its leader elections are named in Istio's sources,
# pilot/pkg/leaderelection); what else is called istio-… there, such as a gateway's certificate, is somebody's.
ISTIODS_SECRET = "istio-ca-secret"
ISTIODS_ELECTION = re.compile(
    r"istio-([a-z-]+-)?(leader|election)|istio-(gateway-deployment|gateway-inferencepool|node-untaint|ip-autoallocate)"
)


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One object's name: `kind` has its group, such as ClusterRole.rbac.authorization.k8s.io."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def take(kubectl: Kubectl, namespaces: Iterable[str]) -> frozenset[Item]:
    """Lists the cluster now, with all that is in the `namespaces` that exist: about 0.4 s on a small one."""
    wide, local = _resources(kubectl)
    found = side_by_side(
        lambda: _list(kubectl, wide, ""),
        lambda: _spread(kubectl),
        *(lambda place=place: _list(kubectl, local, place) for place in namespaces),
    )
    return frozenset(item for items in found for item in items)


def _resources(kubectl: Kubectl, fleeting: frozenset[str] = FLEETING) -> tuple[list[str], list[str]]:
    """The kinds that can be listed, as `api-resources` names them: the cluster-wide ones, and the others."""
    text, _ = kubectl.call_partly("api-resources", "--verbs=list", "--no-headers")  # an API may be away
    rows = [line.split() for line in text.splitlines()]
    kinds = [(_full_name(row), row[-2] == "true") for row in rows if len(row) >= 4]
    wanted = [(kind, namespaced) for kind, namespaced in kinds if kind not in fleeting]
    return [kind for kind, namespaced in wanted if not namespaced], [kind for kind, namespaced in wanted if namespaced]


def _full_name(row: Sequence[str]) -> str:
    """NAME [SHORTNAMES] APIVERSION NAMESPACED KIND -> name, with its group where it has one."""
    group, slash, _ = row[-3].rpartition("/")
    return f"{row[0]}.{group}" if slash else row[0]


FORMAT = (
    "custom-columns=KIND:.kind,API:.apiVersion,NS:.metadata.namespace,NAME:.metadata.name,"
    "OWNER:.metadata.ownerReferences[0].kind"
)
UNKNOWN_KIND = "error: the server doesn't have a resource type"
LOOK = "nothing is deleted that may hold what could not be seen: is a conversion webhook or an API service away?"
NONE = "<none>"  # how kubectl prints a field that is not there


def _list(kubectl: Kubectl, kinds: Sequence[str], namespace: str) -> list[Item]:
    return [_item(row) for row in _rows(kubectl, kinds, namespace)]


def _rows(
    kubectl: Kubectl, kinds: Sequence[str], namespace: str, *options: str, strict: bool = False
) -> list[list[str]]:
    """Kind, API version, namespace, name and owner's kind of each object; `namespace` "" is for cluster-wide kinds.

    `strict` is for those who delete by it: a kind that cannot be listed raises OperationFailedError.
    """
    if not kinds:
        return []
    what = ("get", ",".join(kinds), *options, "--ignore-not-found", "--no-headers", "-o", FORMAT)
    try:  # kubectl goes on after a kind that it may not or cannot list
        text, complaints = kubectl.call_partly(*what, namespace=namespace, timeout=60.0)
    except (ProgramFailedError, NotFoundError) as error:
        stderr = error.stderr if isinstance(error, ProgramFailedError) else ""
        if stderr and not _of_one_kind(stderr):
            raise
        if stderr and UNKNOWN_KIND not in stderr and _harmless(stderr):
            return []
        if strict and len(kinds) == 1 and not _harmless(str(error)):
            raise
        return _one_by_one(kubectl, kinds, namespace, *options, strict=strict)
    if strict and not _harmless(complaints):
        raise OperationFailedError(f"kubectl cannot list all that there is: {complaints.strip()}", LOOK)
    return [row for row in map(str.split, text.splitlines()) if len(row) == 5]


def _of_one_kind(stderr: str) -> bool:
    """Whether it concerns a kind and not the API server: one that may not be listed, or does not answer."""
    return stderr.startswith(("Error from server", UNKNOWN_KIND))


def _harmless(complaints: str) -> bool:
    """Whether what could not be listed is nothing of ours: who may not see it cannot have made it."""
    lines = [line for line in complaints.splitlines() if "error" in line.lower()]
    return all("(forbidden)" in line.lower() or UNKNOWN_KIND in line for line in lines)


def _one_by_one(kubectl: Kubectl, kinds: Sequence[str], namespace: str, *options: str, strict: bool) -> list[list[str]]:
    """What can be listed; a kind that cannot be is passed over, now and in the other inventory."""
    if len(kinds) == 1:
        return []
    middle = len(kinds) // 2
    halves = (kinds[:middle], kinds[middle:])
    return [row for half in halves for row in _rows(kubectl, half, namespace, *options, strict=strict)]


def _item(columns: Sequence[str]) -> Item:
    kind, api, namespace, name = columns[:4]
    group = api.partition("/")[0] if "/" in api else ""
    return Item(f"{kind}.{group}" if group else kind, "" if namespace == NONE else namespace, name)


def _spread(kubectl: Kubectl) -> list[Item]:
    items = [_item(row) for row in _rows(kubectl, ["configmaps"], "", "-A")]
    return [item for item in items if item.name in SPREAD]


def objects_of(kubectl: Kubectl, definitions: Sequence[str]) -> list[Item]:
    """All objects of the kinds that these CRDs (plural.group) define, in every namespace."""
    return [_item(row) for row in _rows(kubectl, definitions, "", "-A", strict=True)]


def foreign(kubectl: Kubectl, namespace: str) -> list[Item]:
    """What is in the namespace that neither lbdemo nor Kubernetes itself put there."""
    _, local = _resources(kubectl, FLEETING - MADE_BY_HAND)
    rows = _rows(kubectl, local, namespace, "-l", f"{labels.PART_OF}!=lbdemo", strict=True)
    items = (_item(row) for row in rows if row[4] == NONE)  # what has an owner goes with it
    return sorted(item for item in items if not _born_with(item))


def _born_with(item: Item) -> bool:
    token = item.kind == "Secret" and item.name.startswith("default-token-")  # before Kubernetes 1.24
    return token or (item.kind, item.name) in BORN_WITH


def some(items: Sequence[Item], most: int = 5) -> str:
    """The first few items in words."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(str(item) for item in items[:most]) + more


def ours(item: Item, namespaces: Iterable[str]) -> bool:
    """Whether an object that was not there before can be lbdemo's or its Istio's: what others made meanwhile is not."""
    mine = item.namespace in namespaces or (item.kind == "Namespace" and item.name in namespaces)
    return mine or of_istio(item)


def of_istio(item: Item) -> bool:
    """Whether it is Istio's by its name: cluster-wide objects, and what Istio writes into every namespace."""
    if item.namespace:
        return item.name in SPREAD
    if item.kind == "Namespace":
        return item.name == ISTIO_NAMESPACE
    return item.name.startswith("istio") or item.name.endswith(ISTIO_GROUP) or item.kind.endswith(ISTIO_GROUP)


def made_by_istiod(item: Item) -> bool:
    """What istiod writes into its own namespace at run time, and leaves there."""
    match item.kind.partition(".")[0]:
        case "Lease":
            return item.name.startswith("istio-")
        case "ConfigMap":
            return item.name in SPREAD or bool(ISTIODS_ELECTION.fullmatch(item.name))
        case "Secret":
            return item.name == ISTIODS_SECRET
        case _:
            return False


def before_both(before: frozenset[Item], before_istio: frozenset[Item] | None) -> frozenset[Item]:
    """What was there before a namespace, and of Istio only what was there before *our* Istio, too.

    A namespace may be made when our Istio is installed already, for another one: then all that this Istio brought is
    found there. `before_istio` is the inventory that is kept beside it; None when there is no Istio of ours.
    """
    if before_istio is None:
        return before
    return frozenset(item for item in before if not _belongs_to_istio(item) or item in before_istio)


def _belongs_to_istio(item: Item) -> bool:
    return of_istio(item) or item.namespace == ISTIO_NAMESPACE


def encode(items: Iterable[Item]) -> str:
    """The inventory as the ConfigMap keeps it: sorted lines, compressed, in base64."""
    lines = "\n".join(f"{item.kind}\t{item.namespace}\t{item.name}" for item in sorted(items))
    return base64.b64encode(gzip.compress(lines.encode(), mtime=0)).decode()


def decode(text: str) -> frozenset[Item]:
    """The inventory from what `encode` made; lines that are none are passed over."""
    lines = gzip.decompress(base64.b64decode(text)).decode().splitlines()
    return frozenset(Item(*line.split("\t")) for line in lines if line.count("\t") == 2)


def store(kubectl: Kubectl, namespace: str, items: Iterable[Item]) -> None:
    """Keeps the inventory in the namespace; the first one stays when there is one already."""
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME, "labels": dict(labels.OURS)},
        "binaryData": {KEY: encode(items)},
    }
    try:
        kubectl.create(document, namespace)
    except ConflictError:
        return


def load(kubectl: Kubectl, namespace: str) -> frozenset[Item] | None:
    """The inventory kept in the namespace; None when there is none, or none that this user may read."""
    try:
        text = kubectl.get_json("configmaps", NAME, namespace=namespace).get("binaryData", {}).get(KEY)
    except ProgramFailedError as error:
        if forbidden(error):
            return None
        raise
    return decode(text) if text else None
