"""Everything that runs while the acts are played: server processes, the TCP proxy, Envoy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lbdemo.errors import LbdemoError
from lbdemo.local.acts import Act, Route
from lbdemo.local.envoy import Envoy, bootstrap, ready, start_envoy
from lbdemo.local.processes import ProcessGroup, python
from lbdemo.local.traces import Collector, start_collector
from lbdemo.records import Witness, failures_explain, unheard

if TYPE_CHECKING:
    from lbdemo.echo.tls import ClientTls
    from lbdemo.local.certificates import Certificates
    from lbdemo.local.processes import Child

LISTENING = r"listening on (\S+)[^\n]*\n"
SERVING = r"listening on (\S+) as [^\n]*, admin on (\S+)\n"
PACE = "pace"
"""Envoy's listener for calls that belong to no act: the counters of the acts know nothing of them."""

ENVOYS_COUNT = "Envoy's own counter for each server"
SERVERS_COUNT = "each server's own counter"


@dataclass(frozen=True, slots=True)
class Secure:
    """Servers with TLS: their addresses by name, where they tell their counts, and the CA to trust."""

    servers: Mapping[str, str]
    admins: Mapping[str, str]
    ca: Path

    @property
    def target(self) -> str:
        """What the client calls."""
        return _all(self.servers)

    @property
    def tls(self) -> ClientTls:
        """What the client trusts."""
        from lbdemo.echo.tls import ClientTls

        return ClientTls(self.ca)


@dataclass(frozen=True, slots=True)
class Stage:
    """What is running: the servers' addresses (HOST:PORT) by name, the proxy's address, and Envoy if there is one.

    `admins` has the addresses, by name, where servers tell their counts and are made slow.
    `no_envoy` says why there is none, though there is the program and acts need it. `secure` are further servers of
    the same names, which speak TLS. `collector` has the spans of all calls.
    """

    servers: Mapping[str, str]
    proxy: str
    envoy: Envoy | None
    check: Callable[[], None]  # raises ProgramFailedError when one of them has ended
    no_envoy: str = ""
    admins: Mapping[str, str] = field(default_factory=dict)
    secure: Secure | None = None
    collector: Collector | None = None

    @property
    def slow_server(self) -> str:
        """The one that a drill makes slow: the last."""
        return list(self.servers)[-1]

    def target(self, act: Act) -> str:
        """What the client calls."""
        if act.route is Route.TCP_PROXY:
            return self.proxy
        if self.secure is not None and act.tls:
            return self.secure.target
        if self.envoy is not None and act.route is Route.ENVOY:
            return self.envoy.listeners[act.name]
        return self.servers_target

    @property
    def longest_way(self) -> str:
        """What to call to find out how fast calls can go: by Envoy, where there is one, on a way of its own."""
        return self.envoy.listeners[PACE] if self.envoy is not None else self.servers_target

    @property
    def longest_policy(self) -> str:
        """The client's own load balancing on that way."""
        return "pick_first" if self.envoy is not None else "round_robin"

    @property
    def servers_target(self) -> str:
        """All servers, for a client that balances by itself."""
        return _all(self.servers)

    def make_slow(self, milliseconds: int) -> None:
        """From now on `slow_server` takes so much longer."""
        from lbdemo.echo.peer import set_faults

        set_faults(self.admins[self.slow_server], milliseconds)

    def witness(self, act: Act, run: str, answers: Counter[str], failed: int) -> tuple[str, tuple[Witness, ...]]:
        """Who the second witness is, and what it counted for each server beside the client's `answers`."""
        name, counts = self._counts(act, run)
        servers = sorted({*self.servers, *filter(None, answers)})
        more = [own - answers[server] for server in servers if (own := counts.get(server)) is not None]
        note = unheard(failed) if failures_explain(more, failed) else ""
        return name, tuple(
            Witness(server, answers[server], own, note if own is not None and own > answers[server] else "")
            for server, own in ((server, counts.get(server)) for server in servers)
        )

    def _counts(self, act: Act, run: str) -> tuple[str, dict[str, int | None]]:
        if self.envoy is not None and act.route is Route.ENVOY:
            counted = self.envoy.counts(act.name)
            return ENVOYS_COUNT, {name: counted.get(address) for name, address in self.servers.items()}
        admins = self.secure.admins if self.secure is not None and act.tls else self.admins
        return SERVERS_COUNT, {name: _own(address, run) for name, address in admins.items()}


def _all(servers: Mapping[str, str]) -> str:
    return f"ipv4:{','.join(servers.values())}"


@contextmanager
def stage(
    servers: int, acts: Sequence[Act], envoy: Path | None, papers: Certificates | None = None, *, trace: bool = False
) -> Iterator[Stage]:
    """Starts so many servers (with `papers` as many with TLS), the proxy, and Envoy for the acts that need it.

    With `trace` a collector, too, which all of them tell of each call. All on loopback, on ports of the system's
    choice. Everything ends with the `with`, or with this process.
    """
    policies = {act.name: act.policy for act in acts if act.route is Route.ENVOY}
    with ProcessGroup() as group:
        collector = start_collector(group) if trace else None
        children = {name: start_server(group, name, collector=collector) for name in names(servers)}
        encrypted = {name: start_server(group, name, papers, collector) for name in names(servers)} if papers else {}
        places, admins = addresses(children)
        secure = Secure(*addresses(encrypted), papers.ca) if papers else None
        proxy = group.start(python("-m", "lbdemo.local.tcp_proxy", *places.values()))
        serving, why_not = None, ""
        if envoy and policies:
            wanted = bootstrap({**policies, PACE: "ROUND_ROBIN"}, places.values(), collector.otlp if collector else "")
            serving, why_not = _envoy(group, envoy, wanted)
        yield Stage(places, proxy.said(LISTENING)[1], serving, group.check, why_not, admins, secure, collector)


def _envoy(group: ProcessGroup, program: Path, wanted: Mapping[str, Any]) -> tuple[Envoy | None, str]:
    """A running Envoy; or none, and what it said against it: the other acts can be played all the same."""
    child = None
    try:
        child = start_envoy(group, program, wanted)
        return ready(child), ""
    except LbdemoError as error:
        if child is not None:
            group.drop(child)
        return None, " | ".join(line.strip() for line in error.message.splitlines())


def names(servers: int) -> list[str]:
    """echo-1, echo-2, ...: as wide as the last, so that they sort."""
    width = len(str(servers))
    return [f"echo-{number:0{width}}" for number in range(1, servers + 1)]


def addresses(children: Mapping[str, Child]) -> tuple[dict[str, str], dict[str, str]]:
    """Where the servers serve, and where they tell their counts, as they say."""
    said = {name: child.said(SERVING) for name, child in children.items()}
    return {name: where[1] for name, where in said.items()}, {name: where[2] for name, where in said.items()}


def start_server(
    group: ProcessGroup, name: str, papers: Certificates | None = None, collector: Collector | None = None
) -> Child:
    """An echo server on loopback, on ports of the system's choice; with `papers` one that speaks TLS.

    A `collector` is told of its calls.
    """
    listen = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--name", name, "--drain", "0"]
    tls = ["--tls-cert", str(papers.certificate), "--tls-key", str(papers.key)] if papers else []
    return group.start(python("-m", "lbdemo", "serve", *listen, *tls), more=collector.environment if collector else {})


def _own(address: str, run: str) -> int | None:
    """The server's count of this run's calls; None when it does not answer any more."""
    from lbdemo.echo.peer import read_stats

    try:
        return read_stats(address, run).answered
    except LbdemoError:
        return None
