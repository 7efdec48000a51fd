"""What an Envoy of somebody's own was told of its upstreams: on its command line, or by a ConfigMap that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.collect.envoy_config import UNREADABLE, cluster
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.looks import ARGUMENTS
from lbdemo.diagnose.told import names_from
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import CONFIG_MAPS, raw

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.diagnose.looks import EnvoyCluster
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Service

INLINE = "--config-yaml"


@dataclass(frozen=True, slots=True)
class Told:
    """The clusters that stand for the service, and which ConfigMaps could not be seen."""

    clusters: tuple[EnvoyCluster, ...] = ()
    unseen: tuple[Unseen, ...] = ()


def told(means: Means, pod: Pod, service: Service, domain: str) -> Told:
    """What the pod's configuration says of this service. Of what else it says nothing is kept."""
    texts: list[tuple[str, str]] = [(ARGUMENTS, text) for text in inline(pod)]
    unseen: list[Unseen] = []
    for name in pod.config_maps:
        found = means.api.get(CONFIG_MAPS.read_as(raw), name, pod.meta.namespace)
        if isinstance(found, Unseen):
            unseen.append(found)
        elif found is not None:
            texts += [(f"configmap/{name}", text) for text in (found.get("data") or {}).values()]
    names = names_from(service, domain, pod.meta.namespace)
    return Told(tuple(c for source, text in texts for c in clusters(key(pod), source, text, names)), tuple(unseen))


def inline(pod: Pod) -> Iterator[str]:
    """The configurations on the command lines of the pod's containers."""
    for container in pod.containers:
        words = (*container.command, *container.args)
        yield from (after for word, after in pairwise(words) if word == INLINE)
        yield from (word.removeprefix(f"{INLINE}=") for word in words if word.startswith(f"{INLINE}="))


def clusters(pod: str, source: str, text: str, names: Sequence[str]) -> Iterator[EnvoyCluster]:
    """The clusters of one configuration whose hosts have one of these names; none of what is no configuration."""
    import yaml

    try:
        document = yaml.safe_load(text)
        listed = ((document or {}).get("static_resources") or {}).get("clusters") or ()
        ours = [item for item in listed if not set(names).isdisjoint(_hosts(item))]
        yield from (replace(cluster(pod, item), type=str(item.get("type", "STATIC")), told_by=source) for item in ours)
    except (yaml.YAMLError, *UNREADABLE):
        return


def _hosts(item: Mapping[str, Any]) -> Iterator[str]:
    for locality in (item.get("load_assignment") or {}).get("endpoints") or ():
        for one in locality.get("lb_endpoints") or ():
            yield one["endpoint"]["address"]["socket_address"]["address"].rstrip(".")
