"""Whose pods are whose: those of our releases, and those of others that use our Istio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lbdemo.cluster.cleanup.proof import Removal
from lbdemo.cluster.kernel import labels
from lbdemo.kube.answers import Unseen, need, seen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS, REPLICA_SETS, SECRETS
from lbdemo.kube.records.meta import Meta

MESHED = "security.istio.io/tlsMode=istio"  # the label that injection puts on a pod
SOME = 50  # pods that are looked at to name who uses Istio


@dataclass(frozen=True, slots=True)
class IstioUsers:
    """The namespaces where others rely on our Istio, and what could not be seen of them."""

    namespaces: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @property
    def reason(self) -> str:
        """Why Istio has to stay for them; "" when nobody uses it."""
        if self.namespaces:
            return f"pods in {', '.join(self.namespaces)} still use it"
        if self.unseen:
            hints = dict.fromkeys(unseen.hint for unseen in self.unseen if unseen.hint)
            return "; ".join([f"others may use it, and this user cannot see {self.unseen[0]}", *hints])
        return ""


def istio_users(api: Api, namespace: str, held: Sequence[Removal], replica_sets: frozenset[str]) -> IstioUsers:
    """Namespaces with meshed pods (or gateways) of others, or with another lbdemo that needs istiod."""
    around = f"metadata.namespace!={namespace}"
    elsewhere = api.metas(PODS, selector=MESHED, fields=around, limit=SOME)
    releases = api.metas(SECRETS, selector=f"{labels.STRATEGY} in (istio,xds)", fields=around, limit=SOME)
    beside = api.metas(PODS, namespace, selector=MESHED, limit=SOME)
    if not isinstance(beside, Unseen):
        beside = tuple(pod for pod in beside if not ends_with_us(pod, held, replica_sets))
    found, missing = seen([elsewhere, releases, beside])
    return IstioUsers(tuple(sorted({meta.namespace for metas in found for meta in metas})), tuple(missing))


def replica_sets_of(api: Api, namespace: str, held: Sequence[Removal]) -> frozenset[str]:
    """The uids of the ReplicaSets that our Deployments own: by them their pods are known when both are gone."""
    deployments = {removal.object.meta.uid for removal in held if removal.object.kind.name == "Deployment"}
    if not deployments:
        return frozenset()
    sets = need(api.metas(REPLICA_SETS, namespace, selector=labels.SELECTOR))
    return frozenset(one.uid for one in sets if any(owner.uid in deployments for owner in one.owners))


def ends_with_us(pod: Meta, held: Sequence[Removal], replica_sets: frozenset[str]) -> bool:
    """Whether a pod is of our releases: by its owner, or because a release holds it itself, as that of a test."""
    by_owner = any(owner.uid in replica_sets for owner in pod.owners)
    return by_owner or any(removal.object.meta.uid == pod.uid for removal in held)


def our_pods(api: Api, namespace: str, held: Sequence[Removal], replica_sets: frozenset[str]) -> list[Meta]:
    """The pods of our releases that are still there."""
    pods = need(api.metas(PODS, namespace, selector=labels.SELECTOR))
    return [pod for pod in pods if ends_with_us(pod, held, replica_sets)]
