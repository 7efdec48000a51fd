"""What a pod's arguments and variables tell of how its client was meant to choose: hints, never proofs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Service

ROUND_ROBIN = "round_robin"
KUBERNETES = "kubernetes://"
"""The scheme of resolvers that ask the API server for endpoints (kuberesolver and its relatives)."""
XDS = "xds://"
"""The scheme of gRPC's own xDS client."""
BOOTSTRAP = "GRPC_XDS_BOOTSTRAP"
"""The variable by which gRPC's own xDS client finds its control plane: it names a file."""
BOOTSTRAP_ITSELF = f"{BOOTSTRAP}_CONFIG"
"""The variable that has in it what would stand in that file."""
ENDPOINTS = re.compile(r"(?<![\w.-])(\w[\w.-]*):\d{2,5}(?![\w.-])|://([\w.-]+)(?![\w.-]*:\d)")
"""Whatever looks like HOST:PORT, or like the host of a URL that has no port."""
SEVERAL = re.compile(
    r"(?im)(?:^|\s)-{0,2}(?:(?:\w+[-_])?grpc[-_])?(?:num[-_])?channels?(?:[-_](?:count|pool|pool[-_]size))?"
    r"[=:\s]+(?:channels=)?(\d{1,4})$"
)
"""An option or a variable that says how many channels a client makes; no number of connections, which may be others'.
"""


def words(pod: Pod | None) -> Iterator[str]:
    """All arguments and all values of variables that stand in the pod's specification."""
    for container in pod.containers if pod is not None else ():
        yield from (*container.command, *container.args, *container.env.values())


def variables(pod: Pod | None) -> dict[str, str]:
    """The variables whose values stand in the pod's specification, of all its containers."""
    return {name: value for one in (pod.containers if pod is not None else ()) for name, value in one.env.items()}


def bootstrapped(pod: Pod | None) -> bool:
    """Whether some container has a variable that tells gRPC's xDS client where its control plane is."""
    return not {BOOTSTRAP, BOOTSTRAP_ITSELF}.isdisjoint(variables(pod))


def takes_turns(pod: Pod | None) -> bool:
    """Whether some argument or variable asks for round robin."""
    return ROUND_ROBIN in marks(words(pod), "")


def dials(pod: Pod | None, service: str, port: int) -> bool:
    """Whether some argument or variable is a target of this name with this port."""
    return f"{service}:{port}" in marks(words(pod), service)


def calls_only(pod: Pod | None, service: str) -> bool:
    """Whether all that arguments and variables name with a port, or by a URL, is the service (or a pod of it)."""
    text = "\n".join(words(pod))
    hosts = [host or url for host, url in ENDPOINTS.findall(text)]
    return bool(hosts) and all(service in host.split(".") for host in hosts)


def ports_dialled(pod: Pod | None, service: str) -> frozenset[int]:
    """The ports of all targets of this name in arguments and variables."""
    targets = (mark.partition(":")[2] for mark in marks(words(pod), service) if mark.startswith(f"{service}:"))
    return frozenset(int(port) for port in targets if port.isdigit())


def asks_for_endpoints(pod: Pod | None, service: str) -> bool:
    """Whether some argument or variable is a target that the API server is asked for."""
    return f"{KUBERNETES}/{service}" in marks(words(pod), service)


def xds_target(pod: Pod | None, service: str) -> str:
    """What a control plane is asked for where some argument or variable is an xds:// target of the service; else ""."""
    found = next((mark for mark in marks(words(pod), service) if mark.startswith(XDS)), "")
    return found.removeprefix(f"{XDS}/")


def by_own_names(pod: Pod | None, service: str) -> frozenset[str]:
    """The pods that some argument or variable calls by their own names, as those of a StatefulSet: POD.SERVICE:PORT."""
    return frozenset(filter(None, (pod_named(mark, service) for mark in marks(words(pod), service))))


def pod_named(mark: str, service: str) -> str:
    """The pod that a mark names by its own name, POD.SERVICE:PORT; "" for other marks."""
    name, dot, _ = mark.partition(f".{service}:")
    return name if dot and "/" not in name else ""


def channels(pod: Pod | None) -> int:
    """How many channels the client makes, as its arguments or variables say; 0 where none says so."""
    containers = pod.containers if pod is not None else ()
    said = [mark for one in containers for mark in several((*one.command, *one.args), one.env)]
    return max((int(mark.rpartition("=")[2]) for mark in said), default=0)


def several(args: Iterable[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """The numbers of channels in arguments and variables, as `channels=N`: kept evidence keeps them, too."""
    text = "\n".join((*args, "", *(f"{name}={value}" for name, value in env.items())))
    return tuple(f"channels={number}" for number in SEVERAL.findall(text))


def names_from(service: Service, domain: str, namespace: str) -> tuple[str, ...]:
    """The names by which a client in this namespace may call the service, the longest first."""
    name, own = service.meta.name, service.meta.namespace
    whole = f"{name}.{own}"
    return (f"{whole}.svc.{domain}", f"{whole}.svc", whole, *((name,) if namespace == own else ()))


def marks(said: Iterable[str], service: str) -> tuple[str, ...]:
    """All that causes look for in such words: kept evidence keeps this, and nothing around it.

    That is `round_robin` however it is written, and targets with the service's name: NAME:PORT, POD.NAME:PORT,
    kubernetes:///NAME, xds:///NAME:PORT.
    """
    text = "\n".join(said)
    found = [ROUND_ROBIN] if ROUND_ROBIN in text.lower().replace("-", "_").replace("roundrobin", ROUND_ROBIN) else []
    if service:
        name = re.escape(service)
        found += [f"{KUBERNETES}/{service}"] if re.search(rf"{KUBERNETES}[^\s/]*/{name}(?![\w-])", text) else []
        found += re.findall(rf"{XDS}/{name}(?![\w-])[\w.:-]*", text)
        found += [f"{pod}.{service}:{port}" for pod, port in
                  re.findall(rf"(?<![\w.-])([\w-]+)\.{name}(?:\.[\w.-]+)?:(\d+)(?![\w-])", text)]  # fmt: skip
        found += [f"{service}:{port}" for port in re.findall(rf"(?<![\w.-]){name}(?:\.[\w.-]+)?:(\d+)(?![\w-])", text)]
    return tuple(dict.fromkeys(found))
