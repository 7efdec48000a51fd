"""What the options before the command say: the kubeconfig context, the namespace, and how talkative to be."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

DEFAULT_NAMESPACE = "lbdemo"
SAFETY = "Safety"  # the panel of options that read no variable


@dataclass(frozen=True, slots=True)
class Globals:
    """The global options. `context` may be empty: the kubeconfig's current one."""

    context: str = ""
    namespace: str = DEFAULT_NAMESPACE
    verbose: bool = False

    def typed(self, namespace: str = "") -> str:
        """`lbdemo` as it must be typed to work in the same place (or in another namespace of the same cluster)."""
        place = namespace or self.namespace
        context = ["--context", self.context] if self.context else []
        return shlex.join(["lbdemo", *context, *(["-n", place] if place != DEFAULT_NAMESPACE else [])])
