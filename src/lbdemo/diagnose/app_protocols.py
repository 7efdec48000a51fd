"""What consumers of a Service's port take its name and its appProtocol for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Fix
from lbdemo.diagnose.patches import port_exchanged

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.services import ServicePort

GRPC = ("grpc", "grpc-web")
HTTP2 = (*GRPC, "http2", "kubernetes.io/h2c", "h2c")
H2C = "kubernetes.io/h2c"
"""What the controllers of the Gateway API understand for gRPC that is not encrypted."""
LINKERD = ("", "http", "http2", H2C, "kubernetes.io/http2")
"""What Linkerd reads calls of since it heeds appProtocol (2.18): it passes connections on for any other word."""


NAMED = ("grpc", "http2", "h2c")
"""How names of ports begin that are for gRPC, as Istio takes it from them."""


OTHERS = {"http", "metrics", "prometheus", "health", "healthz", "admin", "debug", "pprof"}
"""Words in names of ports that stand for something else; `https`, `tls` and `tcp` may be gRPC."""


def speaks_grpc(port: ServicePort) -> bool:
    """Whether the port says that it does: by its application protocol, or by its name."""
    return port.app_protocol in (*NAMED, H2C) or port.name.partition("-")[0] in NAMED


def unlikely(port: ServicePort) -> int:
    """How unlikely it is that gRPC is spoken there: 0 where the port says so, 2 where it says something else."""
    if speaks_grpc(port):
        return 0
    words = (port.app_protocol or port.name).lower().replace("/", "-").split("-")
    return 2 if port.protocol != "TCP" or OTHERS & {*words, *port.name.lower().split("-")} else 1


def reads_http2(port: ServicePort) -> bool:
    """Whether the port tells Istio that it speaks HTTP/2: by its appProtocol, which goes before its name."""
    return (port.app_protocol or port.name.partition("-")[0]).lower() in HTTP2


def protocol_told(case: Case, protocol: str, title: str, advice: str = "") -> Fix:
    """To say another appProtocol of the Service's port, which goes before the port's name."""
    port = case.evidence.port
    changes = port_exchanged(case.evidence.service, port, "appProtocol", port.app_protocol or None, protocol)
    return Fix(title, *changes, advice)
