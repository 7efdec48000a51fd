"""Why calls through sidecars are not answered, where none is: looked at after the watch, as it is seldom needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import reads_http2
from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect import clients, envoy_hosts
from lbdemo.diagnose.collect.exec_looks import Execs, Turns
from lbdemo.diagnose.collect.watching import AT_ONCE, Watched, gathered, hosts_of
from lbdemo.diagnose.proxies import ISTIO, proxy_of
from lbdemo.diagnose.refusals import failing, inbound, silent
from lbdemo.kube.side_by_side import each

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.diagnose.servers import Server

TWICE = Turns(2, 1.0)


def looked(means: Means, bare: Evidence, callers: Sequence[Caller], seen: Watched) -> Watched:
    """The servers' own sidecars, where all calls of a caller's fail; the logs of callers whose sidecars sent none."""
    case = Case(replace(bare, callers=tuple(callers), envoys=seen.envoys))
    meshed = [caller for caller in callers if case.meshed(caller)] if reads_http2(bare.port) else []
    asked = case.ready if any(failing(case, caller) for caller in meshed) else ()
    quiet = [caller.pod for caller in meshed if caller.pod is not None and silent(case, caller)]
    execs = Execs(means.kubectl)
    jobs: list[Callable[[], Watched]] = [
        *(lambda one=one: _inside(execs, one) for one in asked if proxy_of(one.pod) == ISTIO),
        *(lambda pod=pod: Watched(clients=(clients.shaken_off(means, pod),)) for pod in quiet),
    ]
    return gathered(each(lambda job: job(), jobs, AT_ONCE))


def _inside(execs: Execs, server: Server) -> Watched:
    """What a server's sidecar counts of its own pod: a cluster without a host's name."""
    if server.pod is None:
        return Watched()
    return hosts_of(execs, server.pod, envoy_hosts.ways((inbound(server.port),)), ("",), TWICE)
