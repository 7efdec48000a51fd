"""The strategies by name: one file each, and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from lbdemo.cluster.install.strategies import clusterip, envoy, headless, istio, xds
from lbdemo.cluster.install.strategies.base import Mesh, Strategy

__all__ = ["STRATEGIES", "Mesh", "Strategy"]

STRATEGIES: Mapping[str, Strategy] = {
    module.STRATEGY.name: module.STRATEGY for module in (clusterip, headless, envoy, istio, xds)
}
