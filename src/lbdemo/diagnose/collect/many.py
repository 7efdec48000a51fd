"""Several services at once: those of a namespace, or of all of them, that speak gRPC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count as numbers
from math import ceil
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import speaks_grpc
from lbdemo.diagnose.collect.gather import gather
from lbdemo.errors import InputError, LbdemoError
from lbdemo.kube.answers import need
from lbdemo.kube.kinds import SERVICES
from lbdemo.kube.side_by_side import each
from lbdemo.words import count, duration, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Asked, Means
    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.kube.records.services import Service

SIDE_BY_SIDE = 8
"""Services that are watched at once: each has a program running in each of its pods."""

BESIDE = 2.0
"""Seconds that a service takes beside its watch, about: the objects, who calls, the last look."""


def several(asked: Asked, means: Means, *, everywhere: bool, selector: str) -> tuple[Asked, ...]:
    """A question for each service of the namespace (or of all) that has a port for gRPC and fits the selector.

    Raises InputError where there is none, UnseenError where they cannot be listed.
    """
    found = need(means.api.list(SERVICES, "" if everywhere else asked.namespace, selector=selector))
    ours = [one for one in found if _looked_at(one)]
    if selector and not found:
        raise InputError(f"no service {_where(asked, everywhere)} has the labels {selector}",
                         "`kubectl get services --show-labels` lists those that there are")  # fmt: skip
    if not ours:
        hint = "a port says that it speaks gRPC by appProtocol or by its name; a single service can always be named"
        raise InputError(f"no service {_where(asked, everywhere)} has a port for gRPC", hint)
    _tell_who_is_left_out(found, means, by_name=bool(selector))
    return tuple(replace(asked, namespace=one.meta.namespace, service=one.meta.name) for one in ours)


def _where(asked: Asked, everywhere: bool) -> str:
    return "in any namespace" if everywhere else f"in namespace {asked.namespace}"


def _tell_who_is_left_out(found: Sequence[Service], means: Means, *, by_name: bool) -> None:
    """A missing line would look like a healthy service: those that labels select are named, of all others how many."""
    out = sorted(f"{one.meta.namespace}/{one.meta.name}" for one in found if not _looked_at(one))
    if out:
        who = listing(out) if by_name else f"{count(len(out), 'service')} more"
        means.say(f"left out: {who} (no port says gRPC, by its name or appProtocol; or no selector): name one")


def _looked_at(service: Service) -> bool:
    return bool(service.selector) and any(speaks_grpc(port) for port in service.ports)


def gather_each(
    asked: Sequence[Asked], means: Means, failed: Callable[[Asked, LbdemoError], None]
) -> tuple[Evidence, ...]:
    """The evidence of each, a few side by side; `failed` is told of those that could not be seen at all."""
    done = numbers(1)
    if len(asked) > SIDE_BY_SIDE:
        means.say(f"{SIDE_BY_SIDE} at once: about {duration(expected(asked))}")

    def one(question: Asked) -> Evidence | None:
        try:
            found = gather(question, replace(means, say=lambda _: None))
        except LbdemoError as error:
            failed(question, error)
            return None
        means.say(f"{next(done)} of {len(asked)}: {question.namespace}/{question.service}")
        return found

    return tuple(found for found in each(one, asked, SIDE_BY_SIDE) if found is not None)


def expected(asked: Sequence[Asked]) -> float:
    """How many seconds all of them take, about."""
    return ceil(len(asked) / SIDE_BY_SIDE) * (max(one.watch for one in asked) + BESIDE)
