"""An add-on's pages at a port of this machine, for as long as somebody looks at them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from lbdemo.cluster.addons.catalogue import Addon
from lbdemo.cluster.addons.find import check_ready, find, newest
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.page.forward import LOOPBACK, End, Forward, free_port, status
from lbdemo.cluster.page.page import Served
from lbdemo.cluster.page.passing import Address
from lbdemo.kube.proxy import Starts


@contextlib.contextmanager
def opened(
    tools: Tools, starts: Starts, addon: Addon, namespace: str, say: Callable[[str], None], *, port: int = 0
) -> Iterator[Served]:
    """Opens the way to the add-on, wherever it is (first looked for in `namespace`), at a port here (0: a free one).

    The port stays the same when the way is made anew. Raises LbdemoError when there is no way. It ends with the `with`.
    """
    found = find(tools.api, addon, namespace)
    check_ready(tools.api, found)
    say(f"{addon.name}: Service {found.service.meta.name} in namespace {found.namespace}")
    hint = f"`kubectl -n {found.namespace} get pods` shows why"
    here = End(addon.name, found.port, speaks_http, hint, port or free_port())
    forward = Forward(starts, tools.kubectl, lambda: newest(tools.api, found), say, here)
    with contextlib.closing(forward):
        forward.open()
        yield Served(f"http://{LOOPBACK}:{here.port_here}{found.path}")


def speaks_http(port: int) -> bool:
    """Whether something answers over HTTP at this port of this machine, whatever it says."""
    return status(Address(LOOPBACK, port)) is not None
