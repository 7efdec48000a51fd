"""What is judged: a block of calls as numbers, whoever counted them."""

from __future__ import annotations

from dataclasses import dataclass, field

from lbdemo.measure.bands import EXACT, Source
from lbdemo.measure.order import Order
from lbdemo.measure.reason import Reason


@dataclass(frozen=True, slots=True)
class Counts:
    """A block of calls.

    `sent` calls ended well (`answered`) or with an error (`errors`: gRPC status name and count). `servers` has the
    calls that each server signed, well or with an error, by name; what is left of `sent` nobody signed.
    `gate_servers` answered before the block. `received` is how many calls of the block reached each server, where
    the servers were asked. `order` says how the calls lay in time, None where nobody knows. `slower` names the pairs
    of servers of which the first is provably slower than the second. `doubts` are what the record says against itself.
    `source` says how well the calls were counted.
    """

    sent: int
    answered: int
    errors: tuple[tuple[str, int], ...]
    servers: tuple[tuple[str, int], ...]
    gate_servers: tuple[str, ...] = ()
    received: tuple[tuple[str, int], ...] = ()
    order: Order | None = None
    slower: tuple[tuple[str, str], ...] = ()
    doubts: tuple[Reason, ...] = field(default_factory=tuple)
    source: Source = EXACT

    @property
    def failed(self) -> int:
        """The calls that ended with an error."""
        return sum(count for _, count in self.errors)

    @property
    def signed(self) -> int:
        """The calls that a server signed."""
        return sum(count for _, count in self.servers)

    @property
    def arrivals(self) -> tuple[dict[str, int], int]:
        """The calls that reached each server, and those of which nobody knows which server they were for.

        What a server counted settles calls that it never got to sign; a server that counted less than it signed (for it
        was started anew) leaves all unsettled.
        """
        signed, received = dict(self.servers), dict(self.received)
        if not received or any(received.get(server, -1) < calls for server, calls in signed.items()):
            return signed, self.unsigned
        settled = sum(received.values()) - self.signed
        return {server: calls for server, calls in received.items() if calls}, max(0, self.unsigned - settled)

    @property
    def unsigned(self) -> int:
        """The calls of which nobody knows which server they were for."""
        return max(0, self.sent - self.signed)
