"""What load to make: the client's settings, checked before the first call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lbdemo.echo.address import parse_address
from lbdemo.echo.stats import MAX_RUN_NAME
from lbdemo.errors import InputError
from lbdemo.measure.plan import check_servers
from lbdemo.records.sample import is_text

if TYPE_CHECKING:
    from lbdemo.echo.tls import ClientTls

SCHEMES = ("dns", "xds", "ipv4", "ipv6", "unix", "unix-abstract", "vsock")  # what gRPC resolves by itself
POLICIES = ("pick_first", "round_robin")
ARRIVALS = ("grid", "poisson")
STREAMS = ("watch", "chat")
MAX_CONCURRENCY = 10_000
MAX_CONNECTIONS = 1_000
MAX_SECONDS = 86_400
DEFAULT_INTERVAL = 1.0
DEFAULT_EVERY = 1.0
DEFAULT_LENGTH = 10.0
MIN_EVERY, MAX_EVERY = 0.001, 3_600
_METADATA_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")


def _is_target(target: str) -> bool:
    """False for what gRPC would take for another address: it counts ports modulo 65536, and guesses missing ones."""
    if not target.isprintable() or " " in target:
        return False
    scheme, name = target.split(":", 1)[0], target.removeprefix("dns:///")
    if scheme in SCHEMES and name == target:
        return True
    try:
        return parse_address(name).port > 0 and not name.startswith(":")
    except InputError:
        return False


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to call. Times are in seconds.

    Calls are due every `interval`, or at random so often on average (`arrivals` "poisson"), and leave when they are due
    whatever has become of those before: up to rate x deadline are in flight. With `concurrency`, at most so many are;
    then the next ones leave late, which each Sample shows, and its latency counts the wait (0: 10 000). With an
    `interval` of 0 there are `concurrency` loops (0: one), and each sends its next call as soon as its last one is
    answered. `count` calls are sent, 0: until stopped. With `servers`, calls are first sent until so many were seen
    (the gate); these are not part of `count`. `connections` take turns. Calls carry `run`, by which servers count them.
    The first call is due when all connections are up, or after `wait` seconds. With `settle`, calls with new
    connections come before that until all `servers` were seen (just those of the `names`, where these are given), for
    so many seconds at most: after an installation it takes a while until name servers and proxies know all of them,
    and have forgotten those that were there before. With `retry` gRPC tries a call again that ends as UNAVAILABLE or
    CANCELLED, five times in all, within the same deadline; each Sample says how often. With `tls` calls are encrypted;
    `authority` is the name that is called, and that the certificate must bear, where it is not the target's.
    With `stream` each call is a stream, which is one call however much is answered on it: the client hears, or with
    "chat" sends, a message every `stream_every`, and ends it after `stream_length`. `timeout` is then how long the
    first answer, and any that is due later, may take. In the gate a stream ends with its first answer. With `trace`
    each call has spans: whoever makes the load has set up `tracing`.
    """

    target: str = "localhost:8080"
    message: str = "hello"
    interval: float = DEFAULT_INTERVAL
    count: int = 0
    timeout: float = 5.0
    concurrency: int = 0
    connections: int = 1
    policy: str = "pick_first"
    servers: int = 0
    run: str = ""
    wait: float = 0.0
    settle: float = 0.0
    names: tuple[str, ...] = ()
    retry: bool = False
    arrivals: str = "grid"
    tls: ClientTls | None = None
    authority: str = ""
    stream: str = ""
    stream_every: float = DEFAULT_EVERY
    stream_length: float = DEFAULT_LENGTH
    trace: bool = False

    def __post_init__(self) -> None:
        """Raises InputError for the first setting that makes no sense."""
        _check(_is_target(self.target), f"--target {self.target!r}",
               "give HOST:PORT (ports go from 1 to 65535), dns:///HOST:PORT or xds:///HOST:PORT")  # fmt: skip
        _check(is_text(self.message), f"--message {self.message!r}", "it must be text")
        _check(
            0 <= self.interval <= MAX_SECONDS,
            f"an interval of {self.interval:g} s",
            f"it must be from 0 to {MAX_SECONDS}",
        )
        _check(
            0 < self.timeout <= MAX_SECONDS, f"--timeout {self.timeout:g}", f"it must be above 0, up to {MAX_SECONDS}"
        )
        _check(0 <= self.wait <= MAX_SECONDS, f"--wait {self.wait:g}", f"it must be from 0 to {MAX_SECONDS}")
        _check(0 <= self.settle <= MAX_SECONDS, f"--settle {self.settle:g}", f"it must be from 0 to {MAX_SECONDS}")
        _check(self.count >= 0, f"--count {self.count}", "it must be 0 (until stopped) or more")
        _check(0 <= self.concurrency <= MAX_CONCURRENCY, f"--concurrency {self.concurrency}",
               f"it must be from 1 to {MAX_CONCURRENCY}, or 0 for no limit of yours")  # fmt: skip
        _check_up_to(MAX_CONNECTIONS, "--connections", self.connections)
        _check(self.arrivals in ARRIVALS, f"--arrivals {self.arrivals!r}", f"choose one of {', '.join(ARRIVALS)}")
        _check(not self.authority or bool(_METADATA_VALUE.fullmatch(self.authority)), f"--authority {self.authority!r}",
               "give a host's name")  # fmt: skip
        _check(self.policy in POLICIES, f"--policy {self.policy!r}", f"choose one of {', '.join(POLICIES)}")
        _check(not self.run or (bool(_METADATA_VALUE.fullmatch(self.run)) and len(self.run) <= MAX_RUN_NAME),
               f"--run {self.run!r}", f"use at most {MAX_RUN_NAME} printable ASCII characters")  # fmt: skip
        _check(self.stream in {"", *STREAMS}, f"--stream {self.stream!r}", f"choose one of {', '.join(STREAMS)}")
        _check(MIN_EVERY <= self.stream_every <= MAX_EVERY, f"--stream-every {self.stream_every:g}",
               f"it must be from {MIN_EVERY} (a millisecond) to {MAX_EVERY} s")  # fmt: skip
        _check(0 <= self.stream_length <= MAX_SECONDS, f"--stream-length {self.stream_length:g}",
               f"it must be from 0 (one answer) to {MAX_SECONDS}")  # fmt: skip
        if self.servers:
            check_servers(self.servers)

    @property
    def longest(self) -> float:
        """How long a call may take, in seconds."""
        return self.timeout + (self.stream_length if self.stream else 0.0)

    @property
    def reaches_several(self) -> bool:
        """Whether one channel connects to several servers by itself; otherwise it has one connection, and keeps it."""
        return self.policy == "round_robin" or self.target.startswith("xds:")


def pace(interval: float | None, rate: float | None) -> float:
    """The interval in seconds, given as such or as RPC/s (0: as fast as it goes). Raises InputError for both."""
    if rate is None:
        return DEFAULT_INTERVAL if interval is None else interval
    if interval is not None:
        raise InputError("--interval and --rate contradict each other", "give one of them")
    _check(0 <= rate <= 1e6, f"--rate {rate:g}", "it must be from 0 (as fast as it goes) to 1000000 RPC/s")
    return 1 / rate if rate else 0.0


def streams(kind: str | None, every: float | None, length: float | None) -> dict[str, Any]:
    """The options of streams, as far as they were given. Raises InputError for those of streams that nobody wants."""
    if not kind and (every is not None or length is not None):
        raise InputError("--stream-every and --stream-length are for streams", "add --stream watch or --stream chat")
    given = {"stream": kind, "stream_every": every, "stream_length": length}
    return {name: value for name, value in given.items() if value is not None}


def _check_up_to(most: int, option: str, value: int) -> None:
    _check(1 <= value <= most, f"{option} {value}", f"it must be from 1 to {most}")


def _check(fits: bool, what: str, rule: str) -> None:
    if not fits:
        raise InputError(f"{what} is not usable", rule)
