"""A namespace made, where it is missing, and its lock held."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from lbdemo.cluster.install import preflight
from lbdemo.cluster.kernel import lock
from lbdemo.cluster.kernel.renewal import Renewal
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.kube.api import Api


def hold(
    tools: Tools, name: str, timeout: float, cleanup: Api, say: Callable[[str], None], locks: contextlib.ExitStack, *,
    there: bool = False, absent: bool = False, marks: Mapping[str, str] | None = None,
) -> tuple[Renewal, bool]:  # fmt: skip
    """Holds the lock of a namespace, which is made (with further labels, `marks`) unless it is `there`.

    Waits where another lbdemo removes it, or works on it. Gives the lock, and True when nobody else can have been
    there. Nothing is waited for first where the namespace was found `absent`.
    """
    limit = min(timeout, preflight.TERMINATION_LIMIT)
    deadline, gone = tools.clock() + timeout, False
    while True:
        if not absent:
            preflight.await_termination(tools, name, limit, say)
        new = None if there else preflight.namespace_document(name, marks)
        try:
            held = locks.enter_context(lock.held(tools, cleanup, name, timeout, say, new))
        except lock.GONE:
            if tools.clock() >= deadline:
                raise
            there, absent, gone = False, False, True
        else:
            return held, held.made and not gone
