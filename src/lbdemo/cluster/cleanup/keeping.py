"""The ConfigMap that keeps the inventory: read, made, added to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lbdemo.cluster.cleanup.inventory import BORN, INSTALLED, Inventory, encode, from_data, line, to_data
from lbdemo.cluster.cleanup.items import Item
from lbdemo.cluster.kernel import labels
from lbdemo.kube.answers import Unseen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import CONFIG_MAPS, raw
from lbdemo.tools.failures import ConflictError, NotFoundError

NAME = labels.INVENTORY
KEEPERS = CONFIG_MAPS.read_as(raw)


def load(api: Api, namespace: str) -> Inventory | None:
    """The inventory kept in the namespace; None when there is none, a damaged one, or none that this user may read."""
    found = api.get(KEEPERS, NAME, namespace)
    if found is None or isinstance(found, Unseen):
        return None
    data = found.get("binaryData")
    return from_data(data) if isinstance(data, Mapping) else None


def store(api: Api, namespace: str, inventory: Inventory, marks: Mapping[str, str] | None = None) -> None:
    """Keeps the inventory in the namespace; the first one stays when there is one already."""
    document: dict[str, Any] = {
        "metadata": {"name": NAME, "labels": {**labels.OURS, **(marks or {})}},
        "binaryData": to_data(inventory),
    }
    try:
        api.create(CONFIG_MAPS, document, namespace)
    except ConflictError:
        return


def note_born(api: Api, namespace: str, items: Iterable[Item]) -> None:
    """Adds what something else than lbdemo put into the namespace at its birth."""
    _add(api, namespace, BORN, items)


def note_installed(api: Api, namespace: str, items: Iterable[Item]) -> None:
    """Adds what our Istio consists of, to what was noted before."""
    known = load(api, namespace)
    if known is not None:
        _add(api, namespace, INSTALLED, known.installed | set(items))


def _add(api: Api, namespace: str, key: str, items: Iterable[Item]) -> None:
    try:
        api.patch(CONFIG_MAPS, NAME, {"binaryData": {key: encode(line(item) for item in items)}}, namespace)
    except NotFoundError:  # somebody has removed it: then nothing is proven by it
        return
