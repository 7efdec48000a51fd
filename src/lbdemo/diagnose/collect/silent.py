"""Whose calls come to nothing: who is told of the service and reaches no pod, where something shows that it was tried,
and why the connections of those who do end at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect import callers as who
from lbdemo.diagnose.collect import clients
from lbdemo.diagnose.collect.shown_out import shown_out
from lbdemo.diagnose.collect.watching import AT_ONCE, Watched, first_look, gathered
from lbdemo.diagnose.complaints import ENDS
from lbdemo.diagnose.mutual_tls import wants_mutual_tls
from lbdemo.diagnose.silence import in_vain, knocking, silent
from lbdemo.diagnose.told import calls_only
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import PODS
from lbdemo.kube.questions import METADATA_LIST
from lbdemo.kube.reads import Choice
from lbdemo.kube.records.meta import parse_meta
from lbdemo.kube.side_by_side import each

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.kube.records.pods import Pod

MOST = 16
"""So many of them are looked at."""
CROWD = 200
"""Of more pods nobody reads what each is told: that would be megabytes."""
CROWD_OF_A_MESH = 1000
"""Where plain text is refused, so many: no socket shows who tries."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Further callers, none of whose calls arrives; and what was seen of them and of such that were known."""

    callers: tuple[Caller, ...] = ()
    looks: Watched = field(default_factory=Watched)


def looked(means: Means, evidence: Evidence, *, named: bool) -> Silent:
    """The logs of callers that are known and were not heard of; and, but where callers are `named`, further pods that
    are told of the service, with their sockets and logs, and those that servers' sidecars refuse."""
    refused = shown_out(means, evidence)
    out = () if named else refused.callers
    case = Case(replace(evidence, callers=(*evidence.callers, *out)))
    known, more = silent(case), () if named else _told(means, case)
    found, unseen = ((), (more,)) if isinstance(more, Unseen) else (more, ())
    beside = first_look(means, [one.pod for one in found if one.pod is not None and one.pod.ready])
    seen = gathered([Watched(clients=refused.clients, unseen=unseen), _logs(means, case, (*known, *found)),
                     _cut_short(means, case),
                     replace(beside, unseen=(), blind=())])  # fmt: skip
    return Silent((*out, *_tried(case.evidence, found, seen)), seen)


def _logs(means: Means, case: Case, callers: Collection[Caller], *, sure: bool = False) -> Watched:
    """What logs complain of; a pod that logs nothing of it is not noted. `sure`: that a line means this service."""
    pods, names, service = [one.pod for one in callers if one.pod is not None], _names(case), case.evidence.name
    looks = each(lambda pod: clients.complaining(means, pod, names, sure=sure or calls_only(pod, service)), pods,
                 AT_ONCE)  # fmt: skip
    return Watched(clients=tuple(look for look in looks if look.complaints))


def _cut_short(means: Means, case: Case) -> Watched:
    """What logs say of TLS and of connections that break, of callers none of whose connections to the pods lasts: it is
    these that end, whether or not a line names the service."""
    ending = [one for one in case.bare if case.fleeting(one).closed and not case.fleeting(one).lasting]
    looks = _logs(means, case, ending[:MOST], sure=True).clients
    told = (replace(look, complaints=tuple(one for one in look.complaints if one.why in ENDS)) for look in looks)
    return Watched(clients=tuple(look for look in told if look.complaints))


def _names(case: Case) -> tuple[str, ...]:
    """What a line of a log has in it that is of this service."""
    addresses = [address for server in case.servers for address in server.addresses]
    return (case.evidence.name, *(one for one in case.evidence.service.cluster_ips if one != "None"), *addresses)


def _told(means: Means, case: Case) -> tuple[Caller, ...] | Unseen:
    """Pods that are told of the service, and that are nobody yet."""
    pods, evidence = _pods(means, case), case.evidence
    if isinstance(pods, Unseen):
        return pods
    known = {*(one.name for one in evidence.callers), *(server.name for server in case.servers)}
    told = who.told_of(evidence.service, pods, evidence.domain)
    return tuple(one for one in told if one.name not in known)[:MOST]


def _pods(means: Means, case: Case) -> tuple[Pod, ...] | Unseen:
    """All pods, or those of the service's namespace. Who is refused for want of mutual TLS is mostly of another one."""
    refuses = wants_mutual_tls(case) is not None
    everywhere = _few(means, "", CROWD_OF_A_MESH if refuses else CROWD)
    return everywhere if isinstance(everywhere, tuple) and everywhere else _few(means, case.evidence.namespace, CROWD)


def _few(means: Means, namespace: str, most: int) -> tuple[Pod, ...] | Unseen:
    """The namespace's pods (or all); none where there are so many of them that all would be too much to read."""
    one = means.api.listing(PODS.read_as(parse_meta), Choice(namespace, limit=1, accept=METADATA_LIST))
    if isinstance(one, Unseen):
        return one
    return means.api.list(PODS, namespace) if one.left < most else ()


def _tried(evidence: Evidence, more: Collection[Caller], seen: Watched) -> Iterator[Caller]:
    """Those that are silent, and of which something shows that they tried."""
    case = Case(replace(evidence, callers=(*evidence.callers, *more), sockets=(*evidence.sockets, *seen.sockets),
                        clients=(*evidence.clients, *seen.clients)))  # fmt: skip
    for one in silent(case):
        if one in more and (in_vain(case, one) or knocking(case, one) or case.client(one).complaints):
            yield one
