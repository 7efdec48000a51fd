"""Traces in the cluster: where pods send their spans, and what takes them there."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lbdemo.cluster.addons import catalogue
from lbdemo.cluster.addons import observe as addons
from lbdemo.cluster.install.names import DOMAIN, in_cluster, whole
from lbdemo.cluster.install.values import TraceValues, Values, image_values
from lbdemo.cluster.istio import providers, setup
from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.cluster.istio.providers import Provider, kept, known, name_for, read_providers
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels, reference
from lbdemo.cluster.kernel.observe import Observed
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.config import UpConfig
from lbdemo.errors import InputError
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import NAMESPACES
from lbdemo.trace_config import TraceWish

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = labels.BACKEND
"""The Deployment and the Service of the backend."""
OTLP, QUERY = 4317, 16686
"""The Service's ports: for spans by OTLP over gRPC, and for questions over HTTP."""
CONFIG = "templates/configmap.yaml"  # the template of Istio's chart that has the mesh's configuration
SERVICE = re.compile(r"([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.(.+))?)?)?")


def values(wish: TraceWish, namespace: str, provider: str, domain: str) -> TraceValues:
    """The chart's values of the servers' release; `provider` is the name of Istio's, "" for none."""
    if wish.backend == "none" or wish.backend == "addon":
        return TraceValues(wish.otlp, provider)
    otlp = f"{in_cluster(NAME, namespace, domain)}:{OTLP}"
    return TraceValues(otlp, provider, wish.backend, image_values(reference.split(wish.image)))


def traced(server: Values, client: Values, told: TraceValues) -> tuple[Values, Values]:
    """Both releases' values: the backend and what belongs to Istio are the servers'."""
    seen = told if server.istio.enabled else replace(told, provider="")
    return replace(server, trace=seen), replace(client, trace=TraceValues(told.otlp))


def settled(tools: Tools, config: UpConfig, observed: Observed, home: str) -> UpConfig:
    """The configuration with the add-on Jaeger as an address, wherever that is; `home` is Istio's namespace."""
    if config.trace is None or config.trace.backend != "addon":
        return config
    there = observed.namespace is not None and not observed.namespace.deleting
    seen = addons.observe(tools.api, config.place.namespace, home, there=there)
    place = seen.others.get("jaeger", config.place.namespace)
    return replace(config, trace=replace(config.trace, otlp=str(catalogue.otlp(place))))


def wanted(config: UpConfig, domain: str) -> Provider | None:
    """The provider by which sidecars are to send their spans; None without traces.

    Raises InputError for an address that is no Service's: Istio would not know it.
    """
    if config.trace is None:
        return None
    told = values(config.trace, config.place.namespace, "", domain)
    host, _, port = told.otlp.rpartition(":")
    service = whole_name(host, config.place.namespace, domain or DOMAIN)
    if not service:
        raise InputError(
            f"--otlp {told.otlp}: sidecars send spans to Services of this cluster, and that is none",
            "a Service of type ExternalName can stand for it: --otlp NAME.NAMESPACE:PORT",
        )
    return Provider(name_for(config.place.namespace), service, int(port))


def whole_name(host: str, namespace: str, domain: str) -> str:
    """A Service's whole name, by which Istio knows it; "" for what is none."""
    found = SERVICE.fullmatch(host)
    if found is None or (found[3] and found[3] != domain):
        return ""
    return whole(found[1], found[2] or namespace, domain)


def with_providers(
    tools: Tools, config: UpConfig, istio: Istio, provider: Provider | None
) -> tuple[Istio, Provider | None]:
    """Istio with the providers that it knows, and the one to use: ours, or one that sends to the same place already.

    Of an Istio of ours that has to be installed (anew) its chart is asked which others there are, for a list in
    Helm's values replaces every other. Nothing is asked where it is neither to be traced nor to be installed.
    """
    if provider is None and not (istio.to_install and setup.stale(config.istio, istio, DAEMON)):
        return istio, None
    seen = read_providers(tools.api, istio)
    istio = replace(istio, providers=() if isinstance(seen, Unseen) else seen)
    if not istio.to_install:
        name = known(istio.providers, provider) if provider else ""
        return istio, replace(provider, name=name) if provider and name else provider
    if kept(istio, provider) and setup.stale(config.istio, istio, DAEMON, provider):
        manifests = tools.helm.template(setup.daemon_install(config.istio, config.timeout), CONFIG)
        istio = replace(istio, others=providers.rendered(manifests), providers=_needed(tools, istio))
    return istio, provider


def _needed(tools: Tools, istio: Istio) -> tuple[providers.Raw, ...]:
    """Without those of ours whose namespace is gone: nobody else takes them out of the list."""
    spaces = {str(each.get("name")): providers.namespace_of(each) for each in istio.providers}
    gone = {name for name, space in spaces.items() if space and tools.api.get(NAMESPACES, space) is None}
    return tuple(each for each in istio.providers if each.get("name") not in gone)


def lacking(istio: Istio, provider: Provider | None) -> tuple[str, ...]:
    """What the operator of an Istio that is not ours has to add for traces, in lines; none where nothing lacks."""
    if provider is None or istio.to_install or known(istio.providers, provider):
        return ()
    told: Mapping[str, Any] = provider.to_value()["opentelemetry"]
    return (
        f"Istio in {istio.namespace} is not lbdemo's, and sends no spans to {told['service']}: sidecars are missing in",
        "traces until its operator adds this to meshConfig.extensionProviders:",
        f"  - name: {provider.name}",
        "    opentelemetry:",
        f"      service: {told['service']}",
        f"      port: {told['port']}",
    )
