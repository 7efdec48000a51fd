"""What each hop of a strategy costs: it is installed with traces, called, and its traces are measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lbdemo.cluster.install.up import up
from lbdemo.cluster.kernel.steps import Reporter, Tools
from lbdemo.cluster.trial.backend import backend_of
from lbdemo.cluster.trial.trace import TraceOptions, trace
from lbdemo.cluster.trial.verify import read_installation
from lbdemo.config import UpConfig
from lbdemo.measure.histogram import CALLS_FOR_P99
from lbdemo.tools.kubectl import Context
from lbdemo.trace_config import TraceWish
from lbdemo.traces.record import proof_record

OPTIONS = TraceOptions(calls=CALLS_FOR_P99 + 100, rate=100.0)
"""As many calls as a p99 takes, and some more: a few may be late."""


@dataclass(frozen=True, slots=True)
class Hops:
    """What came of it: what is `told` in the result's record, and sentences on what is `broken`.

    `lacking` are sentences on what somebody else's Istio would have to know first: that breaks no promise.
    """

    told: Mapping[str, Any] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def measure_hops(
    fresh: Callable[[], Tools], config: UpConfig, context: Context, reporter: Reporter, held: frozenset[str],
    say: Callable[[str], None],
) -> Hops:  # fmt: skip
    """Installs the strategy with traces, and measures. Raises LbdemoError."""
    wanted = replace(config, trace=TraceWish("lbdemo"))
    done = up(fresh(), wanted, context, fresh().api, reporter, held)
    tools = fresh()
    installation = read_installation(tools.api, config.place)
    backend = backend_of(installation.otlp, config.place.namespace)
    found = trace(tools, config.place, OPTIONS, installation, backend, say)
    told = {"traces": proof_record(found.proof)}
    if done.lacking:
        return Hops(told, lacking=("Its sidecars are not in the traces: this Istio's configuration lacks a provider.",))
    whole = f"{found.proof.whole} of {found.proof.calls} calls were seen whole by traces"
    faults = "; ".join(fault.what for fault in found.proof.faults)
    return Hops(told, () if found.holds else (f"{whole}: {faults or found.away or 'spans were lost'}.",))
