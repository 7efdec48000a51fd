"""The mesh that a strategy stands on, as far as `up` and `compare` must know it; and Istio as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lbdemo.cluster.istio import setup as istio
from lbdemo.cluster.kernel import labels

if TYPE_CHECKING:
    from lbdemo.cluster.istio.observe import ObservedWithIstio
    from lbdemo.cluster.istio.providers import Provider
    from lbdemo.cluster.kernel.steps import Step
    from lbdemo.config import UpConfig


class Mesh(Protocol):
    """What must be there before the releases are, whose it is, and what it puts into our namespace and pods."""

    @property
    def sidecars(self) -> bool:
        """Whether each pod gets a proxy of the mesh."""

    @property
    def control_plane(self) -> tuple[str, str]:
        """The label selector of its control plane's pods, and the container in them."""

    def policies(self, release: str, *, traced: bool = False) -> tuple[str, ...]:
        """The names of the objects of its kinds that the servers' release brings; `traced`, with one for traces."""

    def steps(self, config: UpConfig, observed: ObservedWithIstio, provider: Provider | None) -> tuple[Step, ...]:
        """What makes it run, and know the provider; nothing where it does. Raises InputError where that is not ours
        to do."""

    def installs(self, observed: ObservedWithIstio) -> bool:
        """Whether the one in use is, or will be, lbdemo's own."""

    def labels(self, observed: ObservedWithIstio) -> Mapping[str, str | None]:
        """The labels that our namespace should carry for it; None for one that it should not."""


@dataclass(frozen=True, slots=True)
class Istio:
    """Istio, with sidecars or as the control plane of proxyless clients."""

    sidecars: bool
    control_plane: tuple[str, str] = ("app=istiod", "discovery")

    def policies(self, release: str, *, traced: bool = False) -> tuple[str, ...]:
        """A DestinationRule; with sidecars a PeerAuthentication and, for traces, a Telemetry; of the release's name."""
        return (release,) * (1 + self.sidecars + (self.sidecars and traced))

    def steps(self, config: UpConfig, observed: ObservedWithIstio, provider: Provider | None) -> tuple[Step, ...]:
        """Its charts, and the wait for istiod."""
        return istio.setup(config.istio, observed.istio, config.timeout, provider)

    def installs(self, observed: ObservedWithIstio) -> bool:
        """Ours, or none yet."""
        return observed.istio.to_install

    def labels(self, observed: ObservedWithIstio) -> Mapping[str, str | None]:
        """By revision where there is one, else the label of the default one."""
        revision = observed.istio.revision
        return {
            labels.INJECTION: "enabled" if self.sidecars and not revision else None,
            labels.REVISION: revision if self.sidecars and revision else None,
        }


NO_LABELS: Mapping[str, str | None] = {labels.INJECTION: None, labels.REVISION: None}  # a strategy without a mesh
