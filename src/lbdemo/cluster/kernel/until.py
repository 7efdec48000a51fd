"""One wait for what ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lbdemo.cluster.kernel.steps import Tools
from lbdemo.errors import LbdemoError

T = TypeVar("T")


def until_over(
    tools: Tools, awaited: Callable[[], T], late: Callable[[T], LbdemoError], *, timeout: float, interval: float,
    say: Callable[[T], None] = lambda _: None,
) -> None:  # fmt: skip
    """Returns when nothing is awaited any more: `awaited` looks, and gives what is, or something empty.

    After `timeout` seconds the error that `late` makes of the last look is raised. `say` hears of each look; there are
    `interval` seconds between two. Raises StoppedError as soon as another step has failed.
    """
    deadline = tools.clock() + timeout
    while there := awaited():
        if tools.clock() >= deadline:
            raise late(there)
        say(there)
        tools.pause(interval)
