"""The way to the page through a gateway of Istio's, and what has to be in the cluster for it as long as it is used."""

from __future__ import annotations

import contextlib
import http
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from lbdemo.cluster.install import gateway, rights
from lbdemo.cluster.istio.setup import unstick
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Release, parse_releases
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.cluster.kernel.steps import Plan, Reporter, Tools, execute
from lbdemo.cluster.page import ingress
from lbdemo.cluster.page.forward import LOOPBACK, End, Forward, status
from lbdemo.cluster.page.ingress import Ingress
from lbdemo.cluster.page.passing import Address
from lbdemo.cluster.page.pods import newest
from lbdemo.cluster.page.standing import Standing
from lbdemo.errors import InputError, LbdemoError, NotReadyError, OperationFailedError
from lbdemo.front.page import WAYS
from lbdemo.kube.answers import need
from lbdemo.kube.kinds import SECRETS
from lbdemo.kube.proxy import Starts
from lbdemo.kube.records.pods import Pod

TIMEOUT = 60.0  # seconds that Helm may take for three small objects
PUSH = 5.0  # seconds that istiod may take to tell a gateway what is new
SETTLED = 3  # answers in a row after which the gateway has what it was told
PATIENCE = 30.0  # seconds until it must be so
PAUSE = 0.3  # seconds between two of these questions
Way = Forward | Standing


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway, and the namespace of the page behind it. `fresh` makes tools that still work after a Ctrl-C."""

    tools: Tools
    fresh: Callable[[], Tools]
    reporter: Reporter
    namespace: str
    ingress: Ingress

    def check(self) -> None:
        """Raises OperationFailedError when this user may not install it, InputError when it is somebody else's."""
        rights.check(self.tools.api, gateway.rights(self.namespace))
        if (there := self._kept()) is not None and not there.ours:
            raise InputError(
                f"a Helm release {there.name} in namespace {self.namespace} is not lbdemo's",
                "remove it, or leave --gateway out",
            )

    @contextlib.contextmanager
    def behind(self, starts: Starts, say: Callable[[str], None]) -> Iterator[Way]:
        """The way, open; what was installed for it is taken away in the end.

        Raises LbdemoError when there is no way.
        """
        try:
            execute(Plan((self._release(),)), self.tools, self.reporter)
            way = self._way(starts, say)
            with contextlib.closing(way):
                way.open()
                settle(way, self.ingress)
                yield way
        finally:
            self._take_away(say)

    def _release(self) -> InstallRelease:
        step = gateway.release(self.namespace, self.ingress.entry, TIMEOUT)
        return replace(step, unstick=unstick(self._kept()))

    def _kept(self) -> Release | None:
        """What another `ui --gateway` has installed: one at work, or one that was killed."""
        kept = self.tools.api.metas(SECRETS, self.namespace, selector=f"owner=helm,name={labels.GATEWAY}")
        return parse_releases(need(kept)).get(labels.GATEWAY)

    def _take_away(self, say: Callable[[str], None]) -> None:
        say(f"taking release {labels.GATEWAY} away")
        try:
            self.fresh().helm.uninstall(labels.GATEWAY, self.namespace, timeout=TIMEOUT)
        except LbdemoError as error:
            say(f"{error.message}\n`lbdemo clean` takes it away with the rest")

    def _way(self, starts: Starts, say: Callable[[str], None]) -> Way:
        """By the first address of its own that can be reached from here; where there is none, by a port-forward."""
        if there := self._reached(PUSH):
            address, what = there
            say(f"through {self.ingress}, at {address} ({what}), as host {address.name}")
            return Standing(self._found, ask, say, self.ingress.hint)
        say(f"through {self.ingress}: no address of its own can be reached from here, so by a port-forward to its pod")
        host = gateway.host(self.namespace)
        end = End("the gateway", self.ingress.listens, partial(answers, host), self.ingress.hint, host=host)
        return Forward(starts, self.tools.kubectl, self._pod, say, end)

    def _reached(self, patience: float = 0.0) -> tuple[Address, str] | None:
        """The first address at which it can be reached. Until it is told what for, a gateway may listen at no port."""
        deadline = time.monotonic() + patience
        while known := ingress.addresses(self.tools.api, self.ingress, gateway.host(self.namespace)):
            if there := next((there for there in known if ingress.reaches(there[0])), None):
                return there
            if time.monotonic() >= deadline:
                return None
            time.sleep(PAUSE)
        return None

    def _found(self) -> Address:
        self._mend()
        if there := self._reached():
            return there[0]
        raise OperationFailedError(f"{self.ingress} cannot be reached from here any more", self.ingress.hint)

    def _pod(self) -> Pod | None:
        self._mend()
        return ingress.newest(self.tools.api, self.ingress)

    def _mend(self) -> None:
        """Installs it anew where it is gone and the page is not: another `ui --gateway` takes it away when it ends."""
        if self._kept() is None and newest(self.tools.api, self.namespace) is not None:
            self._release().run(self.tools, lambda _: None)


def ask(address: Address) -> int | None:
    """The HTTP status with which the page answers there."""
    return status(address, WAYS)


def answers(host: str, port: int) -> bool:
    """Whether the page answers at this port of this machine, as that host."""
    return ask(Address(LOOPBACK, port, host)) == http.HTTPStatus.OK


def settle(way: Way, there: Ingress) -> None:
    """Waits until the page answers several times in a row: a gateway has many workers, and may have many pods."""
    deadline, good = time.monotonic() + PATIENCE, 0
    while good < SETTLED:
        address = way.address()
        good = good + 1 if address is not None and ask(address) == http.HTTPStatus.OK else 0
        if time.monotonic() > deadline:
            raise NotReadyError(f"the page behind {there}", "it does not always answer", there.hint)
        time.sleep(PAUSE)
