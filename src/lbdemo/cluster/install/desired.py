"""What `up` wants the cluster to have: two releases with their values, and the image. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lbdemo.cluster.image import delivery
from lbdemo.cluster.image.content import UNKNOWN, Recipe, content_image, context_files, on_another_base
from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.install import page, tracing
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.install.strategies.base import Cluster, Strategy
from lbdemo.cluster.install.values import Values
from lbdemo.cluster.istio.providers import Provider
from lbdemo.cluster.kernel import labels, reference
from lbdemo.cluster.kernel.reference import Image
from lbdemo.config import DECIDED, UpConfig
from lbdemo.tools.kubectl import Context


@dataclass(frozen=True, slots=True)
class DesiredRelease:
    """One of our releases as it should be. `digest` stands for the chart's files and the values together."""

    name: str
    values: Mapping[str, Any]
    digest: str
    deployments: Mapping[str, int] = field(default_factory=dict)  # name -> replicas
    services: tuple[str, ...] = ()
    config_maps: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()  # names of DestinationRules and the like
    overrides: Mapping[str, Any] = field(default_factory=dict)  # what a file of values must not change


@dataclass(frozen=True, slots=True)
class Desired:
    """All of it. `build` is the image to build and deliver; None when a ready one was named."""

    strategy: Strategy
    image: Image
    releases: tuple[DesiredRelease, ...]
    build: Image | None = None
    delivery: Delivery | None = None
    recipe: Recipe = UNKNOWN
    provider: Provider | None = None  # by which Istio's sidecars send spans

    @property
    def deployments(self) -> tuple[str, ...]:
        """The names of all deployments."""
        return tuple(name for release in self.releases for name in release.deployments)


def desire(
    config: UpConfig, context: Context, cluster: Cluster, chart: Path, recipe: Recipe = UNKNOWN,
    in_use: Sequence[str] = (),
) -> Desired:  # fmt: skip
    """What the configuration asks for on the cluster of this context.

    `cluster` is what is known of it, `chart` our chart's folder, `recipe` how the image is built, and `in_use` the
    images of what is installed. Raises InputError when there is no way to deliver the image.
    """
    strategy = STRATEGIES[config.strategy]
    built, how, used = _images(config, context, recipe, in_use)
    files = _chart_digest(chart)
    releases = []
    more = [config.sets, *(hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in config.values_files)]
    for name, values in strategy.values(config, used, cluster).items():
        text = json.dumps([files, values, more], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        release = _release(name, values, digest, strategy)
        releases.append(replace(release, overrides=decided(values)) if config.values_files else release)
    return Desired(strategy, used, tuple(releases), built, how, recipe, cluster.provider)


def decided(values: Mapping[str, Any]) -> dict[str, Any]:
    """What lbdemo decides itself, by dotted names: as it is told to Helm, or else the chart's default."""
    defaults = Values(values["role"]).to_values()
    return {name: _at(values, name, _at(defaults, name)) for name in DECIDED}


def _at(values: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """The value of a dotted name; of a mapping what differs from the default, and the rest of that."""
    found: Any = values
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping) and isinstance(default, Mapping):
        return {**default, **found}
    return default if found is None else found


def _images(
    config: UpConfig, context: Context, recipe: Recipe, in_use: Sequence[str]
) -> tuple[Image | None, Delivery | None, Image]:
    if config.image:
        return None, None, reference.split(config.image)
    how = delivery.choose(context.name, config.registry, context.profile)
    files = context_files()
    built = content_image(files, recipe)
    if not recipe.base:  # no Docker daemon: what runs already is right, whatever it was built on
        built = on_another_base(files, recipe.architecture, in_use) or built
    return built, how, built.at(how.target) if how.how == "registry" else built


def _chart_digest(chart: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in chart.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(chart)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _release(name: str, values: Mapping[str, Any], digest: str, strategy: Strategy) -> DesiredRelease:
    if name == labels.CLIENT:
        return DesiredRelease(name, values, digest, {name: values["replicas"]})
    proxied = values.get("envoy", {}).get("enabled", False)
    paged = values.get("ui", {}).get("enabled", False)
    envoy = {f"{name}-envoy": 1} if proxied else {}
    ui = {page.NAME: 1} if paged else {}
    taking = values.get("trace", {}).get("backend", "none") != "none"
    traces = {tracing.NAME: 1} if taking else {}
    traced = bool(values.get("trace", {}).get("provider"))
    direct = (f"{name}-headless",) if paged and strategy.injects else ()  # the page's Envoy calls pods by address
    policies = strategy.mesh.policies(name, traced=traced) if strategy.mesh else ()
    return DesiredRelease(
        name,
        values,
        digest,
        {name: values["replicas"], **envoy, **ui, **traces},
        (name, f"{name}-headless", *envoy, *traces),
        (*envoy, *ui),
        (*policies, *direct),
    )
