"""Before the first change: is this the right cluster, may we, is the namespace ours to use?"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.image.delivery import Delivery, looks_local
from lbdemo.cluster.install.locality import elsewhere
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Observed
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.kernel.until import until_over
from lbdemo.config import UpConfig
from lbdemo.errors import InputError, LbdemoError, NotReadyError
from lbdemo.kube.answers import Unseen, need, seen
from lbdemo.kube.kinds import CONFIG_MAPS, NAMESPACES, SECRETS
from lbdemo.kube.records.cluster import Node
from lbdemo.kube.records.meta import Meta
from lbdemo.tools.kubectl import Context
from lbdemo.tools.machine import on_this_machine

TERMINATION_LIMIT = 120.0  # seconds a namespace may take to finish terminating before we give up
LOOK = 0.5
NAMED = 3  # nodes that a message names
CONFIRM = "if it is the right one, say so with --yes; another is chosen with --context NAME"


def check_address(context: Context, *, yes: bool) -> None:
    """Refuses a cluster whose address is not this machine's, unless the person has said yes. Raises InputError."""
    if not yes and not looks_local(context):
        raise InputError(f"{context} does not look like a cluster on this machine", CONFIRM)


def check_nodes(context: Context, nodes: Sequence[Node] | Unseen) -> None:
    """Refuses a cluster whose nodes do not show that they are on this machine: its address may be a tunnel's.

    Raises InputError, or UnseenError when nothing at all can be asked.
    """
    if isinstance(nodes, Unseen):
        seen([nodes])
        raise InputError(f"{context} may be a tunnel to another machine: its nodes cannot be seen ({nodes})", CONFIRM)
    if away := elsewhere(nodes, on_this_machine):
        names = ", ".join(away[:NAMED]) + (", …" if len(away) > NAMED else "")
        raise InputError(f"{context} has nodes that are not on this machine: {names}", CONFIRM)


def check_namespace(config: UpConfig, observed: Observed) -> None:
    """Refuses a namespace that somebody else made, unless it is to be adopted. Raises InputError."""
    there = observed.namespace
    if there is not None and not there.deleting and not config.adopt:
        refuse_foreign(
            there,
            "use it all the same with --adopt (it will not be deleted by `clean`), or choose another with --namespace",
        )


def refuse_foreign(there: Meta, hint: str) -> None:
    """Raises InputError for a namespace that lbdemo did not make."""
    if not labels.ours(there):
        raise InputError(f"namespace {there.name} exists, and lbdemo did not make it", hint)


@dataclass(frozen=True, slots=True)
class Answers:
    """What must hold before the first change, asked while rights and the cluster's fitness are looked at."""

    helm: Future[tuple[int, int]]

    def check(self, tools: Tools, delivery: Delivery | None) -> None:
        """Raises when Helm is missing or too old; and, for a `delivery`, Docker or the loader."""
        self.helm.result()
        if delivery is not None:
            check_delivery(tools, delivery)


def check_delivery(tools: Tools, delivery: Delivery) -> None:
    """Raises MissingProgramError when there is no Docker daemon, or not the cluster's own loader."""
    for program in delivery.loader("")[:1]:
        tools.run.require(program)
    tools.docker()


@contextlib.contextmanager
def asked(tools: Tools) -> Iterator[Answers]:
    """Asks for Helm's version beside what is done meanwhile; does not wait for it."""
    pool = ThreadPoolExecutor(1)
    try:
        yield Answers(pool.submit(tools.helm.version))
    finally:
        pool.shutdown(wait=False)


def warm_docker(tools: Tools) -> None:
    """Loads Docker's SDK, which takes 0.2 s, beside what is done meanwhile."""

    def warm() -> None:
        with contextlib.suppress(LbdemoError):  # it is told where Docker is needed
            tools.docker()

    threading.Thread(target=warm, name="docker", daemon=True).start()


def check_foreign_releases(tools: Tools, config: UpConfig, observed: Observed, names: Sequence[str]) -> None:
    """Refuses to overwrite a Helm release of the same name that is not ours. Raises InputError."""
    if observed.namespace is None or observed.namespace_ours:
        return
    kept = [
        need(tools.api.metas(kind, config.place.namespace, selector="owner=helm")) for kind in (SECRETS, CONFIG_MAPS)
    ]
    foreign = {s.labels.get("name", "") for metas in kept for s in metas if not labels.our_release(s)}
    if taken := sorted(foreign.intersection(names)):
        raise InputError(
            f"namespace {config.place.namespace} has a Helm release {taken[0]} that is not lbdemo's",
            "choose another namespace with --namespace",
        )


def namespace_document(name: str, marks: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A namespace with the labels by which lbdemo knows that it made it, and further ones."""
    meta = {"name": name, "labels": {**labels.OURS, **(marks or {})}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def await_termination(tools: Tools, name: str, timeout: float, say: Callable[[str], None]) -> None:
    """Returns when the namespace is not (or no longer) being deleted."""

    def held_by() -> str:
        found = need(tools.api.get(NAMESPACES, name))
        if found is None or not found.meta.deleting:
            return ""
        return "; ".join(c.message for c in found.held_by if c.message) or "its objects are being deleted"

    def late(state: str) -> NotReadyError:
        hint = f"`kubectl get namespace {name} -o yaml` shows what holds it; or use another --namespace"
        return NotReadyError(f"namespace {name} is still terminating after {timeout:.0f} s", state, hint)

    until_over(
        tools, held_by, late, timeout=timeout, interval=LOOK,
        say=lambda state: say(f"namespace {name} is terminating: {state}; waiting"),
    )  # fmt: skip
