"""The course of a measurement, first the gate, then the block: whoever sends the calls asks here."""

from __future__ import annotations

from typing import Protocol

from lbdemo.errors import InputError
from lbdemo.measure.plan import gate_limit


class Observed(Protocol):
    """A call that came back: whether it was sent as one of the gate's, and which server signed it."""

    @property
    def gate(self) -> bool:
        """Sent while still looking for all servers."""

    @property
    def server(self) -> str:
        """The server's own name; "" for none."""


class Measurement:
    """Gate and block for so many `servers` and `calls`.

    Calls belong to the gate until answers from all servers were observed, or until a fair choice would have
    shown them all (`gate_limit`). The next `calls` calls that are *sent* are the block. Which of the two a
    call belongs to is settled when it is sent, so calls in flight while the gate ends stay calls of the
    gate:

        while not measurement.all_sent:
            sample = call(gate=measurement.next_is_gate())
            measurement.observe(sample)

    With calls in flight side by side, go on observing until `done`. With 0 servers (nobody knows how many)
    there is no gate.
    """

    __slots__ = (
        "_block_observed",
        "_block_sent",
        "_calls",
        "_gate_limit",
        "_gate_observed",
        "_seen",
        "_servers",
    )

    def __init__(self, servers: int, calls: int) -> None:
        if calls < 1:
            raise InputError(f"a block of {calls} calls: it must be at least 1")
        self._servers = servers
        self._calls = calls
        self._gate_limit = gate_limit(servers) if servers else 0
        self._gate_observed = 0
        self._seen: set[str] = set()
        self._block_sent = 0
        self._block_observed = 0

    @property
    def in_gate(self) -> bool:
        """True while still looking for all servers. Once over, the gate stays over."""
        return self._gate_observed < self._gate_limit and len(self._seen) < self._servers

    @property
    def all_seen(self) -> bool:
        """True when the gate has shown all servers."""
        return len(self._seen) >= self._servers

    @property
    def all_sent(self) -> bool:
        """True when the whole block has been sent: send no more."""
        return self._block_sent >= self._calls

    @property
    def done(self) -> bool:
        """True when every call of the block has come back, well or with an error."""
        return self._block_observed >= self._calls

    def next_is_gate(self) -> bool:
        """To be asked once for each call as it is sent: is it the gate's? If not, it counts for the block."""
        if self.in_gate:
            return True
        self._block_sent += 1
        return False

    def observe(self, sample: Observed) -> None:
        """Takes note of a call that came back; `sample.gate` says what it was sent as."""
        if not sample.gate:
            self._block_observed += 1
            return
        self._gate_observed += 1
        if sample.server:
            self._seen.add(sample.server)
