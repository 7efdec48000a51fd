"""What a person wants to know, and with what the cluster is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.prometheus_found import Finder
    from lbdemo.kube.api import Api
    from lbdemo.tools.kubectl import Kubectl

WATCH = 10.0
"""Seconds that are watched unless a person says otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which service, which of its ports ("" for the one that speaks gRPC), by whom it is called (() for everybody who
    shows himself: else pods, or KIND/NAME as kubectl takes them), and for how many seconds it is watched."""

    namespace: str
    service: str
    port: str = ""
    callers: tuple[str, ...] = ()
    watch: float = WATCH
    probe: str = ""  # the image of a container to add to pods that have nothing to look with; "": none is added


@dataclass(frozen=True, slots=True)
class Means:
    """How the cluster is asked. `say` is told what happens, for a person who waits; without a `finder` no Prometheus
    is asked."""

    api: Api
    kubectl: Kubectl
    say: Callable[[str], None] = lambda _: None
    finder: Finder | None = None
