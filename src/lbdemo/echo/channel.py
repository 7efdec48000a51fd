"""Connections to the target, each truly its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

from lbdemo.echo.service import SERVICE
from lbdemo.echo.tls import channel_credentials

if TYPE_CHECKING:
    from lbdemo.echo.options import LoadOptions

OWN_CONNECTION = (
    # A proxy for HTTP in the environment is for the way out: calls to the next pod would take a detour.
    ("grpc.enable_http_proxy", 0),
    # Without it all channels of a process that look alike share one connection.
    ("grpc.use_local_subchannel_pool", 1),
)
CHANNEL_OPTIONS = (
    *OWN_CONNECTION,
    # Look for a lost server every second instead of ever more seldom (up to two minutes), and give up an attempt
    # to connect after 2 s instead of 20: a measurement should see a server's return when it happens.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    # When a connection ends ask DNS again after a second at the earliest, instead of 30.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    # gRPC keeps a message until its call is answered, to send it again, but 256 kB of each call unless told: longer
    # messages would silently have no second attempt.
    ("grpc.per_rpc_retry_buffer_size", 16 << 20),
)

MAX_ATTEMPTS = 5
"""Attempts at a call, the first included: gRPC makes no more, whatever it is told."""

RETRYABLE = ("UNAVAILABLE", "CANCELLED")
"""What a call is tried again for. A server that stops cancels the calls that it has not read (grpc/grpc#41785)."""

_RETRY_POLICY = {
    "maxAttempts": MAX_ATTEMPTS,
    "initialBackoff": "0.05s",
    "maxBackoff": "1s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": list(RETRYABLE),
}


@dataclass(frozen=True, slots=True)
class SignsOfLife:
    """A server that is quiet for `after` seconds is asked for a sign of life, and given up `patience` seconds later.

    One that vanished without a word (its node is gone) is so noticed after 15 s instead of many minutes. It is asked
    only while calls are in flight, and rarely enough for servers that keep count of such questions.
    """

    after: float = 10.0
    patience: float = 5.0


def keepalive(after: float, patience: float) -> tuple[tuple[str, int], ...]:
    """Ask a peer that is quiet for `after` seconds for a sign of life, and give it up `patience` seconds later.

    gRPC's core never looks at the timeout that it names for this (grpc/grpc#39239): what ends a connection is that of
    any ping, a minute unless told.
    """
    milliseconds = round(patience * 1000)
    return (
        ("grpc.keepalive_time_ms", round(after * 1000)),
        ("grpc.keepalive_timeout_ms", milliseconds),
        ("grpc.http2.ping_timeout_ms", milliseconds),
    )


def open_channel(options: LoadOptions, signs: SignsOfLife = SignsOfLife()) -> grpc.aio.Channel:
    """A channel with a connection pool of its own, balancing and retrying as the options say.

    With an xds:/// target the control plane's policies, also on retries, have precedence, by gRPC's own rules.
    """
    arguments = [
        *CHANNEL_OPTIONS,
        *keepalive(signs.after, signs.patience),
        ("grpc.service_config", json.dumps(service_config(options.policy, options.retry))),
    ]
    if options.authority:
        arguments.append(("grpc.default_authority", options.authority))
    watching = interceptors(options)
    if options.tls:
        credentials = channel_credentials(options.tls)
        return grpc.aio.secure_channel(options.target, credentials, options=arguments, interceptors=watching)
    return grpc.aio.insecure_channel(options.target, options=arguments, interceptors=watching)


def interceptors(options: LoadOptions) -> list[grpc.aio.ClientInterceptor]:
    """Who looks on at each call: none, unless calls are traced."""
    if not options.trace:
        return []
    from lbdemo.echo.traced import client_interceptors

    return client_interceptors()


def service_config(policy: str, retry: bool) -> dict[str, Any]:
    """What gRPC is told of the calls, in its own format: https://github.com/grpc/grpc/blob/master/doc/service_config.md."""
    config: dict[str, Any] = {"loadBalancingConfig": [{policy: {}}]}
    if retry:
        config["methodConfig"] = [{"name": [{"service": SERVICE}], "retryPolicy": _RETRY_POLICY}]
    return config


async def await_connections(channels: Sequence[grpc.aio.Channel], timeout: float, stop: asyncio.Event) -> None:
    """Returns when all channels are connected, after `timeout` seconds, or when `stop` is set."""
    if timeout <= 0:
        return
    ready = asyncio.ensure_future(asyncio.gather(*(channel.channel_ready() for channel in channels)))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((ready, stopping), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in (ready, stopping):
        task.cancel()
    await asyncio.gather(ready, stopping, return_exceptions=True)
