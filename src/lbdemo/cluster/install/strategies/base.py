"""What a strategy is: how requests reach the pods, what that promises, and the values that make it so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lbdemo.cluster.install.values import BalancingValues, ImageValues, LbPolicy, Values
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.reference import Image
from lbdemo.config import ISTIO_NAMESPACE, UpConfig
from lbdemo.measure import Outcome

PORT = 8080
ADMIN_PORT = 8081


@dataclass(frozen=True, slots=True)
class Mesh:
    """The Istio in use: its revision ("" is the default one), and the namespace where its istiod runs."""

    revision: str = ""
    namespace: str = ISTIO_NAMESPACE

    @property
    def istiod(self) -> str:
        """The host name of istiod's Service."""
        return f"{f'istiod-{self.revision}' if self.revision else 'istiod'}.{self.namespace}.svc"


Shape = Callable[[Values, Values, UpConfig, Mesh], tuple[Values, Values]]
DEFAULT_MESH = Mesh()


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way for requests to reach the pods.

    `shape` turns the plain (server, client) values into this strategy's; it also gets the configuration and
    the Istio in use. `exact` says whether the policy round-robin is exact there.
    """

    name: str
    summary: str
    outcome: Outcome
    shape: Shape
    injects: bool = False
    needs_istiod: bool = False
    exact: bool = True
    policies: bool = True  # whether --lb-policy has an effect
    adds_proxies: bool = False  # whether proxies stand in the data path

    def fingerprint(self, lb_policy: str) -> str:
        """The fingerprint to expect with a policy: sticky, round robin or random-like; "" where nothing is promised."""
        if self.outcome is Outcome.PINNED:
            return "sticky"
        if self.policies and lb_policy == "least-request":
            return "random-like"
        return "round robin" if self.exact else ""

    def values(self, config: UpConfig, image: Image, mesh: Mesh = DEFAULT_MESH) -> Mapping[str, Mapping[str, Any]]:
        """The values of both releases, by release name, as Helm reads them."""
        picture = image_values(image)
        server = Values("server", replicas=config.replicas, image=picture)
        client = Values("client", replicas=1, image=picture)
        server, client = self.shape(server, client, config, mesh)
        return {labels.SERVER: told(server), labels.CLIENT: told(client)}


def told(values: Values) -> dict[str, Any]:
    """What Helm has to be told: the role, the replicas, the image, and what differs from the chart's defaults."""
    always = {"role": values.role, "replicas": values.replicas}
    return always | difference(values.to_values(), Values(values.role).to_values())


def difference(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of nested values that differ from the defaults."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            if inner := difference(value, defaults[key]):
                found[key] = inner
        elif value != defaults[key]:
            found[key] = value
    return found


def image_values(image: Image) -> ImageValues:
    """An image reference as the chart's value."""
    if image.tag.startswith("@"):
        return ImageValues(image.repository, digest=image.tag[1:])
    return ImageValues(image.repository, image.tag)


def mesh_policy(config: UpConfig) -> LbPolicy:
    """--lb-policy in the words of Istio and Envoy."""
    return "LEAST_REQUEST" if config.lb_policy == "least-request" else "ROUND_ROBIN"


def balancing(server: Values, config: UpConfig) -> BalancingValues:
    """--lb-policy and --outlier-detection as values."""
    detection = replace(server.balancing.outlier_detection, enabled=config.outlier_detection)
    return BalancingValues(mesh_policy(config), detection)


def host(config: UpConfig, name: str = labels.SERVER) -> str:
    """A Service's address as pods of other namespaces would write it."""
    return f"{name}.{config.place.namespace}.svc.cluster.local:{PORT}"
