"""Making one pod slow or sick at run time, by RPC, and well again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lbdemo.cluster.install.strategies.base import ADMIN_PORT
from lbdemo.cluster.trial.drills.base import DrillRun
from lbdemo.errors import LbdemoError, OperationFailedError, ProgramFailedError


def set_fault(run: DrillRun, pod: str, *, delay_ms: int = 0, unavailable: float = 0.0) -> None:
    """Sets the faults of one pod; all zero is well. Raises OperationFailedError when the pod's server does not."""
    argv = ["lbdemo", "peer", "fault", "--target", f"127.0.0.1:{ADMIN_PORT}",
            "--delay-ms", str(delay_ms), "--unavailable", f"{unavailable:g}"]  # fmt: skip
    said = run.kubectl.exec(pod, run.place.namespace, argv, timeout=30.0)
    if said.code:
        raise OperationFailedError(f"the fault of pod {pod} could not be set: {said.err.strip() or said.out.strip()}")


def crash(run: DrillRun, pod: str) -> None:
    """Ends the pod's server without a goodbye, as when its node fails, and the pod with it.

    `kubectl delete --grace-period=0 --force` alone would not do: the kubelet still sends SIGTERM and waits two seconds,
    in which a server that drains leaves in good order.
    """
    argv = ["lbdemo", "peer", "crash", "--target", f"127.0.0.1:{ADMIN_PORT}"]
    with contextlib.suppress(ProgramFailedError):  # the container may be gone before anybody knows how it ended
        run.kubectl.exec(pod, run.place.namespace, argv, timeout=30.0)
    run.kubectl.call(
        "delete", f"pod/{pod}", "--grace-period=0", "--force", "--wait=false", namespace=run.place.namespace
    )


@contextlib.contextmanager
def faulty(run: DrillRun, pod: str, *, delay_ms: int = 0, unavailable: float = 0.0) -> Iterator[None]:
    """One pod with a fault, for as long as the block lasts."""
    set_fault(run, pod, delay_ms=delay_ms, unavailable=unavailable)
    try:
        yield
    finally:
        with contextlib.suppress(LbdemoError):  # a pod that is gone has no fault any more
            set_fault(run, pod)
