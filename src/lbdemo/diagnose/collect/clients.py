"""What else callers' pods tell of the gRPC in them: of which kind it is, where that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.diagnose.collect.exec_looks import running
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.looks import ClientLook
from lbdemo.diagnose.proxies import ISTIO, LINKERD
from lbdemo.diagnose.told import channels
from lbdemo.errors import LbdemoError

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.kube.records.pods import Pod

# The libraries of Python, Ruby, PHP and C++ as the kernel names what a program has loaded.
CORE = "grep -qsE 'cygrpc|grpc_c[.]so|/grpc[.]so|libgrpc[.]so' /proc/[0-9]*/maps"
NOT_THERE = 1  # grep's exit code where it has read all and found nothing


def look(means: Means, pod: Pod) -> ClientLook:
    """What the pod tells. Its programs are looked at only where it says that it makes several channels."""
    return ClientLook(key(pod), core=_core(means, pod) if channels(pod) > 1 else None)


def _core(means: Means, pod: Pod) -> bool | None:
    """Whether a program of the pod has loaded gRPC's C core; None where that cannot be seen in some container."""
    seen = [_loaded(means, pod, one.name) for one in running(pod) if one.name not in (ISTIO, LINKERD)]
    return True if True in seen else None if None in seen or not seen else False


def _loaded(means: Means, pod: Pod, container: str) -> bool | None:
    try:
        done = means.kubectl.exec(pod.name, pod.meta.namespace, ["sh", "-c", CORE], container=container, timeout=10)
    except LbdemoError:
        return None
    return {0: True, NOT_THERE: False}.get(done.code)
