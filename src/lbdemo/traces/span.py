"""One part of a request's way, as OpenTelemetry has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

RUN = "lbdemo.run"
"""The attribute of the caller's span that names the run of the client."""

SEQ = "lbdemo.seq"
"""The attribute of the caller's span that numbers the call in its run."""

GATE = "lbdemo.gate"
"""The attribute of the caller's span that says that the call is not one of those that count."""

SERVER = "lbdemo.server"
"""The attribute of the caller's span that names the server, by the answer's own word."""


class Kind(Enum):
    """What a span's work is to the one above and below it: OTLP's numbers."""

    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


@dataclass(frozen=True, slots=True)
class Span:
    """One span. Identities are in hexadecimal digits, `parent` is "" for the first of a trace.

    `begin` and `end` are in nanoseconds since 1970 by the clock of who made the span. `failed` is its status;
    `resource` says who made it.
    """

    trace: str
    id: str
    parent: str
    name: str
    kind: Kind
    begin: int
    end: int
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    resource: Mapping[str, Any] = field(default_factory=dict, hash=False)
    failed: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0, self.end - self.begin) / 1e9

    @property
    def service(self) -> str:
        """The name of who made it; "" for none."""
        return str(self.resource.get("service.name", ""))

    @property
    def by_proxy(self) -> bool:
        """Whether an Envoy made it."""
        return self.attributes.get("component") == "proxy"

    @property
    def pod(self) -> str:
        """The pod (or, without a cluster, the instance) that made it; "" where it does not say.

        An Istio sidecar says so in its node's name: sidecar~ADDRESS~POD.NAMESPACE~DOMAIN.
        """
        named = self.resource.get("k8s.pod.name") or self.resource.get("service.instance.id")
        if named:
            return str(named)
        parts = str(self.attributes.get("node_id", "")).split("~")
        return parts[2].rpartition(".")[0] if len(parts) == 4 else parts[0]
