"""An Envoy of somebody's own: told its upstream on its command line, as people try it first."""

from __future__ import annotations

import json
import os
from typing import Any

from e2e.foreign import PORT, deployment

LISTENS = 10000
HTTP = "type.googleapis.com/envoy.extensions"
CONNECTIONS = f"{HTTP}.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = f"{HTTP}.filters.http.router.v3.Router"
OPTIONS = f"{HTTP}.upstreams.http.v3.HttpProtocolOptions"


def envoy(name: str, upstream: str, port: int = PORT, *, kind: str = "STRICT_DNS", replicas: int = 1) -> dict[str, Any]:
    """A Deployment of Envoys that send all calls to the pods (or the one address) that the name has."""
    made = deployment(name, "go", (), replicas, container=container(upstream, port, kind=kind))
    ready = {"tcpSocket": {"port": LISTENS}, "periodSeconds": 2}
    made["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = ready
    return made


def container(upstream: str, port: int = PORT, *, kind: str = "STRICT_DNS") -> dict[str, Any]:
    config = json.dumps(_config(upstream, port, kind))
    return {
        "name": "envoy", "image": os.environ["LBDEMO_ENVOY_IMAGE"], "args": None,
        "command": ["/usr/local/bin/envoy", "--concurrency", "1", "-l", "warn", "--config-yaml", config],
        "ports": [{"containerPort": LISTENS}],
    }  # fmt: skip


def _config(upstream: str, port: int, kind: str) -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"}}
    manager = {
        "@type": CONNECTIONS, "stat_prefix": "in", "codec_type": "HTTP2",
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{ROUTER}"}}],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
    }  # fmt: skip
    cluster = {
        "name": "upstream", "type": kind, "connect_timeout": "2s", "dns_lookup_family": "V4_ONLY",
        "load_assignment": {"cluster_name": "upstream", "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": _address(upstream, port)}}]}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": OPTIONS, "explicit_http_config": {"http2_protocol_options": {}}}},
    }  # fmt: skip
    listener = {
        "name": "in",
        "address": _address("0.0.0.0", LISTENS),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}
