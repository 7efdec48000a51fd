"""A supervised `kubectl port-forward` to a pod: made anew when it breaks, and when another pod takes over."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lbdemo.cluster.install.page import PORT
from lbdemo.cluster.page.passing import Address
from lbdemo.errors import LbdemoError, OperationFailedError
from lbdemo.front.page import WAYS
from lbdemo.kube.proxy import Child, Starts
from lbdemo.kube.records.pods import Pod
from lbdemo.tools.kubectl import Kubectl

LOOPBACK = "127.0.0.1"
LOOK = 0.25  # seconds between two looks whether it still runs
ASK = 1.0  # seconds between two questions through it
PATIENCE = 10.0  # seconds until it must be open
SILENCE = 2.0  # seconds that an answer through it may take
MISSES = 2  # unanswered questions in a row after which it counts as broken
FIRST, LONGEST = 0.2, 5.0  # seconds before it is made anew: the first time, and at most
FAREWELL = 10.0  # seconds for which calls in flight keep a way to a pod that another has taken over from


@dataclass(frozen=True, slots=True)
class End:
    """What a way leads to: its name for a person, its port in a pod, and whether it answers at a port of this machine.

    `hint` says what tells why no pod is ready. `port_here` is the port of this machine, 0 for a free one each time.
    `host` is what is asked for there, where a gateway is at its end.
    """

    name: str
    port: Callable[[Pod], int]
    answers: Callable[[int], bool]
    hint: str
    port_here: int = 0
    host: str = ""


@dataclass(slots=True)
class Way:
    """One running port-forward to a pod, from a port of this machine."""

    pod: Pod
    port: int
    child: Child
    said: list[str]
    asked: float
    misses: int = 0

    @property
    def why(self) -> str:
        """Why it broke: kubectl's last word, or that nothing is heard through it."""
        return self.said[-1].strip() if self.child.code is not None and self.said else "no answer through it"


class Forward:
    """Keeps a way to the newest pod that `find` tells (None: there is none just now). `say` is told what happens.

    `end` is what is there, the page unless something else is given. `pod` is the one that it leads to, or led to last.
    """

    def __init__(
        self, starts: Starts, kubectl: Kubectl, find: Callable[[], Pod | None], say: Callable[[str], None],
        end: End | None = None,
    ) -> None:  # fmt: skip
        self._end = end or PAGE
        self._starts = starts
        self._kubectl = kubectl
        self._find = find
        self._say = say
        self.pod: Pod | None = None
        self._way: Way | None = None
        self._changed = threading.Condition()
        self._leaving: list[tuple[float, Way]] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="port-forward", daemon=True)
        self._last = ""

    def port(self, patience: float = 0.0, not_this: int | None = None) -> int | None:
        """The port of this machine that leads to the page's pod; None when there is no way within `patience` seconds.

        `not_this` is one that has just been found dead.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._way is not None and self._way.port != not_this, patience)
            return self._way.port if self._way is not None and self._way.port != not_this else None

    def address(self, patience: float = 0.0, not_this: Address | None = None) -> Address | None:
        """The same as an address."""
        port = self.port(patience, not_this.port if not_this else None)
        return None if port is None else Address(LOOPBACK, port, self._end.host)

    def open(self) -> None:
        """Opens the way, and watches over it from then on. Raises LbdemoError when it does not open."""
        self._leads_to(self._new())
        self._thread.start()

    def close(self) -> None:
        """Ends it; there will be no other."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        for way in (*(way for _, way in self._leaving), *([self._way] if self._way else [])):
            way.child.end()
        self._leads_to(None)

    def _run(self) -> None:
        pause = FIRST
        while not self._closed.wait(LOOK if self._way else pause):
            try:
                self._look()
                pause = FIRST
            except LbdemoError as error:
                pause = min(2 * pause, LONGEST)
                self._tell(f"no way to {self._end.name}: {error.message.splitlines()[0]}; trying again")

    def _look(self) -> None:
        """One look: at the way, and at who should be at its end."""
        self._let_go()
        way = self._way
        if way is None:
            self._leads_to(self._new())
            self._tell(f"the way to {self._end.name} is open again")
        elif way.child.code is not None or not self._answers(way):
            self._leads_to(None)
            way.child.end()
            self._tell(f"the way to {way.pod.name} broke ({way.why}); making it anew")

    def _take_over(self, way: Way) -> None:
        """Goes over to another pod while the old one still answers."""
        with contextlib.suppress(LbdemoError):  # who cannot be asked now is asked again
            pod = self._find()
            if pod is not None and pod.meta.uid != way.pod.meta.uid:
                if self._end.port_here:
                    way.child.end()  # both cannot have the one port
                self._leads_to(self._new(pod))
                self._leaving.append((time.monotonic() + FAREWELL, way))
                self._tell(f"{self._end.name} is served by {pod.name} now")

    def _answers(self, way: Way) -> bool:
        """Whether the way is good; now and then that is asked through it, and who should be at its end is looked at."""
        if time.monotonic() - way.asked < ASK:
            return True
        way.asked = time.monotonic()
        way.misses = 0 if self._end.answers(way.port) else way.misses + 1
        if way.misses == 0:
            self._take_over(way)
        return way.misses < MISSES

    def _new(self, pod: Pod | None = None) -> Way:
        pod = pod or self._find()
        if pod is None:
            raise OperationFailedError(f"no pod that serves {self._end.name} is ready", self._end.hint)
        port, said = self._end.port_here or free_port(), list[str]()
        ports = f"{port}:{self._end.port(pod)}"
        argv = self._kubectl.argv(
            "port-forward", f"pod/{pod.name}", ports, f"--address={LOOPBACK}", namespace=pod.meta.namespace
        )
        child = self._starts.start(argv, said.append)
        deadline = time.monotonic() + PATIENCE
        while not self._end.answers(port):
            if child.code is not None or time.monotonic() > deadline or self._closed.is_set():
                child.end()
                raise OperationFailedError(f"kubectl port-forward to {pod.name}: {' '.join(said) or 'no answer'}")
            time.sleep(0.05)
        return Way(pod, port, child, said, time.monotonic())

    def _leads_to(self, way: Way | None) -> None:
        with self._changed:
            self._way = way
            self.pod = way.pod if way is not None else self.pod
            self._changed.notify_all()

    def _let_go(self) -> None:
        """Ends the ways that nobody should need any more."""
        over = [way for until, way in self._leaving if until < time.monotonic() or way.child.code is not None]
        self._leaving = [(until, way) for until, way in self._leaving if way not in over]
        for way in over:
            way.child.end()

    def _tell(self, text: str) -> None:
        if text != self._last:
            self._last = text
            self._say(text)


def answers(port: int) -> bool:
    """Whether the page answers at this port of this machine."""
    return status(Address(LOOPBACK, port), WAYS) == http.HTTPStatus.OK


def status(address: Address, path: str = "/") -> int | None:
    """The status of what answers over HTTP there; None where nothing does."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=SILENCE)
    try:
        connection.request("GET", path, headers=address.headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


PAGE = End("the page", lambda _: PORT, answers, "`lbdemo status` shows the pods")


def free_port() -> int:
    """A port of this machine that nobody listens at just now."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])
