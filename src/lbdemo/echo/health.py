"""gRPC's health service, with watches that do not hold the server's end up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from grpc_health.v1 import health, health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    import grpc

    WatchContext = grpc.aio.ServicerContext[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]


class Health:
    """Answers as gRPC's own servicer does, but ends its watches when told to: by themselves they never end."""

    def __init__(self) -> None:
        self._servicer = health.aio.HealthServicer()
        self._watches = set[asyncio.Task[None]]()
        self.Check = self._servicer.Check

    def add_to(self, server: grpc.aio.Server) -> None:
        """Serves it on `server`."""
        health_pb2_grpc.add_HealthServicer_to_server(self, server)

    async def serving(self, service: str) -> None:
        """Says SERVING of a service."""
        await self._servicer.set(service, health_pb2.HealthCheckResponse.SERVING)

    async def not_serving(self) -> None:
        """Says NOT_SERVING of all from now on, also to those who watch."""
        await self._servicer.enter_graceful_shutdown()

    def end_watches(self) -> None:
        """Ends the watches: who watches has been told NOT_SERVING before."""
        for watch in self._watches:
            watch.cancel()

    async def Watch(  # noqa: N802 - the wire's name
        self, request: health_pb2.HealthCheckRequest, context: WatchContext
    ) -> None:
        """Says a service's state, and each change of it."""
        watch = asyncio.ensure_future(self._servicer.Watch(request, context))
        self._watches.add(watch)
        try:
            await asyncio.wait((watch,))
        finally:
            watch.cancel()
            self._watches.discard(watch)
