"""What else callers' pods tell of the gRPC in them: its kind, where that matters, and what it complains of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.collect.exec_looks import running
from lbdemo.diagnose.complaints import AT_HOME, NAMELESS, complaints
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.looks import ClientLook
from lbdemo.diagnose.proxies import ISTIO, LINKERD
from lbdemo.diagnose.told import channels
from lbdemo.errors import LbdemoError
from lbdemo.kube.answers import UnseenError
from lbdemo.kube.streams import BrokenStreamError, LogQuery

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.kube.records.pods import Pod

# The libraries of Python, Ruby, PHP and C++ as the kernel names what a program has loaded.
CORE = "grep -qsE 'cygrpc|grpc_c[.]so|/grpc[.]so|libgrpc[.]so' /proc/[0-9]*/maps"
NOT_THERE = 1  # grep's exit code where it has read all and found nothing


REFUSED = b"too_many_pings"
"""What a server sends who refuses pings; clients of all libraries have to log it (gRPC's proposal A9)."""
NO_TLS = (
    b"handshake failed", b"HandshakeException", b"not an SSL/TLS record", b"before secure TLS connection",
    b"SSL connection could not be established",
)  # fmt: skip
"""What clients say to whom no TLS answers: Go and gRPC's C core, Java (both), Node, .NET."""
RECENT, LAST = 600, 2000  # seconds, and lines, of a log that are read; of them nothing is kept but a number


def look(means: Means, pod: Pod) -> ClientLook:
    """What the pod tells. Its programs are looked at only where it says that it makes several channels."""
    core = _core(means, pod) if channels(pod) > 1 else None
    return ClientLook(key(pod), core, _logged(means, pod, (REFUSED,)))


def shaken_off(means: Means, pod: Pod) -> ClientLook:
    """How often the pod's logs say that a TLS handshake failed."""
    return ClientLook(key(pod), no_tls=_logged(means, pod, NO_TLS))


def complaining(means: Means, pod: Pod, names: Collection[str], *, sure: bool) -> ClientLook:
    """What the pod's logs complain of, of this service (`names`): also those of a program that has ended.

    Where it is `sure` that they mean this service when they name none, such lines count.
    """
    own = [one.name for one in pod.containers if not one.init and one.name not in (ISTIO, LINKERD)]
    log = b"\n".join(logs(means, pod, own) or ())
    return ClientLook(key(pod), complaints=complaints(log, names, NAMELESS if sure else AT_HOME))


def _own(pod: Pod) -> list[str]:
    """The names of the containers that are the pod's own, and no mesh's."""
    return [one.name for one in running(pod) if one.name not in (ISTIO, LINKERD)]


def _logged(means: Means, pod: Pod, words: Sequence[bytes]) -> int | None:
    """How often the pod's logs say one of these; None where some log cannot be read."""
    said = logs(means, pod, _own(pod))
    return None if said is None else sum(log.count(each) for log in said for each in words)


def logs(means: Means, pod: Pod, containers: Sequence[str]) -> list[bytes] | None:
    """The logs of these containers; None where some cannot be read."""
    query = [LogQuery(name, since=RECENT, tail=LAST) for name in containers]
    try:
        return [b"".join(means.api.logs(pod.name, pod.meta.namespace, one)) for one in query]
    except (UnseenError, BrokenStreamError):
        return None


def _core(means: Means, pod: Pod) -> bool | None:
    """Whether a program of the pod has loaded gRPC's C core; None where that cannot be seen in some container."""
    seen = [_loaded(means, pod, name) for name in _own(pod)]
    return True if True in seen else None if None in seen or not seen else False


def _loaded(means: Means, pod: Pod, container: str) -> bool | None:
    try:
        done = means.kubectl.exec(pod.name, pod.meta.namespace, ["sh", "-c", CORE], container=container, timeout=10)
    except LbdemoError:
        return None
    return {0: True, NOT_THERE: False}.get(done.code)
