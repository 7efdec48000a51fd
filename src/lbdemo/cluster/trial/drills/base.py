"""What a drill is given, and how what it gives is judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.trial.load import Load
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.cluster.trial.verify import Installation
from lbdemo.config import Place
from lbdemo.errors import NotReadyError
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS
from lbdemo.kube.records.pods import Pod
from lbdemo.records.drills import Drilled, F
from lbdemo.tools.kubectl import Kubectl

LOOK = 0.5  # seconds between two looks
RATE = 100.0  # RPC/s of the load during a drill
TIMEOUT = 2.0  # seconds, the deadline of each of its calls, unless a drill needs another


@dataclass(frozen=True, slots=True)
class DrillRun:
    """What a drill works with. `set_outlier` installs the strategy with outlier detection on or off."""

    kubectl: Kubectl
    api: Api
    place: Place
    installation: Installation
    say: Callable[[str], None]
    set_outlier: Callable[[bool], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def load(self, limit: float, *, connections: int = 0, retry: bool = False, timeout: float = TIMEOUT) -> Load:
        """Steady calls, for `limit` seconds at most, through so many connections (0: as the installed client)."""
        options = VerifyOptions(rate=RATE, timeout=timeout, connections=connections, retry=retry)
        return Load(self.kubectl, self.place, self.installation, options, limit)

    def servers(self) -> tuple[Pod, ...]:
        """The echo servers that are ready now."""
        return tuple(pod for pod in self._pods() if pod.ready)

    def settle(self, replicas: int, timeout: float) -> None:
        """Waits until there are just so many servers, and none on its way out: it would send its clients elsewhere.

        Raises NotReadyError when they are not after `timeout` seconds.
        """
        deadline = self.clock() + timeout
        while len(pods := self._pods()) != replicas or not all(pod.ready for pod in pods):
            if self.clock() >= deadline:
                raise NotReadyError(f"{replicas} pods should be left", f"{len(pods)} are there", "`lbdemo status`")
            self.sleep(LOOK)

    def _pods(self) -> tuple[Pod, ...]:
        selector = f"app.kubernetes.io/instance={labels.SERVER},app.kubernetes.io/name=echo"
        return need(self.api.list(PODS, self.place.namespace, selector=selector))

    def judged(self, drill: str, figures: F, note: str = "") -> Drilled[F]:
        """The drill's figures beside what the installed strategy promises of it; a `note` is added to that."""
        promise = self.installation.strategy.promises.of(drill, self.installation.setup)
        return Drilled(drill, figures, promise.words + note, promise.kept(figures))

    def scale(self, replicas: int) -> None:
        """Sets the number of servers."""
        self.kubectl.call(
            "scale", f"deployment/{labels.SERVER}", f"--replicas={replicas}", namespace=self.place.namespace
        )


Drill = Callable[[DrillRun], Drilled[Any]]
