"""Which server answered when, by sequence number and by connection, in constant memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import eq

from lbdemo.measure.order import BATCHES, Order, batches_for

CELLS = 4 * BATCHES
"""Neighbouring calls are counted together in so many cells at most; four of them or fewer become a batch."""

WINDOW = 256
"""A call is counted, and paired with its neighbours, when so many later ones are back: answers come in any order."""

MAX_CONNECTIONS = 1024
"""The calls of more connections are not told apart by connection."""


class Places:
    """The calls of one server, by cell and by connection."""

    __slots__ = ("cells", "connections")

    def __init__(self) -> None:
        self.cells = [0] * CELLS
        self.connections: dict[int, int] = {}

    def widen(self, by: int) -> None:
        """Makes each cell 2 ** `by` times as wide."""
        cells = [0] * CELLS
        for at, calls in enumerate(self.cells):
            cells[at >> by] += calls
        self.cells = cells

    def move(self, cells: int, connections: int) -> None:
        """Puts the calls so many cells later, and on connections with numbers that are so much higher."""
        self.cells = [0] * cells + self.cells[: CELLS - cells]
        self.connections = {number + connections: calls for number, calls in self.connections.items()}

    def merge(self, other: Places) -> None:
        """Takes over what the other has counted, whose cells are as wide."""
        self.cells = list(map(int.__add__, self.cells, other.cells))
        for connection, calls in other.connections.items():
            self.connections[connection] = self.connections.get(connection, 0) + calls


class OrderTally:
    """Counts calls as they come back; sequence numbers say in which order they were sent."""

    __slots__ = ("_base", "_known", "_last", "_pairs", "_same", "_servers", "_waiting", "_width")

    def __init__(self) -> None:
        self._servers: dict[str, Places] = {}
        self._base: int | None = None  # the first sequence number
        self._width = 0  # a cell is 2 ** width calls wide
        self._last: dict[int, str] = {}  # the server that answered last, on each connection that is told apart
        self._pairs = 0
        self._same = 0
        # Numbers, servers and connections of calls that are not counted yet.
        self._waiting: tuple[list[int], list[str], list[int]] = ([], [], [])

    def add(self, numbers: Sequence[int], answered: Sequence[str], carried: Sequence[int]) -> None:
        """Counts calls that servers signed: their sequence numbers, servers and connections."""
        self._waiting[0].extend(numbers)
        self._waiting[1].extend(answered)
        self._waiting[2].extend(carried)
        if len(self._waiting[0]) >= 2 * WINDOW:
            self._count_waiting(WINDOW)

    def _count_waiting(self, calls: int) -> None:
        """Counts the first calls of those that wait, in the order in which they were sent."""
        numbers, answered, carried = self._waiting
        if not numbers:
            return
        if numbers != sorted(numbers):
            order = sorted(range(len(numbers)), key=numbers.__getitem__)
            numbers, answered, carried = (
                [numbers[at] for at in order], [answered[at] for at in order], [carried[at] for at in order],
            )  # fmt: skip
        self._waiting = numbers[calls:], answered[calls:], carried[calls:]
        self._count_cells(numbers[:calls], answered[:calls])
        self._count_connections(answered[:calls], carried[:calls])

    def _count_cells(self, numbers: Sequence[int], answered: Sequence[str]) -> None:
        """Counts calls whose numbers ascend: those of one cell are neighbours."""
        base = self._base = numbers[0] if self._base is None else self._base
        self._widen_for(numbers[-1] - base)
        width, cells = self._width, {server: self._places(server).cells for server in set(answered)}
        if numbers[0] < base:
            numbers = [max(number, base) for number in numbers]
        for at, server in zip([number - base >> width for number in numbers], answered, strict=True):
            cells[server][at] += 1

    def _places(self, server: str) -> Places:
        return self._servers.get(server) or self._servers.setdefault(server, Places())

    def _count_connections(self, answered: Sequence[str], carried: Sequence[int]) -> None:
        if carried.count(carried[0]) == len(carried):
            self._follow(carried[0], answered)
            return
        there: dict[int, list[str]] = {}
        for server, connection in zip(answered, carried, strict=True):
            there.setdefault(connection, []).append(server)
        for connection, servers in there.items():
            self._follow(connection, servers)

    def _follow(self, connection: int, answered: Sequence[str]) -> None:
        """Counts calls of one connection, in the order in which they were sent."""
        last = self._last
        if connection in last:
            self._pairs += len(answered)
            self._same += (last[connection] == answered[0]) + sum(map(eq, answered, answered[1:]))
        elif len(last) < MAX_CONNECTIONS:
            self._pairs += len(answered) - 1
            self._same += sum(map(eq, answered, answered[1:]))
        else:
            return
        last[connection] = answered[-1]
        for server, calls in Counter(answered).items():
            own = self._servers[server].connections
            own[connection] = own.get(connection, 0) + calls

    def merge(self, other: OrderTally) -> None:
        """Takes over what the other has counted, as calls made side by side; the other stays as it is."""
        other._count_waiting(len(other._waiting[0]))
        self._widen(max(self._width, other._width))
        self._take(other)

    def follow(self, other: OrderTally) -> None:
        """Takes over what the other has counted, as calls after all of these and on connections of their own."""
        self._count_waiting(len(self._waiting[0]))
        other._count_waiting(len(other._waiting[0]))
        width = max(self._width, other._width)
        while (self._used >> width - self._width) + (other._used >> width - other._width) + 2 > CELLS:
            width += 1
        self._widen(width)
        self._take(other, self._used + 1, self._connections)

    def _take(self, other: OrderTally, cells: int = 0, connections: int = 0) -> None:
        """Adds what the other has counted, whose cells are no wider, moved by so many cells and connections."""
        for name, places in list(other._servers.items()):
            theirs = Places()
            theirs.merge(places)
            theirs.widen(self._width - other._width)
            theirs.move(cells, connections)
            self._places(name).merge(theirs)
        self._pairs += other._pairs
        self._same += other._same

    @property
    def _used(self) -> int:
        """The last cell that has calls, -1 when none has."""
        return max(
            (at for places in self._servers.values() for at, calls in enumerate(places.cells) if calls), default=-1
        )

    @property
    def _connections(self) -> int:
        """A number beyond those of all connections."""
        return max((number for places in self._servers.values() for number in places.connections), default=-1) + 1

    def order(self) -> Order:
        """What was counted, in batches."""
        self._count_waiting(len(self._waiting[0]))
        names = sorted(self._servers)
        cells = list(zip(*(self._servers[name].cells for name in names), strict=True))
        return Order(
            servers=tuple(names),
            batches=_batched([cell for cell in cells if any(cell)], sum(map(sum, cells)), len(names)),
            connections=_rows({name: self._servers[name].connections for name in names}),
            pairs=self._pairs,
            same=self._same,
        )

    def _widen_for(self, last: int) -> None:
        """Makes room for the call that is `last` after the first."""
        width = self._width
        while last >> width >= CELLS:
            width += 1
        self._widen(width)

    def _widen(self, width: int) -> None:
        if width > self._width:
            for places in self._servers.values():
                places.widen(width - self._width)
            self._width = width


def _batched(cells: Sequence[tuple[int, ...]], calls: int, servers: int) -> tuple[tuple[int, ...], ...]:
    """The cells put together to 64 batches at most, as equal as may be."""
    batches = min(batches_for(calls, servers), len(cells))
    ends = [round(len(cells) * number / batches) for number in range(batches + 1)] if batches else [0]
    return tuple(tuple(map(sum, zip(*cells[start:end], strict=True))) for start, end in pairwise(ends))


def _rows(by_server: Mapping[str, Mapping[int, int]]) -> tuple[tuple[int, ...], ...]:
    """A row a connection, with the calls of each server."""
    connections = sorted({connection for calls in by_server.values() for connection in calls})
    return tuple(tuple(calls.get(connection, 0) for calls in by_server.values()) for connection in connections)
