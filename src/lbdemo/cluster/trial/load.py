"""Steady calls from inside the client's pod while something happens to the servers."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

from lbdemo.cluster.trial.block import end_run
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.cluster.trial.verify import Installation, command
from lbdemo.config import Place
from lbdemo.errors import LbdemoError, NotReadyError
from lbdemo.records import Sample, decode
from lbdemo.tools.kubectl import Kubectl

START = 20.0  # seconds until the first answer must have come
TICK = 0.05


class Load:
    """Calls at a fixed rate, from `with` to its end; `samples` grows meanwhile.

    Times are the pod's own (`Sample.sent`, seconds since the epoch): `now()` is the newest of them, so that no two
    clocks are ever compared. `limit` bounds the load in seconds whatever happens. `options` say how it calls.
    """

    def __init__(
        self, kubectl: Kubectl, place: Place, installation: Installation, options: VerifyOptions, limit: float
    ) -> None:
        self._run = uuid.uuid4().hex[:12]
        argv = command(installation, options, int(options.rate * limit), self._run, gate=False)
        self._argv = kubectl.exec_argv(installation.client.name, place.namespace, argv)
        self._kubectl, self._place, self._pod = kubectl, place, installation.client.name
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, name="load", daemon=True)
        self._failure: LbdemoError | None = None
        self.samples: list[Sample] = []

    def __enter__(self) -> Load:
        self._thread.start()
        try:
            self.wait_until(lambda: any(sample.ok for sample in self.samples), START, "the load's first answer")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        """Ends the client in its pod, where it would go on without kubectl; what it still has to say is read."""
        self._over.set()
        end_run(self._kubectl, self._place, self._pod, self._run)
        self._thread.join(timeout=10)

    def _read(self) -> None:
        try:
            for line in self._kubectl.stream(self._argv):
                if (sample := decode(line)) is not None:
                    self.samples.append(sample)
        except LbdemoError as failure:
            self._failure = failure

    def now(self) -> float:
        """The newest call's time, by the pod's clock."""
        return max((sample.sent for sample in self.samples[-64:]), default=0.0)

    def since(self, mark: float) -> list[Sample]:
        """The calls sent after `mark`, in the order in which they were sent."""
        return sorted((s for s in list(self.samples) if s.sent > mark), key=lambda sample: sample.sent)

    def wait(self, seconds: float) -> None:
        """Lets the load run on for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._check()
            time.sleep(TICK)

    def wait_until(self, true: Callable[[], bool], timeout: float, awaited: str = "") -> bool:
        """Waits until something is true; False after `timeout` seconds, or NotReadyError when `awaited` is named."""
        deadline = time.monotonic() + timeout
        while not true():
            self._check()
            if time.monotonic() >= deadline:
                if awaited:
                    raise NotReadyError(f"{awaited} did not come in {timeout:.0f} s", f"{len(self.samples)} calls")
                return False
            time.sleep(TICK)
        return True

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if not self._thread.is_alive() and not self._over.is_set():
            raise NotReadyError("the load ended before its time", f"{len(self.samples)} calls", "`lbdemo logs client`")
