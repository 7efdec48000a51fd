"""The rules themselves: PromQL expressions, as records.

Names are LEVEL:METRIC:OPERATIONS, as Prometheus' own advice on naming has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lbdemo.promql import quoted, span
from lbdemo.rules.origins import ORIGINS, Service

RATE = "lbdemo_pod:grpc_calls:rate"
SHARE = "lbdemo_pod:grpc_calls:share"
CALLS = "lbdemo_service:grpc_calls:increase"
PODS = "lbdemo_service:grpc_pods:count"
PEAK = "lbdemo_service:grpc_calls:peak_to_mean"
PINNED = "lbdemo_service:grpc_calls:pinned"
ALERT = "GrpcCallsNotBalanced"

NEARLY_ALL = 0.95
"""One pod has this part of all calls: pinned. Not all of them, since stragglers of a rollout go elsewhere."""

SIGMAS = 5.0
"""How many standard deviations above a fair share an alert begins. That chance alone goes so far is 1 in 3,000,000."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules are to watch: a service, by which counters, over how many seconds.

    The alert tells of a pod that gets more than `peak` times the mean, for `patience` seconds on end.
    """

    service: Service
    origins: Sequence[str]
    window: float = 300.0
    peak: float = 1.5
    patience: float = 900.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One recording rule."""

    record: str
    expression: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One alerting rule; `patience` is in seconds."""

    name: str
    expression: str
    patience: float
    summary: str
    description: str


def recording(wanted: Wanted) -> Iterator[Rule]:
    """The recording rules, each of which may use those before it."""
    whole = _own(wanted)
    yield Rule(RATE, rate(wanted))
    yield Rule(CALLS, f"sum by (namespace, service) ({RATE}{whole}) * {wanted.window:g}")
    yield Rule(PODS, f"count by (namespace, service) ({RATE}{whole})")
    total = f"on (namespace, service) group_left () (sum by (namespace, service) ({RATE}{whole}) > 0)"
    yield Rule(SHARE, f"{RATE}{whole} / {total}")
    yield Rule(PEAK, f"max by (namespace, service) ({SHARE}{whole}) * on (namespace, service) {PODS}{whole}")
    yield Rule(PINNED, f"max by (namespace, service) ({SHARE}{whole}) >= bool {NEARLY_ALL}")


def rate(wanted: Wanted) -> str:
    """Calls a second of each pod. A pod that is scraped and counts no call yet has 0: it is the one that is missed."""
    window, labels = span(wanted.window), "namespace, pod"
    counted = [f"sum by ({labels}) (rate({ORIGINS[name](wanted.service)}[{window}]))" for name in wanted.origins]
    idle = f"0 * max by ({labels}) (up{{{wanted.service.of_pods}}} == 1)"
    return "\nor ".join((*counted, idle))


def alert(wanted: Wanted) -> Alert:
    """Tells of a service whose calls are not balanced, once there are enough of them to say so."""
    whole, service = _own(wanted), wanted.service
    enough = f"{CALLS}{whole} >= {calls_for(wanted.peak)} * {PODS}{whole}"
    uneven = f"{PEAK}{whole} > {wanted.peak:g} and {PODS}{whole} > 1 and {enough}"
    where = f"{service.name} in namespace {service.namespace}"
    return Alert(
        ALERT,
        uneven,
        wanted.patience,
        f"Calls to {where} are not balanced",
        f"One pod of {where} has got {{{{ $value | printf `%.1f` }}}} times the mean of all pods. "
        f"Why: lbdemo diagnose {service.name} -n {service.namespace}",
    )


def calls_for(peak: float) -> int:
    """How many calls a pod show that `peak` times the mean is no chance: m with (peak - 1) m = SIGMAS √m.

    m calls that a fair choice gives to a pod vary by √m (Poisson), which is a little more than they do (binomial).
    """
    return math.ceil((SIGMAS / (peak - 1.0)) ** 2)


def _own(wanted: Wanted) -> str:
    return f"{{namespace={quoted(wanted.service.namespace)}, service={quoted(wanted.service.name)}}}"
