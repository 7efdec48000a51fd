"""What the options before the command say: the kubeconfig context, the namespace, and how talkative to be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Globals:
    """The global options. `context` may be empty: the kubeconfig's current one."""

    context: str = ""
    namespace: str = "lbdemo"
    verbose: bool = False
