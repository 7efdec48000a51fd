"""The strategies by name: one file each, and one line here."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.cluster.install.strategies.base import Strategy

# Each is a file beside this one, which says it all. In the order of every table; the negative control comes first.
TABLE = (
    "clusterip",
    "pool",
    "headless",
    "envoy",
    "istio",
    "xds",
)


class Strategies(Mapping[str, "Strategy"]):
    """The table. A strategy is imported when it is asked for: a command's help needs no more than their names."""

    def __getitem__(self, name: str) -> Strategy:
        if name not in TABLE:
            raise KeyError(name)
        strategy: Strategy = importlib.import_module(f"{__name__}.{name}").STRATEGY
        return strategy

    def __iter__(self) -> Iterator[str]:
        return iter(TABLE)

    def __len__(self) -> int:
        return len(TABLE)


STRATEGIES = Strategies()
CONTROL = TABLE[0]  # the negative control
