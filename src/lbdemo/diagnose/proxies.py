"""Which pods have a mesh's proxy beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.kube.records.pods import Pod

ISTIO, LINKERD = "istio-proxy", "linkerd-proxy"
INBOUND = 15006
"""Where Istio's sidecar takes what comes in: connections to any port of the pod end there, whoever calls."""
UID = 1337
"""As whom Istio's sidecar runs: what it sends passes its own interception."""


def proxy_of(pod: Pod | None) -> str:
    """The name of the pod's proxy container, native sidecars among them; "" without one, or where no pod is known."""
    if pod is None:
        return ""
    return next((c.name for c in pod.containers if c.name in (ISTIO, LINKERD) and (not c.init or c.always)), "")
