"""What consumers of a Service's port take its name and its appProtocol for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.kube.records.services import ServicePort

GRPC = ("grpc", "grpc-web")
HTTP2 = (*GRPC, "http2", "kubernetes.io/h2c", "h2c")
H2C = "kubernetes.io/h2c"
"""What the controllers of the Gateway API understand for gRPC that is not encrypted."""
LINKERD = ("", "http", "http2", H2C, "kubernetes.io/http2")
"""What Linkerd reads calls of since it heeds appProtocol (2.18): it passes connections on for any other word."""


def reads_http2(port: ServicePort) -> bool:
    """Whether the port tells Istio that it speaks HTTP/2: by its appProtocol, which goes before its name."""
    return (port.app_protocol or port.name.partition("-")[0]).lower() in HTTP2
