"""The second witness: what each server counted of a run, asked in its pod."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from lbdemo.cluster.install.strategies.base import ADMIN_PORT
from lbdemo.cluster.kernel import labels
from lbdemo.config import Place
from lbdemo.errors import LbdemoError
from lbdemo.kube.records.pods import Pod
from lbdemo.records import Witness, failures_explain, unheard
from lbdemo.tools.kubectl import Kubectl


def second_witness(
    kubectl: Kubectl,
    place: Place,
    before: Iterable[Pod],
    after: Mapping[str, Pod],
    answers: Mapping[str, int],
    run: str,
    failed: int,
) -> tuple[tuple[Witness, ...], dict[str, int]]:
    """Asks each server how many calls of this run it answered, and how many reached it, side by side.

    What reached them is empty when one of them could not be asked.
    """
    known = {pod.name: pod for pod in before}
    names = sorted({*known, *answers, *(n for n, p in after.items() if labels.release(p) == labels.SERVER and p.ready)})
    servers = [name for name in names if name and ("-envoy-" not in name)]
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda name: own_counts(kubectl, place, after.get(name), run), servers))
    counts = [own for own, _ in asked]
    received = {name: calls for name, (_, calls) in zip(servers, asked, strict=True) if calls is not None}
    more = [own - answers.get(name, 0) for name, own in zip(servers, counts, strict=True) if own is not None]
    excused = failed if failures_explain(more, failed) else 0
    said = tuple(
        _witness(
            name,
            answers.get(name, 0),
            own,
            why_counts_differ(known.get(name), after.get(name), own, answers.get(name, 0), excused),
        )
        for name, own in zip(servers, counts, strict=True)
        if own or name in known or answers.get(name)
    )
    return said, received if len(received) == len(servers) else {}


def own_counts(kubectl: Kubectl, place: Place, pod: Pod | None, run: str) -> tuple[int | None, int | None]:
    """The server's count of the calls of this run that it answered, and of those that reached it.

    None for what cannot be asked any more; an older server does not count what reached it.
    """
    if pod is None:
        return None, None
    argv = ["lbdemo", "peer", "stats", "--target", f"127.0.0.1:{ADMIN_PORT}", "--run", run]
    try:
        answer = json.loads(kubectl.exec(pod.name, place.namespace, argv, timeout=30.0).out)
    except (LbdemoError, ValueError):
        return None, None
    answered, received = answer.get("answered"), answer.get("received")
    return answered if isinstance(answered, int) else None, received if isinstance(received, int) else None


def why_counts_differ(before: Pod | None, after: Pod | None, own: int | None, client: int, failed: int) -> str:
    """Why a server's count may differ from the client's; "" when nothing innocent explains it."""
    if after is None:
        return "the pod ended during the run, and its count with it"
    if before is not None and before.restarts != after.restarts:
        return "the container restarted during the run and began to count anew"
    if own is None:
        return "the pod is ending and could not be asked" if after.meta.deleting else ""
    if not failed or not client < own <= client + failed:
        return ""
    return unheard(failed)


def _witness(name: str, client: int, own: int | None, note: str) -> Witness:
    """Counts that agree need no explanation."""
    return Witness(name, client, own, "" if own == client else note)
