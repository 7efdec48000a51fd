"""The kinds that decide where a request goes, of Istio and of the Gateway API, as whole records.

Apart from the other kinds: most commands need none of them, and each record takes its time to be imported.
"""

from __future__ import annotations

from lbdemo.kube import kinds
from lbdemo.kube.kinds import ISTIO_VERSIONS, Kind
from lbdemo.kube.records.gateways import parse_gateway, parse_route
from lbdemo.kube.records.istio import parse_destination_rule, parse_peer_authentication, parse_virtual_service

VIRTUAL_SERVICES = Kind("virtualservices", "VirtualService", parse_virtual_service, "networking.istio.io",
                        ISTIO_VERSIONS)  # fmt: skip
DESTINATION_RULES = kinds.DESTINATION_RULES.read_as(parse_destination_rule)
PEER_AUTHENTICATIONS = kinds.PEER_AUTHENTICATIONS.read_as(parse_peer_authentication)
GATEWAY_API = "gateway.networking.k8s.io"
GATEWAYS = Kind("gateways", "Gateway", parse_gateway, GATEWAY_API, ("v1", "v1beta1"))
HTTP_ROUTES = Kind("httproutes", "HTTPRoute", parse_route, GATEWAY_API, ("v1", "v1beta1"))
GRPC_ROUTES = Kind("grpcroutes", "GRPCRoute", parse_route, GATEWAY_API, ("v1", "v1alpha2"))
