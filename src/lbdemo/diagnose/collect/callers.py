"""Who calls: pods that a person names, whoever holds connections to the servers, and who is told of the service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.evidence import Caller, key
from lbdemo.diagnose.told import names_from, words
from lbdemo.diagnose.workloads import workload_of
from lbdemo.errors import InputError
from lbdemo.kube.answers import Unseen, Why, need
from lbdemo.kube.kinds import DEPLOYMENTS, PODS
from lbdemo.kube.selectors import equal_to
from lbdemo.kube.side_by_side import each

if TYPE_CHECKING:
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Service

MOST = 64
"""So many callers are looked up at most: of more, those with the most connections."""


@dataclass(frozen=True, slots=True)
class Found:
    """The callers, and what could not be seen of them."""

    callers: tuple[Caller, ...]
    unseen: tuple[Unseen, ...] = ()


def caller(pod: Pod, found_by: str) -> Caller:
    """A pod as a caller."""
    return Caller(key(pod), pod.addresses, found_by, pod, workload_of(pod), pod.node if pod.host_network else "")


def named(api: Api, names: Iterable[str], namespace: str) -> tuple[Caller, ...]:
    """The pods that a person names, as POD, KIND/NAME (pod, deploy, deployment), or with `NAMESPACE/` before it.

    Raises InputError for who is not there, UnseenError for who cannot be seen.
    """
    found = [caller(pod, "asked") for name in names for pod in _pods(api, name, namespace)]
    return tuple({one.name: one for one in found}.values())


KINDS = {"pod": "pod", "pods": "pod", "po": "pod", "deployment": "deployment", "deployments": "deployment",
         "deploy": "deployment"}  # fmt: skip


def _pods(api: Api, name: str, namespace: str) -> Sequence[Pod]:
    *before, last = name.split("/")
    kind = KINDS[before.pop()] if before and before[-1] in KINDS else ""
    where = before[0] if before else namespace
    if kind != "deployment" and (pod := need(api.get(PODS, last, where))) is not None:
        return [pod]
    deployment = need(api.get(DEPLOYMENTS, last, where)) if kind != "pod" else None
    if deployment is None:
        raise InputError(
            f"there is no {kind or 'pod or deployment'} {last} in namespace {where}",
            "name a caller as POD, deployment/NAME, or NAMESPACE/POD",
        )
    selector = equal_to(deployment.selector)
    return [pod for pod in need(api.list(PODS, where, selector=selector)) if pod.stays]


def by_addresses(api: Api, addresses: Sequence[str], namespace: str) -> Found:
    """Whose addresses these are: pods of any namespace, where they may be seen; else the addresses themselves."""
    answers = each(lambda address: _pod_at(api, address, namespace), addresses[:MOST])
    unseen = tuple(dict.fromkeys(answer for answer in answers if isinstance(answer, Unseen)))
    pairs = zip(addresses, answers, strict=False)
    return Found(tuple(_known(address, pod) for address, pod in pairs), unseen)


def _known(address: str, pod: Pod | Unseen | None) -> Caller:
    if pod is None or isinstance(pod, Unseen):
        return Caller(address, (address,), "sockets")
    return caller(pod, "sockets")


def pods_where(api: Api, fields: str, namespace: str) -> tuple[Pod, ...] | Unseen:
    """The pods with these fields: of all namespaces, or of the service's where a user may not look everywhere.

    None there is no answer then: they may be elsewhere.
    """
    found = api.list(PODS, fields=fields)
    if isinstance(found, Unseen) and found.why is Why.FORBIDDEN:
        near = api.list(PODS, namespace, fields=fields)
        return near if isinstance(near, Unseen) or near else found
    return found


def _pod_at(api: Api, address: str, namespace: str) -> Pod | Unseen | None:
    """The pod of this address, as far as a user may look.

    Pods of the node's own network share its address: it tells nothing of them. One that leaves may still call.
    """
    found = pods_where(api, f"status.podIP={address}", namespace)
    if isinstance(found, Unseen):
        return found
    there = [pod for pod in found if pod.phase not in ("Succeeded", "Failed") and not pod.host_network]
    return min(there, key=lambda pod: pod.meta.deleting, default=None)


def told_of(service: Service, pods: Iterable[Pod], domain: str) -> Iterator[Caller]:
    """Pods whose variables or arguments name the service: who calls it, by all that can be known without looking."""
    for pod in pods:
        names = names_from(service, domain, pod.meta.namespace)
        if pod.stays and any(_names(word, names) for word in words(pod)):
            yield caller(pod, "environment")


def _names(word: str, names: Sequence[str]) -> bool:
    """Whether a word of a configuration is an address of the service: one of its names with a port after it."""
    target = word.rpartition("=")[2].rpartition("/")[2]
    host, colon, port = target.partition(":")
    return bool(colon) and port.isdigit() and host.rstrip(".") in names
