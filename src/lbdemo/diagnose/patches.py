"""Changes of an object's members, as lines to paste that change nothing where the object is not what was seen."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lbdemo.kube.records.meta import Meta
    from lbdemo.kube.records.services import Service, ServicePort

Change = tuple[str, Any, Any]
"""A member's place (a JSON pointer), what is there, and what shall be there; None is nothing, the same is no change."""


def exchanged(meta: Meta, changes: Sequence[Change]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Commands that change an object's members, and those that undo it."""
    back = [(path, new, old) for path, old, new in reversed(changes)]
    return (_patch(meta, changes),), (_patch(meta, back),)


def port_exchanged(
    service: Service, port: ServicePort, member: str, old: Any, new: Any
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same for a member of a Service's port, as long as it stands where it stood: ports have places, no names."""
    place = f"/spec/ports/{service.ports.index(port)}"
    held = [] if member == "port" else [(f"{place}/port", port.number, port.number)]
    return exchanged(service.meta, [*held, (f"{place}/{member}", old, new)])


def merged(meta: Meta, document: Any) -> str:
    """A line that puts these members into the object; those that are null are taken away."""
    return _line(meta, "merge", document)


def _patch(meta: Meta, changes: Sequence[Change]) -> str:
    tests = [{"op": "test", "path": path, "value": old} for path, old, _ in changes if old is not None]
    return _line(meta, "json", [*tests, *_operations(changes)])


def _operations(changes: Sequence[Change]) -> Iterator[dict[str, Any]]:
    for path, old, new in changes:
        if new is None and old is not None:
            yield {"op": "remove", "path": path}
        elif new != old:
            yield {"op": "add", "path": path, "value": new}  # takes the place of what is there


def _line(meta: Meta, kind: str, document: Any) -> str:
    told = json.dumps(document, separators=(",", ":"))
    words = ("-n", meta.namespace, "patch", meta.kind.lower(), meta.name, "--type", kind, "-p", told)
    return shlex.join(["kubectl", *words])
