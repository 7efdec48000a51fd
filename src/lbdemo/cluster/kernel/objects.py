"""Several kinds of object in one answer; and whether an object is still as our chart gave it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from lbdemo.kube.records.meta import Meta, parse_meta
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.records.workloads import Deployment, ReplicaSet, newest_hashes

EXACT = frozenset({"selector", "matchLabels"})  # one label more selects other pods
APPLIED = "lbdemo/applied"  # the annotation in which our chart says what it gave the object, as JSON


@dataclass(frozen=True, slots=True)
class Given(Meta):
    """An object that our chart may have made."""

    as_applied: bool = False  # it has all that its annotation says it was given: nobody changed that by hand


@dataclass(frozen=True, slots=True)
class Objects:
    """What was found, sorted by kind."""

    pods: tuple[Pod, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    others: tuple[Given, ...] = ()
    replica_sets: tuple[ReplicaSet, ...] = ()

    def of(self, kind: str) -> tuple[Given, ...]:
        """The objects of another kind than those with records of their own."""
        return tuple(meta for meta in self.others if meta.kind == kind)

    def newest_hashes(self) -> frozenset[str]:
        """The pod-template-hash of every deployment's newest ReplicaSet: pods of others are on their way out."""
        return newest_hashes(self.deployments, self.replica_sets)


def parse_given(item: Mapping[str, Any]) -> Given:
    """The metadata of an object, and whether it is as our chart gave it."""
    meta = parse_meta(item)
    known = {field.name: getattr(meta, field.name) for field in fields(Meta)}
    return Given(**known, as_applied=_as_applied(item, meta.annotations.get(APPLIED, "")))


def _as_applied(item: Mapping[str, Any], applied: str) -> bool:
    try:
        return bool(applied) and _holds(item, json.loads(applied))
    except ValueError:
        return False


def _holds(there: Any, given: Any) -> bool:
    """Whether all that was given is there; the API server may have added to it, or left out what is false or 0."""
    if isinstance(given, Mapping):
        return isinstance(there, Mapping) and all(
            there.get(key) == value if key in EXACT else _holds(there.get(key), value) for key, value in given.items()
        )
    if isinstance(given, list):
        return isinstance(there, list) and len(there) == len(given) and all(map(_holds, there, given))
    return bool(there == given) or (there is None and not given)
