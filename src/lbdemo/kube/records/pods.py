"""Pods and their containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lbdemo.kube.records.meta import Condition, Meta, parse_conditions, parse_meta


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that a container declares; a declaration opens nothing."""

    number: int
    name: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Probe:
    """How a kubelet asks whether a container is ready: by tcpSocket, grpc or httpGet, and at which port."""

    by: str
    port: int


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod and its state; `init` includes native sidecars (init containers that stay)."""

    name: str
    image: str
    init: bool = False
    always: bool = False  # restartPolicy Always: an init container with it is a native sidecar
    ready: bool = False
    running: bool = False
    restarts: int = 0
    id: str = ""
    waiting: str = ""  # the reason why it waits, such as ImagePullBackOff
    message: str = ""
    exit_code: int | None = None
    exit_reason: str = ""
    ports: tuple[ContainerPort, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)  # those variables whose values stand in the specification
    pre_stop: bool = False  # whether something runs before it is told to end
    command: tuple[str, ...] = ()  # in the place of its image's own
    started: str = ""  # RFC 3339: when the program that runs now began
    readiness: Probe | None = None  # its readiness probe; None for one of another kind, or whose port is a name


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod: where it runs, what its containers do, and why it does not start."""

    meta: Meta
    phase: str
    node: str
    addresses: tuple[str, ...]  # all its IPs; the first is its own family's
    containers: tuple[Container, ...]
    conditions: tuple[Condition, ...]
    host_network: bool = False  # its addresses are the node's
    service_account: str = ""  # as whom its programs ask the API server
    grace: int = 30  # seconds that it has to end, from being told to being killed
    ephemeral: tuple[Container, ...] = ()  # containers that somebody added to look at it
    config_maps: tuple[str, ...] = ()  # those that it has as files

    @property
    def name(self) -> str:
        """The pod's name."""
        return self.meta.name

    def container(self, name: str) -> Container | None:
        """The container of this name, init containers and native sidecars included."""
        return next((c for c in self.containers if c.name == name), None)

    @property
    def stays(self) -> bool:
        """Whether it is neither being deleted nor over for good, as an evicted pod is, or that of a test."""
        return not self.meta.deleting and self.phase not in {"Succeeded", "Failed"}

    @property
    def ready(self) -> bool:
        """Whether its Ready condition is true and it is not being deleted."""
        return not self.meta.deleting and any(c.type == "Ready" and c.status == "True" for c in self.conditions)

    @property
    def ready_since(self) -> str:
        """When it became ready, RFC 3339; "" while it is not, or where that is not known."""
        return next((c.since for c in self.conditions if c.type == "Ready" and c.status == "True"), "")

    @property
    def restarts(self) -> int:
        """Restarts of all its containers together."""
        return sum(c.restarts for c in self.containers)


def parse_pod(item: Mapping[str, Any]) -> Pod:
    """One pod object."""
    spec, status = item.get("spec", {}), item.get("status", {})
    states = {
        **{s["name"]: s for s in status.get("initContainerStatuses") or ()},
        **{s["name"]: s for s in status.get("containerStatuses") or ()},
        **{s["name"]: s for s in status.get("ephemeralContainerStatuses") or ()},
    }
    containers = [_container(c, states.get(c["name"], {}), init=True) for c in spec.get("initContainers") or ()]
    containers += [_container(c, states.get(c["name"], {}), init=False) for c in spec.get("containers") or ()]
    return Pod(
        meta=parse_meta(item),
        phase=status.get("phase", ""),
        node=spec.get("nodeName", ""),
        addresses=tuple(entry["ip"] for entry in status.get("podIPs") or () if entry.get("ip")),
        containers=tuple(containers),
        conditions=parse_conditions(status),
        host_network=bool(spec.get("hostNetwork")),
        service_account=spec.get("serviceAccountName", ""),
        grace=spec.get("terminationGracePeriodSeconds", 30),
        ephemeral=tuple(
            _container(c, states.get(c["name"], {}), init=False) for c in spec.get("ephemeralContainers") or ()
        ),
        config_maps=tuple(_config_maps(spec.get("volumes") or ())),
    )


def youngest_ready(pods: Iterable[Pod]) -> Pod | None:
    """The ready pod that was made last; None when none is ready."""
    return max((pod for pod in pods if pod.ready), key=lambda pod: (pod.meta.created, pod.name), default=None)


def _config_maps(volumes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for volume in volumes:
        parts = (volume, *((volume.get("projected") or {}).get("sources") or ()))
        yield from (part["configMap"]["name"] for part in parts if (part.get("configMap") or {}).get("name"))


def _container(spec: Mapping[str, Any], status: Mapping[str, Any], *, init: bool) -> Container:
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
    return Container(
        name=spec["name"],
        image=spec.get("image", ""),
        init=init,
        always=spec.get("restartPolicy") == "Always",
        ready=bool(status.get("ready")),
        running="running" in state,
        restarts=status.get("restartCount", 0),
        id=status.get("containerID", ""),
        waiting=waiting.get("reason", ""),
        message=waiting.get("message", "") or ended.get("message", ""),
        exit_code=ended.get("exitCode"),
        exit_reason=ended.get("reason", ""),
        ports=tuple(
            ContainerPort(p["containerPort"], p.get("name", ""), p.get("protocol", "TCP"))
            for p in spec.get("ports") or ()
        ),
        args=tuple(spec.get("args") or ()),
        env={e["name"]: e["value"] for e in spec.get("env") or () if "value" in e},
        pre_stop=bool((spec.get("lifecycle") or {}).get("preStop")),
        command=tuple(spec.get("command") or ()),
        started=(state.get("running") or {}).get("startedAt") or "",
        readiness=_probe(spec.get("readinessProbe") or {}),
    )


def _probe(item: Mapping[str, Any]) -> Probe | None:
    by = next((kind for kind in ("tcpSocket", "grpc", "httpGet") if kind in item), "")
    port = item[by].get("port") if by else None
    return Probe(by, port) if isinstance(port, int) else None
