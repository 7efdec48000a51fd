"""Istio's kinds that tell sidecars of listeners, beside Services: Sidecar, ServiceEntry, EnvoyFilter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lbdemo.kube.records.meta import Meta, parse_meta

ALL = ("0.0.0.0", "::")
INWARD = ("SIDECAR_INBOUND", "GATEWAY")
IP = frozenset("0123456789abcdef.:")
"""What an IP address is written with."""
HTTP = ("HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY")
"""The protocols of which Istio reads requests; all others are TCP to it."""


@dataclass(frozen=True, slots=True)
class ToldListener:
    """A listener for what leaves a pod to a port of these addresses (none: of all).

    `place` is where the protocol stands in its object, as a JSON pointer; "" where an EnvoyFilter adds the listener.
    """

    port: int
    addresses: tuple[str, ...] = ()
    protocol: str = ""
    place: str = ""

    @property
    def reads(self) -> bool:
        """Whether it says that requests are read there."""
        return self.protocol.upper() in HTTP


@dataclass(frozen=True, slots=True)
class ListenerRule:
    """An object that tells of listeners."""

    meta: Meta
    listeners: tuple[ToldListener, ...]
    selector: Mapping[str, str] = field(default_factory=dict)  # of the pods that it is for; empty: the namespace
    export_to: tuple[str, ...] = ()  # of a ServiceEntry: namespaces that it holds in; "." its own; empty: all
    hosts: tuple[str, ...] = ()  # of a ServiceEntry: the names that it stands for
    leads_to: tuple[str, ...] = ()  # of a ServiceEntry: those of its endpoints that are given by IP addresses


def parse_sidecar(item: Mapping[str, Any]) -> ListenerRule:
    """One Sidecar object, by what it says of ports that are called."""
    spec = item.get("spec") or {}
    told = ((n, one, one.get("port") or {}) for n, one in enumerate(spec.get("egress") or ()))
    listeners = (_told(port, f"/spec/egress/{n}/port", tuple(filter(None, [one.get("bind")]))) for n, one, port in told)
    return ListenerRule(parse_meta(item), tuple(each for each in listeners if each.port), _selector(spec))


def parse_service_entry(item: Mapping[str, Any]) -> ListenerRule:
    """One ServiceEntry object; without addresses it shares a port's listener with others, and takes none."""
    spec = item.get("spec") or {}
    addresses = tuple(str(address).partition("/")[0] for address in spec.get("addresses") or ())
    ports = enumerate(spec.get("ports") or ()) if addresses else ()
    listeners = tuple(_told(port, f"/spec/ports/{n}", addresses) for n, port in ports)
    ends = (str(one.get("address", "")) for one in spec.get("endpoints") or ())
    return ListenerRule(
        parse_meta(item), listeners, export_to=tuple(spec.get("exportTo") or ()), hosts=tuple(spec.get("hosts") or ()),
        leads_to=tuple(end for end in ends if end and set(end.lower()) <= IP and not end.isalpha()),
    )  # fmt: skip


def parse_envoy_filter(item: Mapping[str, Any]) -> ListenerRule:
    """One EnvoyFilter object, by the listeners that it adds to sidecars; not where it is for gateways it names."""
    spec = item.get("spec") or {}
    listeners = () if spec.get("targetRefs") else tuple(_added(spec))
    return ListenerRule(parse_meta(item), listeners, _selector(spec))


def _added(spec: Mapping[str, Any]) -> Iterator[ToldListener]:
    for each in spec.get("configPatches") or ():
        patch, context = each.get("patch") or {}, (each.get("match") or {}).get("context")
        at = ((patch.get("value") or {}).get("address") or {}).get("socket_address") or {}
        added = each.get("applyTo") == "LISTENER" and patch.get("operation") == "ADD"
        if added and context not in INWARD and at.get("port_value"):
            yield ToldListener(int(at["port_value"]), tuple({at.get("address", "")} - {"", *ALL}))


def _told(port: Mapping[str, Any], place: str, addresses: tuple[str, ...]) -> ToldListener:
    return ToldListener(int(port.get("number", 0)), addresses, str(port.get("protocol", "")), f"{place}/protocol")


def _selector(spec: Mapping[str, Any]) -> Mapping[str, str]:
    return (spec.get("workloadSelector") or {}).get("labels") or {}
