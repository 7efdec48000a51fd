"""Evidence with something of everything in it, each name and each address one of its own: a canary."""

from __future__ import annotations

import dataclasses
import itertools
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from lbdemo.diagnose.evidence import VERSION, Evidence
from lbdemo.diagnose.given_names import FIXED

ADDRESSES = {"local", "peer", "address", "addresses", "cluster_ips", "gone", "pod_ranges", "leads_to"}
"""Members that are addresses."""
TEXTS = {
    "hash": '{{"httpHeaderName": "{}"}}',
    "hashed_by": "httpHeaderName {}",
    "tls_settings": '{{"mode": "MUTUAL", "caCertificates": "{}"}}',
    "ports": "STRICT",
    "what": "the log of pod {0} in namespace {0}-b",
}
"""Members with words of the field around a name."""
CANARY = r"(?i)acme|10\.77\.33\."


def evidence() -> Evidence:
    """All members of all records are there, once each."""
    made = _Maker().record(Evidence)
    assert isinstance(made, Evidence)
    return made


class _Maker:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def record(self, kind: Any) -> Any:
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: self.value(hints[f.name], f.name) for f in dataclasses.fields(kind)})

    def value(self, kind: Any, name: str) -> Any:
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin in (types.UnionType, typing.Union):
            return self.value(next(one for one in inner if one is not type(None)), name)
        if origin is tuple:
            parts = inner[:1] if inner[-1] is Ellipsis else inner
            return tuple(self.value(one, name) for one in parts)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {self.value(inner[0], "key"): self.value(inner[1], name)}
        if dataclasses.is_dataclass(kind):
            return self.record(kind)
        return self.plain(kind, name)

    def plain(self, kind: Any, name: str) -> Any:
        number = next(self._numbers)
        if issubclass(kind, Enum):
            return next(iter(kind))
        if kind is str:
            return self.text(name, number)
        if name == "version":
            return VERSION
        return kind(number) if kind in (int, float) else bool(number)

    def text(self, name: str, number: int) -> str:
        if name in FIXED:
            return "Acme" if name == "kind" else "Word"
        if name in TEXTS:
            return TEXTS[name].format(f"acme{number}x")
        return f"10.77.33.{number % 256}" if name in ADDRESSES else f"acme{number}x"


def members(document: Any) -> Iterator[tuple[str, str]]:
    """Each text in a document, with the member that it stands in."""
    for name, value in document.items() if isinstance(document, dict) else ():
        if isinstance(value, str):
            yield name, value
        for each in value if isinstance(value, list) else [value]:
            yield from members(each) if isinstance(each, dict) else [(name, each)] if isinstance(each, str) else ()
