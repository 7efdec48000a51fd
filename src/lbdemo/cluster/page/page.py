"""The page in the cluster, as this machine serves it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from lbdemo.cluster.install.page import TITLE, shown
from lbdemo.cluster.istio.sidecars import sidecar
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.page.forward import Forward
from lbdemo.cluster.page.front import Front, Site, serving
from lbdemo.front.page import files, ways
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS
from lbdemo.kube.proxy import Starts
from lbdemo.kube.records.pods import Pod

SELECTOR = f"{labels.SELECTOR},{labels.RELEASE}={labels.SERVER},app.kubernetes.io/name=ui"


@dataclass(frozen=True, slots=True)
class Served:
    """The page's address."""

    url: str

    def stay(self) -> NoReturn:
        """Returns never; raises KeyboardInterrupt on Ctrl-C."""
        while True:
            time.sleep(1)


@contextlib.contextmanager
def page(tools: Tools, starts: Starts, namespace: str, port: int, say: Callable[[str], None]) -> Iterator[Served]:
    """Opens the way to the page's pod and serves the page at a port of this machine (0: a free one).

    Raises LbdemoError when there is no way. Everything ends with the `with`.
    """
    forward = Forward(starts, tools.kubectl, lambda: newest(tools.api, namespace), say)

    def told() -> str:
        pod = forward.pod
        mesh = pod is not None and sidecar(pod) is not None
        return ways(f"{TITLE}, namespace {namespace}", shown(mesh=mesh), None)

    prefixes = [f"{way.path}/" for way in shown(mesh=False)]
    site = Site(files(), told, prefixes, forward.port)
    with contextlib.closing(forward), serving(Front(site, port)) as front:
        forward.open()
        yield Served(front.url)


def newest(api: Api, namespace: str) -> Pod | None:
    """The youngest ready pod that serves the page; None when there is none."""
    pods = need(api.list(PODS, namespace, selector=SELECTOR))
    return max((pod for pod in pods if pod.ready), key=lambda pod: (pod.meta.created or 0, pod.name), default=None)
