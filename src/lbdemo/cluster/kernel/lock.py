"""One `up` or `clean` at a time in a namespace: a Lease, as Kubernetes' own components use for the same.

A holder that dies without releasing it is noticed by its silence: when the Lease has not changed for
DURATION seconds of our own clock (no clocks are compared), it is taken over.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.errors import LbdemoError, NotReadyError
from lbdemo.tools.failures import ConflictError, NotFoundError, TerminatingError
from lbdemo.tools.kubectl import Kubectl

NAME = "lbdemo-lock"
GONE = (NotFoundError, TerminatingError)  # what a lock raises whose namespace goes away: another lbdemo cleans it up
DURATION = 12.0  # seconds of silence after which a holder counts as dead
RENEWAL = 4.0  # seconds between two signs of life
INTERVAL = 0.5  # seconds between two looks at somebody else's lock
LIMIT = 5.0  # seconds that a sign of life, or giving back, may take: a lease that is not given back expires by itself


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
    cleanup: Kubectl,
    namespace: str,
    timeout: float,
    say: Callable[[str], None],
    new: Mapping[str, Any] | None = None,
) -> Iterator[bool]:
    """Holds the namespace's lock; waits for another holder up to `timeout` seconds, then raises NotReadyError.

    Raises NotFoundError or TerminatingError (`GONE`) when the namespace goes away meanwhile.

    `cleanup` is a kubectl that still works when the tools' programs have been cancelled. `new` is the namespace to
    make together with its lock; True is given when that was done, so that nobody else can have been there.
    """
    who = identity()
    over, taken = threading.Event(), None
    renewal = threading.Thread(target=_renew, args=(cleanup, namespace, who, over), daemon=True)
    try:
        made = new is not None and _create_both(tools.kubectl, new, namespace, who)
        if not made and not (new is not None and _mine(tools.kubectl, namespace, who)):
            acquire(tools, namespace, who, timeout, say)
        taken = tools.clock()
        renewal.start()
        yield made
    finally:  # an interruption may come when the lease is made and nobody has told us yet
        over.set()
        if renewal.is_alive():
            renewal.join(LIMIT)
        if not renewal.is_alive():  # otherwise no API server answers
            release(cleanup, namespace, who, certain=taken is not None and tools.clock() - taken < DURATION)


def acquire(tools: Tools, namespace: str, who: str, timeout: float, say: Callable[[str], None]) -> None:
    """Takes the lock, or takes it over from a holder that has gone silent."""
    deadline = tools.clock() + timeout
    version, seen_at = "", tools.clock()
    while not _create(tools.kubectl, namespace, who):
        lease = _read(tools.kubectl, namespace)
        if lease is None:
            continue
        now = tools.clock()
        if lease["metadata"]["resourceVersion"] != version:
            version, seen_at = lease["metadata"]["resourceVersion"], now
        holder = lease["spec"].get("holderIdentity", "somebody")
        if now - seen_at >= DURATION and _take_over(tools.kubectl, namespace, who, version):
            return
        if now >= deadline:
            raise NotReadyError(
                f"namespace {namespace} is locked", f"another lbdemo works on it ({holder})", "wait for it, or stop it"
            )
        say(f"another lbdemo works on namespace {namespace} ({holder}); waiting")
        tools.pause(INTERVAL)


def release(kubectl: Kubectl, namespace: str, who: str, *, certain: bool) -> None:
    """Gives the lock back, if it is still ours (`certain`: nobody can have taken it over yet)."""
    with contextlib.suppress(LbdemoError):
        if certain or _mine(kubectl, namespace, who, LIMIT):
            kubectl.delete(f"lease/{NAME}", namespace=namespace, timeout=LIMIT)


def _renew(kubectl: Kubectl, namespace: str, who: str, over: threading.Event) -> None:
    while not over.wait(RENEWAL):
        with contextlib.suppress(LbdemoError):
            lease = _read(kubectl, namespace, LIMIT)
            if lease is None or lease["spec"].get("holderIdentity") != who:
                return
            kubectl.replace(_lease(who, lease["metadata"]["resourceVersion"]), namespace, timeout=LIMIT)


def _create_both(kubectl: Kubectl, new: Mapping[str, Any], namespace: str, who: str) -> bool:
    """The namespace and its lock in one call; False when either was there (what was missing is made all the same)."""
    lease = _lease(who)
    lease["metadata"]["namespace"] = namespace
    try:
        kubectl.create_all([new, lease])
    except ConflictError:
        return False
    return True


def _mine(kubectl: Kubectl, namespace: str, who: str, limit: float = 60.0) -> bool:
    lease = _read(kubectl, namespace, limit)
    return lease is not None and lease["spec"].get("holderIdentity") == who


def _create(kubectl: Kubectl, namespace: str, who: str) -> bool:
    try:
        kubectl.create(_lease(who), namespace)
    except ConflictError:
        return False
    return True


def _take_over(kubectl: Kubectl, namespace: str, who: str, version: str) -> bool:
    try:
        kubectl.replace(_lease(who, version), namespace)
    except (ConflictError, NotFoundError):
        return False
    return True


def _read(kubectl: Kubectl, namespace: str, limit: float = 60.0) -> Mapping[str, Any] | None:
    lease = kubectl.get_json("leases.coordination.k8s.io", NAME, namespace=namespace, timeout=limit)
    return lease if "spec" in lease else None


def _lease(who: str, version: str = "") -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    meta: dict[str, Any] = {"name": NAME, "labels": dict(labels.OURS)}
    if version:
        meta["resourceVersion"] = version
    spec = {"holderIdentity": who, "leaseDurationSeconds": int(DURATION), "renewTime": now}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}
