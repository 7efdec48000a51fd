"""The pods that serve the page."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from lbdemo.cluster.istio.sidecars import sidecar
from lbdemo.cluster.kernel import labels
from lbdemo.errors import LbdemoError
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS
from lbdemo.kube.records.pods import Pod, youngest_ready

SELECTOR = f"{labels.SELECTOR},{labels.RELEASE}={labels.SERVER},app.kubernetes.io/name=ui"


def newest(api: Api, namespace: str) -> Pod | None:
    """The youngest ready pod that serves the page; None when there is none."""
    return youngest_ready(need(api.list(PODS, namespace, selector=SELECTOR)))


@dataclass(slots=True)
class Mesh:
    """Whether the page is in a mesh, by its newest pod; as it was last where that cannot be seen."""

    api: Api
    namespace: str
    last: bool = False

    def __call__(self) -> bool:
        """As it is now."""
        with contextlib.suppress(LbdemoError):
            pod = newest(self.api, self.namespace)
            self.last = sidecar(pod) is not None if pod is not None else self.last
        return self.last
