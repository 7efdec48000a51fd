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
MARKS = (ROUND_ROBIN, KUBERNETES)
"""What causes look for in arguments and variables. Kept evidence keeps these words, and nothing around them."""
PORT = re.compile(r":[1-9][0-9]{1,4}(?=\s|$)")
"""A port with which a target ends."""


def words(pod: Pod | None) -> Iterator[str]:
    """All arguments and all values of variables that stand in the pod's specification."""
    for container in pod.containers if pod is not None else ():
        yield from (*container.args, *container.env.values())


def dials(pod: Pod | None, port: int) -> bool:
    """Whether some argument or variable ends with this port, as targets do."""
    return any(word.endswith(f":{port}") for said in words(pod) for word in said.split())


def says(pod: Pod | None, mark: str) -> bool:
    """Whether some argument or variable has one of the marks in it."""
    return mark in marks(words(pod))


def marks(said: Iterable[str]) -> tuple[str, ...]:
    """The marks in these words, in the marks' own order, then their ports; ROUNDROBIN and round-robin are the same."""
    text = "\n".join(said)
    alike = text.lower().replace("-", "_").replace("roundrobin", ROUND_ROBIN)
    return (*(mark for mark in MARKS if mark in alike), *dict.fromkeys(PORT.findall(text)))
