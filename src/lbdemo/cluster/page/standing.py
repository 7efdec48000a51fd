"""A way by an address that is there anyway: watched, and looked up anew when nothing answers there."""

from __future__ import annotations

import http
import threading
import time
from collections.abc import Callable

from lbdemo.cluster.page.passing import Address
from lbdemo.errors import LbdemoError, NotReadyError

ASK = 1.0  # seconds between two questions
PATIENCE = 20.0  # seconds until it must answer as it should, when it is opened
PAUSE = 0.1  # seconds between two questions until then
MISSES = 2  # unanswered questions in a row after which it counts as broken


class Standing:
    """Keeps the address that `find` gives, which raises LbdemoError where there is none. `say` is told what happens.

    `ask` gives the HTTP status that is answered there, None for no answer; 200 is what it should be. `hint` says what
    shows more.
    """

    def __init__(
        self, find: Callable[[], Address], ask: Callable[[Address], int | None], say: Callable[[str], None],
        hint: str = "",
    ) -> None:  # fmt: skip
        self._find = find
        self._ask = ask
        self._say = say
        self._hint = hint
        self._address: Address | None = None
        self._misses = 0
        self._last = ""
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)

    def address(self, patience: float = 0.0, not_this: Address | None = None) -> Address | None:
        """The address, other than `not_this`; None when there is none within so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._address not in (None, not_this), patience)
            return None if self._address == not_this else self._address

    def open(self) -> None:
        """Looks it up, waits until it answers, and watches over it from then on. Raises LbdemoError if it does not."""
        address, deadline = self._find(), time.monotonic() + PATIENCE
        while (code := self._ask(address)) != http.HTTPStatus.OK:
            if time.monotonic() > deadline:
                raise NotReadyError(f"the page at {address}", f"HTTP {code}" if code else "no answer", self._hint)
            time.sleep(PAUSE)
        self._leads_to(address)
        self._thread.start()

    def close(self) -> None:
        """Watches no more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        self._leads_to(None)

    def _run(self) -> None:
        while not self._closed.wait(ASK):
            try:
                self._look()
            except LbdemoError as error:
                self._tell(f"no way to the gateway: {error.message.splitlines()[0]}; trying again")

    def _look(self) -> None:
        if self._address is None:
            self._leads_to(self._find())
            self._tell(f"the page is at {self._address} again")
            return
        self._misses = 0 if self._ask(self._address) == http.HTTPStatus.OK else self._misses + 1
        if self._misses >= MISSES:
            self._misses = 0
            self._tell(f"the page does not answer at {self._address} any more; looking for it anew")
            self._leads_to(None)

    def _leads_to(self, address: Address | None) -> None:
        with self._changed:
            self._address = address
            self._changed.notify_all()

    def _tell(self, text: str) -> None:
        if text != self._last:
            self._last = text
            self._say(text)
