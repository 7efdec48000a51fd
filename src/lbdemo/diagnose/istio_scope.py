"""Which of Istio's objects hold for a service and for who calls it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lbdemo.kube.records.istio import MESH

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.diagnose.servers import Server
    from lbdemo.kube.records.istio import DestinationRule, PeerAuthentication, Subset, VirtualService
    from lbdemo.kube.records.meta import Meta
    from lbdemo.kube.records.pods import Pod

ROOT = "istio-system"
"""Istio's root namespace, unless its mesh configuration names another one."""
INJECT = "sidecar.istio.io/inject"
"""The label, or annotation, by which a pod says whether it wants a sidecar, whatever its namespace says."""
INJECTION, REVISION = "istio-injection", "istio.io/rev"


def whole_name(host: str, namespace: str, domain: str) -> str:
    """A host as Istio reads it: a short name is of the namespace of the object that it stands in."""
    if "." not in host and host != "*":
        return f"{host}.{namespace}.svc.{domain}"
    return host


def fits(host: str, name: str) -> bool:
    """Whether a host, which may begin with `*`, is this name."""
    return host == name or host == "*" or (host.startswith("*.") and name.endswith(host[1:]))


def exported_to(export_to: tuple[str, ...], own: str, namespace: str) -> bool:
    """Whether an object of the namespace `own` holds in another one."""
    return not export_to or "*" in export_to or namespace in export_to or ("." in export_to and namespace == own)


def virtual_services_for(evidence: Evidence, namespace: str) -> Iterator[VirtualService]:
    """Those that sidecars in this namespace heed for the service's host."""
    found = evidence.surroundings.virtual_services
    for one in found if isinstance(found, tuple) else ():
        own = one.meta.namespace
        hosts = (whole_name(host, own, evidence.domain) for host in one.hosts)
        heeded = MESH in one.gateways and exported_to(one.export_to, own, namespace)
        if heeded and any(fits(host, evidence.host) for host in hosts):
            yield one


def routes_meant_for(evidence: Evidence) -> Iterator[VirtualService]:
    """Those that say something of this service's calls, whoever heeds them.

    They name it among their hosts, or choose among its subsets, or between it and others. One that hands a website's
    calls on to the service is a gateway's, and means nobody else.
    """
    found = evidence.surroundings.virtual_services
    for one in found if isinstance(found, tuple) else ():
        own = one.meta.namespace
        named = evidence.host in (whole_name(host, own, evidence.domain) for host in one.hosts)
        chosen = [
            route for route in one.routes
            if any(whole_name(to.host, own, evidence.domain) == evidence.host for to in route.destinations)
        ]  # fmt: skip
        if chosen and (named or any(len(r.destinations) > 1 or r.destinations[0].subset for r in chosen)):
            yield one


def destination_rule_for(evidence: Evidence, namespace: str) -> DestinationRule | None:
    """The one that sidecars in this namespace heed for the service's host.

    It is looked for in the caller's namespace, then in the service's, then in Istio's root namespace; and it must be
    exported there (Istio's documentation of DestinationRule, `exportTo` and "Cross namespace configuration sharing").
    Of those in one place the one that names the host most exactly holds, of such as name the same one the oldest. Rules
    for some of the callers' pods only (`workloadSelector`) are left out.
    """
    found = [one for one in _rules(evidence) if not one.selector]
    for place in dict.fromkeys((namespace, evidence.namespace, ROOT)):
        here = [one for one in found if one.meta.namespace == place]
        here = [one for one in here if exported_to(one.export_to, place, namespace)]
        if here:
            return min(here, key=_precedence)
    return None


def rules_elsewhere(evidence: Evidence, namespace: str) -> Iterator[DestinationRule]:
    """Those for the service's host that sidecars in this namespace never heed, since they stand somewhere else."""
    places = {namespace, evidence.namespace, ROOT}
    for one in _rules(evidence):
        if one.meta.namespace not in places or not exported_to(one.export_to, one.meta.namespace, namespace):
            yield one


def holds(server: Server, subset: Subset) -> bool:
    """Whether the server's pod is in the subset; False for what is no pod that could be seen."""
    return server.pod is not None and subset.labels.items() <= server.pod.meta.labels.items()


def _rules(evidence: Evidence) -> Iterator[DestinationRule]:
    found = evidence.surroundings.destination_rules
    for one in found if isinstance(found, tuple) else ():
        if fits(whole_name(one.host, one.meta.namespace, evidence.domain), evidence.host):
            yield one


def _precedence(one: DestinationRule) -> tuple[bool, int, str]:
    """Whole names first, then the longest with `*`, then the oldest."""
    return one.host.startswith("*"), -len(one.host) if one.host.startswith("*") else 0, one.meta.created


def strict_for(evidence: Evidence, pod: Pod, port: int) -> PeerAuthentication | None:
    """What makes this pod refuse plain text on the port; None: nothing."""
    found = mutual_tls_of(evidence, pod, port)
    return found[0] if found is not None and found[1] == "STRICT" else None


def mutual_tls_of(evidence: Evidence, pod: Pod, port: int) -> tuple[PeerAuthentication, str] | None:
    """What says whether this pod takes mutual TLS on the port, and its mode: for the pod, else its namespace, else the
    mesh.

    The narrowest one that says anything holds; None: nothing does, so that it takes both.
    """
    found = evidence.surroundings.peer_authentications
    known = found if isinstance(found, tuple) else ()
    near = [one for one in known if one.meta.namespace == pod.meta.namespace]
    scopes: tuple[Iterable[PeerAuthentication], ...] = (
        [one for one in near if one.selector and one.selector.items() <= pod.meta.labels.items()],
        [one for one in near if not one.selector],
        [one for one in known if one.meta.namespace == ROOT and not one.selector],
    )
    for scope in scopes:
        for one in scope:
            mode = one.ports.get(port, one.mode)
            if mode not in ("", "UNSET"):
                return one, mode
    return None


def injects(namespace: Meta | None) -> str:
    """The label by which Istio puts sidecars into new pods of the namespace, as `name=value`; "" where it does not."""
    if namespace is None:
        return ""
    if namespace.labels.get(INJECTION):
        return f"{INJECTION}=enabled" if namespace.labels[INJECTION] == "enabled" else ""
    revision = namespace.labels.get(REVISION, "")
    return f"{REVISION}={revision}" if revision else ""


def refuses(pod: Pod | None) -> tuple[str, ...]:
    """Where the pod says that it wants no sidecar: `labels`, `annotations`; none where it does not say that."""
    said = {"labels": pod.meta.labels, "annotations": pod.meta.annotations} if pod is not None else {}
    return tuple(place for place, members in said.items() if members.get(INJECT) == "false")
