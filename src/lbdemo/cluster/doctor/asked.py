"""What the examination is for."""

from __future__ import annotations

from dataclasses import dataclass, field

from lbdemo.tools.kubectl import Context

UP, VERIFY, DIAGNOSE, COMPARE = COMMANDS = ("up", "verify", "diagnose", "compare")


@dataclass(frozen=True, slots=True)
class Asked:
    """The command, where it will work, and what of its options matters.

    `namespace` is where its pods are, or will be. `mesh` says that the strategy needs Istio, `sidecars` that its pods
    get them; `strategy` is "" where none in particular is meant. `own_resources` says that the person gives the pods
    other requests and limits than the chart does. `repairs` is the namespace whose webhooks' servers the command itself
    brings back, "" for none: an Istio of ours that was scaled to nothing.
    """

    command: str
    context: Context
    namespace: str
    strategy: str = ""
    mesh: bool = False
    sidecars: bool = False
    revision: str = ""
    registry: str = ""
    image: str = ""
    own_resources: bool = field(default=False)
    repairs: str = ""

    @property
    def installs(self) -> bool:
        """Whether the command makes pods."""
        return self.command in (UP, COMPARE)

    @property
    def proxyless(self) -> bool:
        """Whether the strategy's clients ask istiod themselves."""
        return self.mesh and not self.sidecars
