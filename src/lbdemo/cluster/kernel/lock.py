"""One lbdemo at a time changes a namespace: a Lease, as Kubernetes' own components use for the same.

A holder that dies without giving it back is noticed by its silence: when the Lease has not changed for DURATION
seconds of our own clock (no clocks are compared), it is taken over. A holder that learns that its lease is lost (its
machine slept, say) is stopped as by Ctrl-C, and told who has it now.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.renewal import Interrupt, Renewal, holder_of, interrupt_main_thread, version_of
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.errors import LbdemoError, NotReadyError, OperationFailedError
from lbdemo.kube.answers import Unseen, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import LEASES, NAMESPACES
from lbdemo.tools.failures import ConflictError, NotFoundError, TerminatingError

NAME = labels.LOCK
GONE = (NotFoundError, TerminatingError)  # what a lock raises whose namespace goes away: another lbdemo cleans it up
DURATION = 15.0  # seconds of silence after which a holder counts as dead
INTERVAL = 0.5  # seconds between two looks at somebody else's lock
LIMIT = 5.0  # seconds that giving back may take: a lease that is not given back expires by itself


class LockLostError(OperationFailedError):
    """Somebody else has taken the lock over while we worked: our programs were ended. Exit code 5."""

    def __init__(self, namespace: str, now: str) -> None:
        super().__init__(
            f"the lock on namespace {namespace} was lost while we worked: {now}",
            "what was begun is not finished; run the command again when nobody else works on that namespace",
        )


def identity() -> str:
    """Who we are, for the person who waits for us: user@host, process, and something unique."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}, process {os.getpid()}, {uuid.uuid4().hex[:8]}"


@contextlib.contextmanager
def held(
    tools: Tools,
    cleanup: Api,
    namespace: str,
    timeout: float,
    say: Callable[[str], None],
    new: Mapping[str, Any] | None = None,
    interrupt: Interrupt = interrupt_main_thread,
) -> Iterator[Renewal]:
    """Holds the namespace's lock; waits for another holder up to `timeout` seconds, then raises NotReadyError.

    Raises NotFoundError or TerminatingError (`GONE`) when the namespace goes away meanwhile. When the lock is lost,
    `interrupt` stops what is done inside, and LockLostError is raised.

    `cleanup` still works when the tools' programs have been cancelled. `new` is the namespace to make together with
    its lock: `made` says that this was done, so that nobody else can have been there.
    """
    who = identity()
    renewal = Renewal(cleanup, namespace, who, lease, DURATION, interrupt)
    try:
        renewal.made = new is not None and _make(tools.api, new)
        renewal.start(acquire(tools, namespace, who, timeout, say))
        yield renewal
    except BaseException as error:
        if renewal.lost:
            raise LockLostError(namespace, renewal.lost) from error
        raise
    finally:  # an interruption may come when the lease is made and nobody has told us yet
        if renewal.stop(LIMIT) and not renewal.lost:
            release(cleanup, namespace, who, certain=renewal.fresh)
    if renewal.lost:
        raise LockLostError(namespace, renewal.lost)


def acquire(tools: Tools, namespace: str, who: str, timeout: float, say: Callable[[str], None]) -> Mapping[str, Any]:
    """Takes the lock, or takes it over from a holder that has gone silent; returns the lease."""
    deadline = tools.clock() + timeout
    version, seen_at = "", tools.clock()
    while (taken := _create(tools.api, namespace, who)) is None:
        there = need(tools.api.get(LEASES, NAME, namespace))
        if there is None:
            continue
        now = tools.clock()
        if version_of(there) != version:
            version, seen_at = version_of(there), now
        if now - seen_at >= DURATION and (taken := _take_over(tools.api, namespace, who, version)) is not None:
            break
        holder = holder_of(there)
        if now >= deadline:
            raise NotReadyError(
                f"namespace {namespace} is locked", f"another lbdemo works on it ({holder})", "wait for it, or stop it"
            )
        say(f"another lbdemo works on namespace {namespace} ({holder}); waiting")
        tools.pause(INTERVAL)
    return taken


def release(api: Api, namespace: str, who: str, *, certain: bool) -> None:
    """Gives the lock back, if it is still ours (`certain`: nobody can have taken it over yet)."""
    with contextlib.suppress(LbdemoError):
        if certain or _is_ours(api, namespace, who):
            api.delete(LEASES, NAME, namespace, timeout=LIMIT)


def _make(api: Api, new: Mapping[str, Any]) -> bool:
    try:
        api.create(NAMESPACES, new)
    except ConflictError:
        return False
    return True


def _is_ours(api: Api, namespace: str, who: str) -> bool:
    there = api.get(LEASES, NAME, namespace, timeout=LIMIT)
    return not isinstance(there, Unseen) and there is not None and holder_of(there) == who


def _create(api: Api, namespace: str, who: str) -> Mapping[str, Any] | None:
    try:
        return api.create(LEASES, lease(who), namespace)
    except ConflictError:
        return None


def _take_over(api: Api, namespace: str, who: str, version: str) -> Mapping[str, Any] | None:
    try:
        return api.replace(LEASES, lease(who, version), namespace)
    except (ConflictError, NotFoundError):
        return None


def lease(who: str, version: str = "") -> dict[str, Any]:
    """The Lease as its holder writes it; with a `version`, only over just that one."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    meta: dict[str, Any] = {"name": NAME, "labels": dict(labels.OURS)}
    if version:
        meta["resourceVersion"] = version
    spec = {"holderIdentity": who, "leaseDurationSeconds": int(DURATION), "renewTime": now}
    return {"metadata": meta, "spec": spec}
