"""The echo server: echo, health and reflection on one port, and its end; its owner's questions on another."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection

from lbdemo._proto import echo_pb2_grpc
from lbdemo.echo.address import Address, listening, parse_address, parse_loopback
from lbdemo.echo.admin import AdminService
from lbdemo.echo.channel import keepalive
from lbdemo.echo.health import Health
from lbdemo.echo.service import SERVICE, EchoService
from lbdemo.echo.tls import ServerTls, server_credentials
from lbdemo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GRACE = 10.0
"""Seconds that calls in flight get to finish, when a connection or the server ends."""

MAX_NAME = 253
MAX_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class SignsOfLife:
    """A client that is quiet for `after` seconds is asked for a sign of life, and given up `patience` seconds later.

    One that has vanished without a word is so noticed after 80 s; the system alone would take 2 hours.
    """

    after: float = 60.0
    patience: float = 20.0


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where to listen, and how to part. Times are in seconds.

    `name` is how answers are signed; empty: the listening address. A connection older than `max_connection_age` is
    closed gracefully (0: never; gRPC varies it by 10 %, so that not all end at once). On SIGTERM the server goes on
    serving for `drain`, while nobody sends it new clients any more. `admin` is where it answers its owner's questions,
    on loopback, in plain text; None: nowhere. With `tls` calls are encrypted, and health and reflection with them.
    `metrics` is where it tells Prometheus of its calls, over HTTP; None: nowhere. With `trace` each call has a span:
    whoever serves has set up `tracing`.
    """

    listen: Address
    name: str = ""
    max_connection_age: float = 0.0
    drain: float = 3.0
    admin: Address | None = None
    tls: ServerTls | None = None
    signs_of_life: SignsOfLife = SignsOfLife()
    metrics: Address | None = None
    trace: bool = False


class EchoServer:
    """One server on one port, and one for its owner if `admin` says so. `start`, then `drain` or `stop` (at once)."""

    def __init__(self, options: ServerOptions) -> None:
        self._health = Health()
        self._server = grpc.aio.server(options=_channel_options(options), interceptors=_interceptors(options))
        self.address = _bind(self._server, options.listen, "--listen", options.tls)
        """Where it listens, with the real port."""
        self._end = ExitStack()
        self.service, self.metrics = self._service(options)
        """`metrics` is where Prometheus finds it, with the real port; None: nowhere."""
        self._admin = grpc.aio.server(options=[_NOT_SHARED])
        self.admin = _bind(self._admin, options.admin, "--admin") if options.admin else None
        """Where it answers its owner, with the real port; None: nowhere."""

    @property
    def name(self) -> str:
        """How its answers are signed."""
        return self.service.server_id

    def _service(self, options: ServerOptions) -> tuple[EchoService, Address | None]:
        name = options.name or str(self.address)
        if options.metrics is None:
            return EchoService(name), None
        from lbdemo.echo.metrics import exposed  # only who asks for them needs Prometheus
        from lbdemo.echo.server_metrics import MeteredEcho, server_metrics

        metrics = server_metrics()
        return MeteredEcho(name, metrics), self._end.enter_context(exposed(metrics, options.metrics))

    async def start(self) -> None:
        """Answers from now on."""
        echo_pb2_grpc.add_EchoServicer_to_server(self.service, self._server)
        echo_pb2_grpc.add_AdminServicer_to_server(AdminService(self.service), self._admin)
        self._health.add_to(self._server)
        await self._health.serving(SERVICE)
        reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        await self._server.start()
        await self._admin.start()

    async def drain(self, lead: float) -> None:
        """Says NOT_SERVING, serves on for `lead` seconds, then asks clients to leave, answers what it has read, stops.

        Calls that are on their way at that moment are cancelled by gRPC (grpc/grpc#41785): a client that has not left
        by then needs gRPC's own retries. Streams are ended as UNAVAILABLE, and only once their connections have been
        told that no call may begin there: who opens another one does not come back here.
        """
        await self._health.not_serving()
        await asyncio.sleep(lead)
        self._health.end_watches()
        await asyncio.gather(self._server.stop(GRACE), self._end_streams())

    async def _end_streams(self) -> None:
        self.service.leave()

    async def stop(self) -> None:
        """Stops at once; calls in flight are cancelled."""
        await self._server.stop(None)
        await self._admin.stop(None)
        self._end.close()


async def serve(options: ServerOptions, ready: Callable[[EchoServer], None]) -> int:
    """Serves until SIGTERM or SIGINT, then drains; a second signal ends it at once. Returns the exit code, 0.

    `ready` is called once, when the server listens. Ctrl-C (SIGINT) does not wait for `options.drain`: nobody sends
    clients to a server in a terminal. Raises OperationFailedError when it cannot listen.
    """
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number)
    server = EchoServer(options)
    await server.start()
    ready(server)
    first = await signals.get()
    draining = asyncio.create_task(server.drain(options.drain if first == signal.SIGTERM else 0.0))
    second = asyncio.create_task(signals.get())
    try:
        await asyncio.wait((draining, second), return_when=asyncio.FIRST_COMPLETED)
        if draining.done():
            draining.result()
    finally:
        second.cancel()
        draining.cancel()
        await server.stop()
    return 0


def server_options(
    listen: str,
    name: str,
    max_connection_age: float,
    drain: float,
    environment: Mapping[str, str],
    admin: str = "",
    tls: ServerTls | None = None,
    metrics: str = "",
    trace: bool = False,
) -> ServerOptions:
    """The options, from what was typed and the environment; raises InputError for the first that is wrong."""
    return ServerOptions(
        listen=parse_address(listen),
        name=server_name(name, environment),
        max_connection_age=_seconds("--max-connection-age", max_connection_age),
        drain=_seconds("--drain", drain),
        admin=parse_loopback(admin) if admin else None,
        tls=tls,
        metrics=parse_address(metrics) if metrics else None,
        trace=trace,
    )


def server_name(given: str, environment: Mapping[str, str]) -> str:
    """How to sign answers: as given, else POD_NAME, else HOSTNAME, else '' for the listening address.

    Raises InputError for a name that no terminal could show.
    """
    name = given or environment.get("POD_NAME") or environment.get("HOSTNAME") or ""
    if not name.isprintable() or len(name) > MAX_NAME:
        raise InputError(f"{name!r} cannot be a server's name", f"use at most {MAX_NAME} printable characters")
    return name


def _seconds(option: str, value: float) -> float:
    if not 0 <= value <= MAX_SECONDS:
        raise InputError(f"{option} {value:g} is out of range", f"give seconds, from 0 to {MAX_SECONDS}")
    return value


# Without SO_REUSEPORT a port that is taken is an error; with it, two servers would share its clients unnoticed.
_NOT_SHARED = ("grpc.so_reuseport", 0)


def _bind(server: grpc.aio.Server, address: Address, option: str, tls: ServerTls | None = None) -> Address:
    credentials = server_credentials(tls) if tls else None
    with listening(address, option):
        where = str(address)
        port = server.add_secure_port(where, credentials) if credentials else server.add_insecure_port(where)
        return Address(address.host, port)


def _interceptors(options: ServerOptions) -> list[grpc.aio.ServerInterceptor]:
    if not options.trace:
        return []
    from lbdemo.echo.traced import server_interceptors  # only who asks for them needs OpenTelemetry

    return server_interceptors()


def _channel_options(options: ServerOptions) -> list[tuple[str, int]]:
    chosen = [_NOT_SHARED, *_keepalive(options.signs_of_life)]
    if options.max_connection_age:
        chosen.append(("grpc.max_connection_age_ms", round(options.max_connection_age * 1000)))
        chosen.append(("grpc.max_connection_age_grace_ms", round(GRACE * 1000)))
    return chosen


def _keepalive(signs: SignsOfLife) -> list[tuple[str, int]]:
    return [
        # Many clients ask an idle connection for a sign of life more often than gRPC's core puts up with (every
        # 5 minutes): nobody is sent away for it.
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        *keepalive(signs.after, signs.patience),
    ]
