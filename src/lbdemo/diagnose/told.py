"""What a pod's arguments and variables tell of how its client was meant to choose: hints, never proofs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lbdemo.kube.records.pods import Pod

ROUND_ROBIN = "round_robin"
KUBERNETES = "kubernetes://"
"""The scheme of resolvers that ask the API server for endpoints (kuberesolver and its relatives)."""


def words(pod: Pod | None) -> Iterator[str]:
    """All arguments and all values of variables that stand in the pod's specification."""
    for container in pod.containers if pod is not None else ():
        yield from (*container.args, *container.env.values())


def takes_turns(pod: Pod | None) -> bool:
    """Whether some argument or variable asks for round robin."""
    return ROUND_ROBIN in marks(words(pod), "")


def dials(pod: Pod | None, service: str, port: int) -> bool:
    """Whether some argument or variable is a target of this name with this port."""
    return f"{service}:{port}" in marks(words(pod), service)


def asks_for_endpoints(pod: Pod | None, service: str) -> bool:
    """Whether some argument or variable is a target that the API server is asked for."""
    return f"{KUBERNETES}/{service}" in marks(words(pod), service)


def marks(said: Iterable[str], service: str) -> tuple[str, ...]:
    """All that causes look for in such words: kept evidence keeps this, and nothing around it.

    That is `round_robin` however it is written, and targets with the service's name: NAME:PORT, kubernetes:///NAME.
    """
    text = "\n".join(said)
    found = [ROUND_ROBIN] if ROUND_ROBIN in text.lower().replace("-", "_").replace("roundrobin", ROUND_ROBIN) else []
    if service:
        name = re.escape(service)
        found += [f"{KUBERNETES}/{service}"] if re.search(rf"{KUBERNETES}[^\s/]*/{name}(?![\w-])", text) else []
        found += [f"{service}:{port}" for port in re.findall(rf"(?<![\w.-]){name}(?:\.[\w.-]+)?:(\d+)(?![\w-])", text)]
    return tuple(dict.fromkeys(found))
