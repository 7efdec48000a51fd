"""What Kiali and Grafana are told: where the others are, and that there are traces. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lbdemo.cluster.addons.catalogue import Addresses
from lbdemo.errors import InputError


class Loader:
    """Reads YAML as Kubernetes does: what looks like a time is a text."""

    @staticmethod
    def documents(text: str) -> list[Any]:
        """Every document of it that is not empty. Raises InputError for what is no YAML."""
        import yaml

        class Plain(yaml.SafeLoader):
            """Knows no times."""

            yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads it off the class
                first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
                for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
            }

        try:
            return [document for document in yaml.load_all(text, Loader=Plain) if document]
        except yaml.YAMLError as error:
            raise InputError(f"this is no YAML: {error}") from error


def kiali(text: str, namespace: str, istio: str, addresses: Addresses) -> str:
    """Kiali's configuration for a namespace, with the others' addresses, and with tracing switched on.

    Its samples leave tracing off, and take it that all of them are in Istio's namespace (`istio`). Names of both Kiali
    1 and 2 are given for the same address; each reads its own.
    """
    [told] = Loader.documents(text) or [{}]
    services = dict(told.get("external_services") or {})
    services["prometheus"] = {**_of(services, "prometheus"), "url": addresses.prometheus.url()}
    services["grafana"] = {**_of(services, "grafana"), "enabled": True, **_asked(addresses.grafana.url())}
    services["tracing"] = {
        **_of(services, "tracing"), "enabled": True, "use_grpc": True, **_asked(addresses.traces.url("/jaeger")),
    }  # fmt: skip
    services["istio"] = {**_of(services, "istio"), "root_namespace": istio}
    deployment = {**_of(told, "deployment"), "namespace": namespace}
    return _dumped({**told, "deployment": deployment, "external_services": services})


def grafana(text: str, addresses: Addresses) -> str:
    """Grafana's data sources, with Prometheus where it is."""
    [told] = Loader.documents(text) or [{}]
    sources = [
        {**source, "url": addresses.prometheus.url()} if source.get("type") == "prometheus" else source
        for source in told.get("datasources") or ()
    ]
    return _dumped({**told, "datasources": sources})


def _asked(url: str) -> dict[str, str]:
    return {"internal_url": url, "in_cluster_url": url}


def _of(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    return dict(told.get(name) or {})


def _dumped(told: Mapping[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(dict(told), sort_keys=False))
