"""Istio's extensionProviders: where sidecars send spans is a matter of its own configuration, for the whole mesh.

https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.istio.state import Istio
from lbdemo.errors import OperationFailedError
from lbdemo.kube.answers import Unseen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import CONFIG_MAPS, raw

CONFIG = "istio"  # the ConfigMap of a control plane's configuration; of a revision: istio-REVISION
KEY = "mesh"
PREFIX = "lbdemo-"
"""How the names of ours begin; a namespace's name follows."""

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider by which sidecars send spans, by OTLP over gRPC, to a port of a Service (its whole name)."""

    name: str
    service: str
    port: int

    def to_value(self) -> dict[str, Any]:
        """As Istio's configuration has it."""
        return {"name": self.name, "opentelemetry": {"service": self.service, "port": self.port}}


def name_for(namespace: str) -> str:
    """The name of the provider for a namespace of ours."""
    return f"{PREFIX}{namespace}"


def known(providers: Iterable[Raw], wanted: Provider) -> str:
    """The name of one that sends to the same place; "" for none. Ours comes first."""
    same = [each for each in providers if _place(each) == (wanted.service, wanted.port)]
    named = [str(each.get("name", "")) for each in same]
    return wanted.name if wanted.name in named else next(iter(named), "")


def _place(provider: Raw) -> tuple[str, int]:
    told = provider.get("opentelemetry")
    told = told if isinstance(told, Mapping) else {}
    return str(told.get("service", "")), int(told.get("port") or 0)


def kept(istio: Istio, wanted: Provider | None) -> list[Raw]:
    """The whole list that the chart is to be given, which replaces every other: what is there stays, with ours.

    Empty where there is none of ours: then nothing has to be said.
    """
    ours = {str(each.get("name")): each for each in istio.providers if _is_ours(each)}
    if wanted is not None:
        ours[wanted.name] = wanted.to_value()
    return [*(each for each in istio.others if each.get("name") not in ours), *ours.values()] if ours else []


def namespace_of(provider: Raw) -> str:
    """The namespace that a provider of ours is for; "" for another one."""
    name = str(provider.get("name", ""))
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else ""


def _is_ours(provider: Raw) -> bool:
    return bool(namespace_of(provider))


def read_providers(api: Api, istio: Istio) -> tuple[Raw, ...] | Unseen:
    """Those that the control plane has been told; none where it has no configuration in this cluster."""
    name = f"{CONFIG}-{istio.plane.revision}" if istio.plane and not istio.plane.default else CONFIG
    found = api.get(CONFIG_MAPS.read_as(raw), name, istio.namespace)
    if isinstance(found, Unseen) or found is None:
        return found or ()
    data = found.get("data")
    return providers_of(str(data.get(KEY, ""))) if isinstance(data, Mapping) else ()


def providers_of(text: str) -> tuple[Raw, ...]:
    """The providers of a mesh's configuration, which is YAML. Raises OperationFailedError for what is none."""
    import yaml

    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise OperationFailedError(f"Istio's configuration is no YAML: {error}") from error
    listed = told.get("extensionProviders") if isinstance(told, Mapping) else None
    return tuple(each for each in listed if isinstance(each, Mapping)) if isinstance(listed, list) else ()


def rendered(manifests: str) -> tuple[Raw, ...]:
    """The providers of the ConfigMap among manifests, as a chart renders them. Raises OperationFailedError."""
    import yaml

    try:
        documents = [each for each in yaml.safe_load_all(manifests) if isinstance(each, Mapping)]
    except yaml.YAMLError as error:
        raise OperationFailedError(f"Istio's chart gives no YAML: {error}") from error
    texts = [each.get("data", {}).get(KEY, "") for each in documents if each.get("kind") == "ConfigMap"]
    return tuple(provider for text in texts if text for provider in providers_of(text))
