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
from lbdemo.cluster.page.actions import Desk
from lbdemo.cluster.page.api import PageApi
from lbdemo.cluster.page.forward import Forward
from lbdemo.cluster.page.front import Front, Site, serving
from lbdemo.cluster.page.happenings import Happenings
from lbdemo.front.page import files, ways
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import DEPLOYMENTS, PODS
from lbdemo.kube.proxy import Starts
from lbdemo.kube.records.pods import Pod, youngest_ready

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
def page(
    tools: Tools, starts: Starts, namespace: str, say: Callable[[str], None], *, port: int = 0, read_only: bool = False
) -> Iterator[Served]:
    """Opens the way to the page's pod and serves the page at a port of this machine (0: a free one).

    The page has buttons that change the cluster, unless it is `read_only`.

    Raises LbdemoError when there is no way. Everything ends with the `with`.
    """
    happenings = Happenings(tools.api, namespace)
    api = PageApi(
        happenings, None if read_only else Desk(tools.kubectl, namespace, lambda: replicas(tools.api, namespace))
    )
    forward = Forward(starts, tools.kubectl, lambda: newest(tools.api, namespace), say)

    def told() -> str:
        pod = forward.pod
        mesh = pod is not None and sidecar(pod) is not None
        return ways(f"{TITLE}, namespace {namespace}", shown(mesh=mesh), None, api.told())

    prefixes = [f"{way.path}/" for way in shown(mesh=False)]
    site = Site(files(), told, prefixes, forward.port, api)
    with contextlib.closing(happenings), contextlib.closing(forward), serving(Front(site, port)) as front:
        forward.open()
        happenings.begin()
        yield Served(front.url)


def replicas(api: Api, namespace: str) -> int:
    """How many servers there should be."""
    servers = need(api.get(DEPLOYMENTS, labels.SERVER, namespace))
    return servers.replicas if servers is not None else 0


def newest(api: Api, namespace: str) -> Pod | None:
    """The youngest ready pod that serves the page; None when there is none."""
    return youngest_ready(need(api.list(PODS, namespace, selector=SELECTOR)))
