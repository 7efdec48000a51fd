"""Which pods have a mesh's proxy beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.kube.records.pods import Pod

ISTIO, LINKERD = "istio-proxy", "linkerd-proxy"
INBOUND = 15006
"""Where Istio's sidecar takes what comes in: connections to any port of the pod end there, whoever calls."""
GENERATOR = "ISTIO_META_GENERATOR"
"""The variable by which Istio's agent is told for whom it works: for `grpc` it runs no Envoy, the client is one."""
UID = 1337
"""As whom Istio's sidecar runs: what it sends passes its own interception."""


def proxy_of(pod: Pod | None) -> str:
    """The name of the pod's proxy container, native sidecars among them; "" without one, or where no pod is known.

    Istio's agent beside a client that has xDS itself has the same name, and is none.
    """
    beside = [c for c in (pod.containers if pod else ()) if c.name in (ISTIO, LINKERD) and (not c.init or c.always)]
    return next((c.name for c in beside if c.env.get(GENERATOR) != "grpc"), "")
