"""All looks of a watch, side by side: sockets of servers, Envoys of callers, counters of servers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.called import beside
from lbdemo.diagnose.collect import clients, envoy_config, envoy_files, envoy_hosts, metrics, socket_script
from lbdemo.diagnose.collect.exec_looks import Execs, Turns, Way, running, unseen
from lbdemo.diagnose.collect.metrics import Figures
from lbdemo.diagnose.collect.monitors import Monitors
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.images import is_envoy
from lbdemo.diagnose.looks import ClientLook, EnvoyCluster, EnvoyLook, EnvoyRoute, MetricsLook, SocketLook
from lbdemo.diagnose.proxies import ISTIO, proxy_of
from lbdemo.errors import LbdemoError
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.side_by_side import each

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Service

TURNS = 12
"""Looks of a watch: from 8 intervals on it is known how much a total varies."""
AT_ONCE = 16
"""Pods that are looked at side by side."""
ONE = Turns(1, 0.0)


@dataclass(frozen=True, slots=True)
class Watched:
    """All looks, and what could not be looked at."""

    sockets: tuple[SocketLook, ...] = ()
    envoys: tuple[EnvoyLook, ...] = ()
    clusters: tuple[EnvoyCluster, ...] = ()
    routes: tuple[EnvoyRoute, ...] = ()
    metrics: tuple[MetricsLook, ...] = ()
    clients: tuple[ClientLook, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    blind: tuple[str, ...] = ()  # pods whose containers have no program to look with


def first_look(means: Means, servers: Sequence[Pod]) -> Watched:
    """One look at the servers' sockets: who is connected to them?"""
    execs = Execs(means.kubectl)
    answers = each(lambda pod: _sockets(execs, pod, ONE), servers, AT_ONCE)
    return gathered(answers)


def watch(
    means: Means, bare: Evidence, servers: Sequence[Pod], callers: Sequence[Pod], fronts: Sequence[Pod], seconds: float
) -> Watched:
    """Twelve looks over so many seconds at the servers' sockets and counters, and at the callers' Envoys.

    Callers without a proxy are looked at once: their kernels remember connections that they closed within a minute.
    So are `fronts`, of which others than the callers are asked only who holds connections to them.
    `bare` has the service and what surrounds it: callers' Envoys are asked for the other Services of its pods, too.
    """
    names = tuple(bare.host_of(one) for one in (bare.service, *beside(bare)))
    turns, execs = Turns(TURNS, seconds), Execs(means.kubectl)
    proxied = [pod for pod in callers if proxy_of(pod) == ISTIO]
    served = {key(pod) for pod in servers}
    plain = [pod for pod in callers if not proxy_of(pod) and key(pod) not in served]
    once = {key(pod): pod for pod in (*plain, *fronts) if key(pod) not in served}
    jobs: list[Callable[[], Watched]] = [
        *(lambda pod=pod: _sockets(execs, pod, turns) for pod in servers),
        *(lambda pod=pod: _sockets(execs, pod, ONE) for pod in once.values()),
        *(lambda pod=pod: Watched(clients=(clients.look(means, pod),)) for pod in plain),
        *(lambda pod=pod: _files(means, pod, bare) for pod in plain if is_envoy(pod)),
        *(lambda pod=pod: hosts_of(execs, pod, envoy_hosts.ways(names), names, turns) for pod in proxied),
        *(lambda pod=pod: _config(means, pod, bare) for pod in proxied),
        lambda: Counters(means, bare.service, servers).watch(turns),
    ]
    return gathered(each(lambda job: job(), jobs, max(AT_ONCE, len(jobs)) if len(jobs) < 4 * AT_ONCE else 64))


def gathered(answers: Sequence[Watched]) -> Watched:
    """All of these as one."""
    return Watched(
        sockets=tuple(look for one in answers for look in one.sockets),
        envoys=tuple(look for one in answers for look in one.envoys),
        clusters=tuple(cluster for one in answers for cluster in one.clusters),
        routes=tuple(route for one in answers for route in one.routes),
        metrics=tuple(look for one in answers for look in one.metrics),
        clients=tuple(look for one in answers for look in one.clients),
        unseen=tuple(dict.fromkeys(unseen for one in answers for unseen in one.unseen)),
        blind=tuple(name for one in answers for name in one.blind),
    )


def _sockets(execs: Execs, pod: Pod, turns: Turns) -> Watched:
    ways = tuple(socket_script.WAYS)
    found = execs.looks(pod, ways, turns)
    if isinstance(found, Unseen):
        blind = (key(pod),) if found.why is Why.ABSENT else ()
        if not pod.meta.deleting:
            return Watched(unseen=(found,), blind=blind)
        return Watched()  # what leaves is soon no longer there to be seen
    return Watched(sockets=tuple(SocketLook(key(pod), s.turn, s.at, socket_script.sockets(s.lines)) for s in found))


def hosts_of(execs: Execs, pod: Pod, ways: Sequence[Way], names: tuple[str, ...], turns: Turns) -> Watched:
    """Looks at what the pod's sidecar counts of the clusters of these hosts."""
    found = execs.looks(_only(pod), ways, turns)
    if isinstance(found, Unseen):
        return Watched(unseen=(found,))
    return Watched(envoys=tuple(EnvoyLook(key(pod), s.turn, s.at, envoy_hosts.hosts(s.lines, names)) for s in found))


def _only(pod: Pod) -> Pod:
    """The pod as if it had its proxy only: no other container knows that Envoy's admin."""
    return replace(pod, containers=tuple(c for c in running(pod) if c.name == ISTIO))


def _files(means: Means, pod: Pod, bare: Evidence) -> Watched:
    found = envoy_files.told(means, pod, bare.service, bare.domain)
    return Watched(clusters=found.clusters, unseen=found.unseen)


def _config(means: Means, pod: Pod, bare: Evidence) -> Watched:
    host, port = bare.host, bare.port.number
    addresses = (
        envoy_config.clusters_address(host, port), envoy_config.listeners_address(bare.service, port),
        envoy_config.routes_address(port, host),
    )  # fmt: skip
    try:
        clusters, listeners, routes = (_admin(means, pod, address) for address in addresses)
    except LbdemoError as error:
        return Watched(unseen=(unseen(pod, error, means.kubectl.context),))
    return Watched(
        clusters=envoy_config.clusters(key(pod), clusters),
        routes=envoy_config.routes(key(pod), listeners, routes, host, port, bare.service.cluster_ips),
    )


def _admin(means: Means, pod: Pod, address: str) -> str:
    command = ["pilot-agent", "request", "GET", address]
    return means.kubectl.exec(pod.name, pod.meta.namespace, command, container=ISTIO, timeout=10).out


class Counters:
    """The servers' own counters of calls, over HTTP through the API server."""

    def __init__(
        self, means: Means, service: Service, servers: Sequence[Pod], clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._api = means.api
        self._pods = [(pod, page) for pod, pages in _pages(means.api, service, servers) for page in pages]
        self._clock = clock
        self._pause = pause

    def watch(self, turns: Turns) -> Watched:
        """Looks at those counters that all servers have; none where they have none."""
        begun, unseen_ = self._clock(), []
        seen: list[MetricsLook] = []
        asked = self._pods
        for turn in range(turns.turns if asked else 0):
            self._pause(max(0.0, begun + turn * turns.pause - self._clock()))
            answers = each(lambda one: self._ask(*one), asked, AT_ONCE)
            if turn == 0:
                unseen_ = [answer for answer in answers if isinstance(answer, Unseen)]
                asked = [one for one, answer in zip(asked, answers, strict=True) if _tells(answer)]
                answers = [answer for answer in answers if _tells(answer)]
            at = self._clock() - begun
            pairs = ((pod, a) for (pod, _), a in zip(asked, answers, strict=True) if isinstance(a, Figures))
            seen += _looks(pairs, turn, at)
        return Watched(metrics=tuple(seen), unseen=tuple(unseen_))

    def _ask(self, pod: Pod, page: metrics.Page) -> Figures | Unseen:
        reply = self._api.pod_get(pod.name, pod.meta.namespace, page.port, page.path, timeout=5)
        if isinstance(reply, Unseen):
            return reply
        try:
            return metrics.figures(reply.body.decode("utf-8", "replace")) if reply.status == 200 else Figures()
        except ValueError:
            return Figures()


def _pages(api: Api, service: Service, servers: Sequence[Pod]) -> list[tuple[Pod, list[metrics.Page]]]:
    """Where each pod tells its figures: by what it says itself; where some say nothing, by monitors."""
    own = [(pod, list(metrics.pages(pod))) for pod in servers]
    if all(pages for _, pages in own):
        return own
    monitors = Monitors(api, service)
    return [(pod, pages or list(monitors.pages(pod))) for pod, pages in own]


def _tells(answer: Figures | Unseen) -> bool:
    return isinstance(answer, Figures) and bool(answer.calls)


def _looks(answers: Iterator[tuple[Pod, Figures]], turn: int, at: float) -> Iterator[MetricsLook]:
    for pod, told in answers:
        for source, calls in told.calls.items():
            yield MetricsLook(key(pod), turn, at, source, calls, tuple(sorted(told.failed.items())))
