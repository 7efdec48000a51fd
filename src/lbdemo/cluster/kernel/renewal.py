"""A holder's signs of life, and how it learns that its lease is lost."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from lbdemo.cluster.kernel import labels
from lbdemo.errors import LbdemoError
from lbdemo.kube.answers import Unseen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import LEASES, NAMESPACES
from lbdemo.tools.failures import ConflictError, NotFoundError, TerminatingError

RENEWAL = 4.0  # seconds between two signs of life
TICK = 0.5  # seconds between two looks at the clock: a machine that slept notices soon after
LIMIT = 5.0  # seconds that one sign of life may take

Interrupt = Callable[[], None]
Document = Mapping[str, Any]


def interrupt_main_thread() -> None:
    """Stops what the main thread does, as Ctrl-C would: also one that waits for a program or an answer."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def holder_of(lease: Document) -> str:
    """Who has it."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "somebody")


def version_of(lease: Document) -> str:
    """Its resourceVersion: it changes at each sign of life."""
    return str(lease["metadata"]["resourceVersion"])


class Renewal:
    """Renews one lease in a thread of its own, through an `api` that no Ctrl-C closes.

    `write` makes the lease's document from who holds it and the version that it replaces. The clock is the wall's,
    which goes on while the machine sleeps.
    """

    def __init__(
        self, api: Api, namespace: str, who: str, write: Callable[[str, str], Document], duration: float,
        interrupt: Interrupt, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.made = False  # whether the namespace was made together with the lock
        self.lost = ""  # who has it now, in words; "" as long as it is ours
        self._api, self._namespace, self._who, self._write = api, namespace, who, write
        self._duration, self._interrupt, self._clock = duration, interrupt, clock
        self._version, self._renewed = "", 0.0
        self._over, self._ending = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run, name="lock", daemon=True)

    @property
    def fresh(self) -> bool:
        """Whether nobody can have taken it over yet."""
        return self._clock() - self._renewed < self._duration

    def start(self, lease: Document) -> None:
        """Goes on from the lease that was just written."""
        self._note(lease)
        self._thread.start()

    def stop(self, limit: float) -> bool:
        """Ends it; False when a sign of life is under way that no API server answers within `limit` seconds."""
        with self._ending:
            self._over.set()
        if self._thread.is_alive():
            self._thread.join(limit)
        return not self._thread.is_alive()

    def _note(self, lease: Document) -> None:
        self._version, self._renewed = version_of(lease), self._clock()

    def _run(self) -> None:
        with contextlib.suppress(KeyboardInterrupt):  # the way to the API server was closed
            while not self._over.wait(TICK):
                if self._clock() - self._renewed >= RENEWAL and not self.renew():
                    return

    def renew(self) -> bool:
        """One sign of life; False when there is nothing to renew any more."""
        try:
            self._note(self._api.replace(LEASES, self._write(self._who, self._version), self._namespace, timeout=LIMIT))
        except (ConflictError, NotFoundError, TerminatingError):
            return self._look()
        except LbdemoError as error:
            return self._unanswered(error.message)
        return True

    def _look(self) -> bool:
        """Somebody has written it, or taken it away: who?"""
        there = self._api.get(LEASES, labels.LOCK, self._namespace, timeout=LIMIT)
        if isinstance(there, Unseen):
            return self._unanswered(str(there))
        if there is None:
            return self._gone()
        holder = holder_of(there)
        if holder != self._who:
            return self._lose(f"{holder} has it now")
        self._version = version_of(there)  # an answer of ours that was lost on its way
        return True

    def _gone(self) -> bool:
        """With its namespace, which is as it should be; or by another one that has taken it over and given it back."""
        namespace = self._api.get(NAMESPACES, self._namespace, timeout=LIMIT)
        if isinstance(namespace, Unseen):
            return self._unanswered(str(namespace))
        if namespace is None or namespace.meta.deleting:
            return False
        return self._lose("somebody else has had it, and given it back")

    def _unanswered(self, reason: str) -> bool:
        if self.fresh:
            return True
        return self._lose(f"it could not be renewed for {self._duration:.0f} s ({reason}); somebody else may have it")

    def _lose(self, now: str) -> bool:
        with self._ending:
            if not self._over.is_set():
                self.lost = now
                self._interrupt()
        return False
