"""What the cluster had before the first `up`, as a list of names and uids in a ConfigMap.

It is kept in the namespace where lbdemo works, and beside an Istio that lbdemo installs, since that may outlive the
namespace. Whoever may write config maps there may have changed it: it can only save an object from `clean`, or be one
of two witnesses against it (the other is the object's own metadata); and what is in it is bounded before it is read.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lbdemo.cluster.cleanup.items import Item
from lbdemo.config import ISTIO_NAMESPACE

MOST_TEXT = 4 << 20  # bytes of one list, unpacked: 40 000 objects; a ConfigMap holds 1 MiB in all
MOST_ITEMS = 40_000
# The lists, as keys of the ConfigMap.
OBJECTS, BORN, INSTALLED, UNSEEN = "objects.gz", "born-with.gz", "istio.gz", "unseen.gz"


@dataclass(frozen=True, slots=True)
class Scope:
    """All objects of a kind in a namespace ("" for the cluster-wide ones)."""

    resource: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.resource} in namespace {self.namespace}" if self.namespace else f"{self.resource} (all)"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What was there before.

    `born` is what something else than lbdemo put into our namespace at its birth, `installed` what our Istio consists
    of; `unseen` are the scopes that could not be listed then.
    """

    objects: frozenset[Item] = frozenset()
    born: frozenset[Item] = frozenset()
    installed: frozenset[Item] = frozenset()
    unseen: frozenset[Scope] = frozenset()

    def has(self, item: Item) -> bool:
        """Whether just this object was there: another one of its name was not."""
        return holds(self.objects, item)


def holds(items: frozenset[Item], item: Item) -> bool:
    """Whether the object is among the items, by its uid."""
    return item in items or replace(item, uid="") in items


def encode(lines: Iterable[str]) -> str:
    """Sorted lines, compressed, in base64."""
    return base64.b64encode(zlib.compress("\n".join(sorted(lines)).encode(), 9)).decode()


def decode(text: str) -> list[str] | None:
    """The lines that `encode` was given; None for what it never made, and for what is longer than it may be."""
    unpack = zlib.decompressobj()
    try:
        found = unpack.decompress(base64.b64decode(text, validate=True), MOST_TEXT)
        if not unpack.eof:
            return None
        lines = found.decode().splitlines()
    except (binascii.Error, zlib.error, UnicodeDecodeError, ValueError):
        return None
    return lines if len(lines) <= MOST_ITEMS else None


def to_data(inventory: Inventory) -> dict[str, str]:
    """The inventory as the ConfigMap's binaryData."""
    lists = {OBJECTS: inventory.objects, BORN: inventory.born, INSTALLED: inventory.installed}
    lines = {key: [line(item) for item in items] for key, items in lists.items()}
    lines[UNSEEN] = [f"{scope.resource}\t{scope.namespace}" for scope in inventory.unseen]
    return {key: encode(found) for key, found in lines.items()}


def from_data(data: Mapping[str, object]) -> Inventory | None:
    """The inventory in a ConfigMap's binaryData; None when any of it is damaged: it is not believed in part."""
    lists = {key: _fields(data.get(key, encode(())), width) for key, width in WIDTHS.items()}
    if OBJECTS not in data or any(found is None for found in lists.values()):
        return None
    items = {key: frozenset(Item(*fields) for fields in lists[key] or ()) for key in (OBJECTS, BORN, INSTALLED)}
    unseen = frozenset(Scope(*fields) for fields in lists[UNSEEN] or ())
    return Inventory(items[OBJECTS], items[BORN], items[INSTALLED], unseen)


WIDTHS = {OBJECTS: 4, BORN: 4, INSTALLED: 4, UNSEEN: 2}


def line(item: Item) -> str:
    """One object as the lists keep it."""
    return f"{item.kind}\t{item.namespace}\t{item.name}\t{item.uid}"


def _fields(text: object, width: int) -> list[list[str]] | None:
    lines = decode(text) if isinstance(text, str) else None
    found = [line.split("\t") for line in lines or ()]
    return None if lines is None or any(len(fields) != width for fields in found) else found


def before_both(before: Inventory, before_istio: Inventory | None) -> Inventory:
    """What was there before a namespace, and of Istio only what was there before *our* Istio, too.

    A namespace may be made when our Istio is installed already, for another one: then all that this Istio brought is
    found there. `before_istio` is the inventory that is kept beside it; None when there is no Istio of ours.
    """
    if before_istio is None:
        return before
    old = {item for item in before.objects if not _came_with_istio(item, before_istio) or before_istio.has(item)}
    return replace(
        before, objects=frozenset(old), installed=before.installed | before_istio.installed,
        unseen=before.unseen | before_istio.unseen,
    )  # fmt: skip


def _came_with_istio(item: Item, before_istio: Inventory) -> bool:
    return holds(before_istio.installed, item) or item.namespace == ISTIO_NAMESPACE or named_like_istio(item)


SPREAD = frozenset({"istio-ca-root-cert", "istio-ca-crl"})  # istiod writes these into every namespace, and leaves them
ISTIO_GROUP = ".istio.io"


def named_like_istio(item: Item) -> bool:
    """Whether Istio may have brought it, by its name. That proves nothing: nothing is deleted for it."""
    if item.namespace:
        return item.name in SPREAD
    if item.kind == "Namespace":
        return item.name == ISTIO_NAMESPACE
    return item.name.startswith("istio") or item.name.endswith(ISTIO_GROUP) or item.kind.endswith(ISTIO_GROUP)
