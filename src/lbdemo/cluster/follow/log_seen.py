"""Which lines of a log were read already: what a reattached stream repeats is dropped, and nothing else."""

from __future__ import annotations

from collections import Counter, deque

from lbdemo.tools.log_stamps import ZERO, shifted, sortable

SLACK = 1  # seconds by which lines may be out of order: stdout and stderr are stamped apart, then written


class SeenLines:
    """The newest lines of one pod, about two seconds of them, kept as the blocks in which they came.

    Lines are the same when all their bytes are, stamp included, and each counts as often as it was seen. So equal
    stamps, lines out of order and several containers one after another need no rule of their own.
    """

    def __init__(self) -> None:
        self._blocks: deque[tuple[bytes, bytes]] = deque()
        self._newest = ZERO

    @property
    def since(self) -> str:
        """From when to read again, for `--since-time`; "" when nothing was seen yet."""
        return "" if self._newest == ZERO else f"{self._horizon()[:19].decode()}Z"

    def add(self, block: bytes) -> None:
        """Remembers whole lines (each with its line end)."""
        last = sortable(block[block.rfind(b"\n", 0, len(block) - 1) + 1 :])
        self._newest = max(self._newest, last)
        self._blocks.append((last, block))
        horizon = self._horizon()
        while self._blocks[0][0] < horizon:
            self._blocks.popleft()

    def repeats(self) -> Repeats:
        """What a stream that begins at `since` may repeat."""
        horizon = self._horizon()
        lines = (line for _, block in self._blocks for line in block.split(b"\n") if line)
        return Repeats(Counter(line for line in lines if sortable(line) >= horizon), self._newest)

    def _horizon(self) -> bytes:
        return ZERO if self._newest == ZERO else shifted(self._newest, -SLACK)


class Repeats:
    """Lines to drop, once each; costs nothing any more when they have all come, or can come no longer."""

    def __init__(self, left: Counter[bytes], newest: bytes) -> None:
        self._left = left
        self._over = shifted(newest, 2 * SLACK + 1)
        self.missing = bool(left)
        """Whether nothing of what should come again has come: the log was rotated meanwhile."""

    def without(self, block: bytes) -> bytes:
        """The block's lines that were not seen before."""
        if not self._left:
            return block
        if sortable(block) >= self._over:
            self._left.clear()
            return block
        kept = [line for line in block[:-1].split(b"\n") if not self._drop(line)]
        return b"\n".join([*kept, b""]) if kept else b""

    def _drop(self, line: bytes) -> bool:
        if line not in self._left:
            return False
        self.missing = False
        if self._left[line] == 1:
            del self._left[line]
        else:
            self._left[line] -= 1
        return True
