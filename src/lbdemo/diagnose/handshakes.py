"""Callers that are connected to the pods for a moment, and never come to a call: TLS on one side, or not agreed on."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from lbdemo.diagnose.complaints import CERTIFICATE, ENDS, HANDSHAKE, NO_TLS, RESET
from lbdemo.diagnose.silence import silent
from lbdemo.diagnose.times import LEARNT, ready_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller


class Why(Enum):
    """What stands between a caller and the pods."""

    CERTIFICATE = "one side does not take the other's certificate"
    PLAIN_PODS = "the caller speaks TLS, the pods do not"
    PLAIN_CALLER = "the pods speak TLS, the caller does not"
    UNKNOWN = "one of both"


def failing(case: Case) -> tuple[Caller, ...]:
    """The callers without a proxy none of whose connections lasts, where pods end them or the caller's log says why."""
    quiet = silent(case)
    return tuple(caller for caller in case.bare if _fails(case, caller, quiet))


def _fails(case: Case, caller: Caller, quiet: Collection[Caller]) -> bool:
    how, said = case.fleeting(caller), complains(case, caller)
    if how.lasting:
        return False
    if not how.closed:  # a pod that has not read all of what it ends resets the connection, and keeps no trace of it
        return _mostly(case, caller) in ENDS and caller in quiet
    return (how.cut_off and _settled(case)) or not said.isdisjoint(HANDSHAKE) or (how.ended > 0 and RESET in said)


def _settled(case: Case) -> bool:
    """Whether no ready pod has become so just now: programs that ended have ended their connections, too."""
    ages = [ready_for(server.pod, case.evidence.made) for server in case.ready]
    return bool(ages) and all(age is None or age > LEARNT + case.evidence.watched for age in ages)


def _mostly(case: Case, caller: Caller) -> str:
    return next((said.why for said in case.client(caller).complaints), "")


def complains(case: Case, caller: Caller) -> frozenset[str]:
    """What the caller's log complains of."""
    return frozenset(said.why for said in case.client(caller).complaints)


def why(case: Case, caller: Caller) -> Why:
    """What it is, by the caller's log, else by how the pods are probed.

    Who ended the connections does not tell: both ends may be the first, with either fault.
    """
    said = complains(case, caller)
    if CERTIFICATE in said:
        return Why.CERTIFICATE
    if NO_TLS in said or plain_by_probe(case):
        return Why.PLAIN_PODS
    return Why.PLAIN_CALLER if RESET in said else Why.UNKNOWN


def plain_by_probe(case: Case) -> bool:
    """Whether all ready pods pass a readiness probe that calls this port by gRPC: the kubelet does that in plain text.

    (Kubernetes, "Configure Liveness, Readiness and Startup Probes": no TLS parameters for gRPC.)
    """
    probed = [
        any(one.readiness is not None and (one.readiness.by, one.readiness.port) == ("grpc", server.port)
            for one in server.pod.containers)
        for server in case.ready if server.pod is not None
    ]  # fmt: skip
    return bool(probed) and all(probed)
