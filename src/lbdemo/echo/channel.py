"""Connections to the target, each truly its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import grpc

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
    # A server that vanished without a word (its node is gone) is noticed after 15 s instead of many minutes. Only
    # while calls are in flight, and rarely enough for servers that keep count of such questions.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)


def open_channel(target: str, policy: str) -> grpc.aio.Channel:
    """A channel with a connection pool of its own, balancing by `policy`.

    With an xds:/// target the control plane's policy has precedence, by gRPC's own rules.
    """
    service_config = json.dumps({"loadBalancingConfig": [{policy: {}}]})
    return grpc.aio.insecure_channel(target, options=[*CHANNEL_OPTIONS, ("grpc.service_config", service_config)])


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
