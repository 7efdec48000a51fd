"""What the doctor is asked for a command and a strategy."""

from __future__ import annotations

from lbdemo.cluster.doctor.asked import COMPARE, Asked
from lbdemo.cluster.install.strategies import CONTROL, STRATEGIES
from lbdemo.config import UpConfig
from lbdemo.tools.kubectl import Context


def fitness(command: str, context: Context, namespace: str, strategy: str = "", registry: str = "") -> Asked:
    """For a command by its name; `strategy` is "" where none in particular is meant."""
    mesh = STRATEGIES[strategy].mesh if strategy else None
    space = f"{namespace}-{strategy or CONTROL}" if command == COMPARE else namespace
    return Asked(
        command, context, space, strategy, mesh is not None, mesh is not None and mesh.sidecars, registry=registry
    )


def fitness_of(command: str, context: Context, config: UpConfig) -> Asked:
    """For a command by its settings."""
    mesh = STRATEGIES[config.strategy].mesh
    return Asked(
        command, context, config.place.namespace, config.strategy, mesh is not None,
        mesh is not None and mesh.sidecars, config.istio.revision, config.registry, config.image,
        own_resources=bool(config.values_files) or any("resources" in text for text in config.sets),
    )  # fmt: skip
