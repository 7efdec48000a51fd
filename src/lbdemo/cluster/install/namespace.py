"""The step that labels our own namespace."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from lbdemo.cluster.kernel.steps import Say, Tools


@dataclass(frozen=True, slots=True)
class LabelNamespace:
    """Sets or takes away labels of our own namespace; `changes` are (key, value) pairs, None takes away."""

    namespace: str
    changes: tuple[tuple[str, str | None], ...]
    key: str = "label"
    after: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it does."""
        words = ", ".join(f"{key}-" if value is None else f"{key}={value}" for key, value in self.changes)
        return f"label namespace {self.namespace}: {words}"

    def commands(self, tools: Tools) -> list[str]:
        """The kubectl command."""
        words = [f"{key}-" if value is None else f"{key}={value}" for key, value in self.changes]
        return [shlex.join(tools.kubectl.argv("label", "--overwrite", f"namespace/{self.namespace}", *words))]

    def run(self, tools: Tools, say: Say) -> str:
        """Labels it."""
        tools.kubectl.label([f"namespace/{self.namespace}"], dict(self.changes))
        return ""
