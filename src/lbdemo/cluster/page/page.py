"""The page in the cluster, as this machine serves it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from lbdemo.cluster.install.page import TITLE, shown
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.page.actions import Desk
from lbdemo.cluster.page.api import PageApi
from lbdemo.cluster.page.forward import Forward
from lbdemo.cluster.page.front import Front, Site, serving
from lbdemo.cluster.page.gateway import Gateway
from lbdemo.cluster.page.happenings import Happenings
from lbdemo.cluster.page.pods import Mesh, newest
from lbdemo.front.page import files, ways
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import DEPLOYMENTS
from lbdemo.kube.proxy import Starts


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
    tools: Tools, starts: Starts, namespace: str, say: Callable[[str], None], *, port: int = 0, read_only: bool = False,
    gateway: Gateway | None = None,
) -> Iterator[Served]:  # fmt: skip
    """Opens the way to the page's pod, or through the gateway, and serves the page at a port here (0: a free one).

    The page has buttons that change the cluster, unless it is `read_only`.

    Raises LbdemoError when there is no way. Everything ends with the `with`.
    """
    happenings = Happenings(tools.api, namespace)
    api = PageApi(
        happenings, None if read_only else Desk(tools.kubectl, namespace, lambda: replicas(tools.api, namespace))
    )
    mesh = Mesh(tools.api, namespace)

    def told() -> str:
        return ways(f"{TITLE}, namespace {namespace}", shown(mesh=mesh()), None, api.told())

    prefixes = [f"{way.path}/" for way in shown(mesh=False)]
    lead = gateway.behind(starts, say) if gateway else by_port_forward(tools, starts, namespace, say)
    with contextlib.closing(happenings), lead as way:
        happenings.begin()
        with serving(Front(Site(files(), told, prefixes, way.address, api), port)) as front:
            yield Served(front.url)


@contextlib.contextmanager
def by_port_forward(tools: Tools, starts: Starts, namespace: str, say: Callable[[str], None]) -> Iterator[Forward]:
    """A port-forward to the page's newest pod, open."""
    forward = Forward(starts, tools.kubectl, lambda: newest(tools.api, namespace), say)
    with contextlib.closing(forward):
        forward.open()
        yield forward


def replicas(api: Api, namespace: str) -> int:
    """How many servers there should be."""
    servers = need(api.get(DEPLOYMENTS, labels.SERVER, namespace))
    return servers.replicas if servers is not None else 0
