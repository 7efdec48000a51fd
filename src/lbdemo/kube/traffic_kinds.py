"""The kinds that decide where a request goes, of Istio and of the Gateway API, as whole records.

Apart from the other kinds: most commands need none of them, and each record takes its time to be imported.
"""

from __future__ import annotations

from lbdemo.kube import kinds
from lbdemo.kube.kinds import ISTIO_VERSIONS, Kind
from lbdemo.kube.records.gateways import parse_gateway, parse_route
from lbdemo.kube.records.istio import parse_destination_rule, parse_peer_authentication, parse_virtual_service
from lbdemo.kube.records.istio_listeners import parse_envoy_filter, parse_service_entry, parse_sidecar

ISTIO_API = "networking.istio.io"
VIRTUAL_SERVICES = Kind("virtualservices", "VirtualService", parse_virtual_service, ISTIO_API, ISTIO_VERSIONS)
SIDECARS = Kind("sidecars", "Sidecar", parse_sidecar, ISTIO_API, ISTIO_VERSIONS)
SERVICE_ENTRIES = Kind("serviceentries", "ServiceEntry", parse_service_entry, ISTIO_API, ISTIO_VERSIONS)
ENVOY_FILTERS = Kind("envoyfilters", "EnvoyFilter", parse_envoy_filter, ISTIO_API, ("v1alpha3",))
DESTINATION_RULES = kinds.DESTINATION_RULES.read_as(parse_destination_rule)
PEER_AUTHENTICATIONS = kinds.PEER_AUTHENTICATIONS.read_as(parse_peer_authentication)
GATEWAY_API = "gateway.networking.k8s.io"
GATEWAYS = Kind("gateways", "Gateway", parse_gateway, GATEWAY_API, ("v1", "v1beta1"))
HTTP_ROUTES = Kind("httproutes", "HTTPRoute", parse_route, GATEWAY_API, ("v1", "v1beta1"))
GRPC_ROUTES = Kind("grpcroutes", "GRPCRoute", parse_route, GATEWAY_API, ("v1", "v1alpha2"))
