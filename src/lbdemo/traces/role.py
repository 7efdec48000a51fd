"""What part a span has on a request's way, and the ways that there are."""

from __future__ import annotations

from enum import Enum

from lbdemo.traces.span import RUN, Kind, Span


class Role(Enum):
    """A hop, in a person's words."""

    CALLER = "caller"  # from when the call was due: it may have had to wait for its turn
    CLIENT = "client"
    OUTBOUND = "client's sidecar"
    INBOUND = "server's sidecar"
    PROXY = "Envoy"
    SERVER = "server"
    OTHER = "other"


DIRECT = (Role.CALLER, Role.CLIENT, Role.SERVER)
PROXIED = (Role.CALLER, Role.CLIENT, Role.PROXY, Role.SERVER)
MESHED = (Role.CALLER, Role.CLIENT, Role.OUTBOUND, Role.INBOUND, Role.SERVER)

_KINDS = {Kind.CLIENT: Role.CLIENT, Kind.SERVER: Role.SERVER}


def role(span: Span) -> Role:
    """The part that a span has.

    An Istio sidecar is one by its node's name; which of the two, its cluster's name says (`outbound|…`, `inbound|…`).
    """
    if span.by_proxy:
        return _of_proxy(span)
    if span.kind is Kind.INTERNAL and RUN in span.attributes:
        return Role.CALLER
    return _KINDS.get(span.kind, Role.OTHER)


def _of_proxy(span: Span) -> Role:
    if not str(span.attributes.get("node_id", "")).startswith("sidecar~"):
        return Role.PROXY
    cluster = str(span.attributes.get("upstream_cluster", ""))
    into = cluster.startswith("inbound|") or (not cluster and span.kind is Kind.SERVER)
    return Role.INBOUND if into else Role.OUTBOUND
