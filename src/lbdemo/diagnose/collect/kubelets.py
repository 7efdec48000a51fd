"""What nodes' kubelets tell of their pods (/stats/summary); that one may not ask them is nothing to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from lbdemo.kube.answers import Unseen
from lbdemo.kube.side_by_side import each

if TYPE_CHECKING:
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.pods import Pod

NODES_AT_MOST = 16
SUMMARY = "stats/summary"
TIMEOUT = 3.0  # seconds

T = TypeVar("T")


def told(
    api: Api, servers: Sequence[Pod], parse: Callable[[str], Iterable[T]], query: Mapping[str, str] | None = None
) -> list[T]:
    """What `parse` reads off the summaries of all nodes with servers; nothing where there are too many to ask."""
    nodes = sorted({pod.node for pod in servers if pod.node})
    if len(nodes) > NODES_AT_MOST:
        return []
    return [one for found in each(lambda node: _summary(api, node, parse, query), nodes) for one in found]


def _summary(api: Api, node: str, parse: Callable[[str], Iterable[T]], query: Mapping[str, str] | None) -> list[T]:
    answer = api.node_get(node, SUMMARY, query=query, timeout=TIMEOUT)
    if isinstance(answer, Unseen) or answer.status != 200:
        return []
    try:
        return list(parse(answer.body.decode()))
    except (ValueError, KeyError, TypeError, AttributeError):  # a kubelet that says it in other words
        return []
