"""A child ends when we do, even when we are killed and can end nothing any more.

Linux can see to that; elsewhere what a killed lbdemo leaves behind is found at the next start (`kube/proxy.py`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def leash() -> Callable[[], None] | None:
    """What a new child does before it becomes its program: it asks to be told to end when its parent has ended.

    For the kernel the parent is the thread that made the child, so that one must live on. None where there is no such
    thing.
    """
    libc, parent = _libc(), os.getpid()
    if libc is None:
        return None

    def hold() -> None:
        libc.prctl(PARENT_DEATH_SIGNAL, int(signal.SIGTERM))
        if os.getppid() != parent:  # it has ended before
            os.kill(os.getpid(), signal.SIGTERM)

    return hold


@cache
def _libc() -> Any:
    """Loaded before anything forks; None elsewhere than on Linux."""
    if sys.platform != "linux":
        return None
    import ctypes

    return ctypes.CDLL(None)
