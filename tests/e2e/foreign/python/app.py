"""A parcel service and its client, as somebody might have written them with plain grpcio."""

from __future__ import annotations

import argparse
import itertools
import json
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures

import grpc

METHOD, CHAT = "/parcels.Parcels/Track", "/parcels.Parcels/Chat"
Send = Callable[[bytes], object]


def worded(text: bytes) -> bytes:
    """A protobuf message with this text as its field 1, which anybody's hello message can be read as."""
    size, head = len(text), bytearray(b"\n")
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    return bytes(head) + bytes([size]) + text


class Parcels(grpc.GenericRpcHandler):
    """Answers any method; those that end with Chat or Echo as a stream of messages."""

    def __init__(self, slow: float, failing: bool) -> None:
        self.slow = slow
        self.failing = failing

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        if details.method.endswith(("Chat", "Echo")):
            return grpc.stream_stream_rpc_method_handler(self.chat)
        return grpc.unary_unary_rpc_method_handler(self.track)

    def track(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        time.sleep(self.slow)
        if self.failing:
            context.abort(grpc.StatusCode.UNAVAILABLE, "no parcel will be found today")
        told = request.decode("ascii", "ignore")  # without the bytes of a long message's size
        return worded(f"{socket.gethostname()} has {told}".encode())

    def chat(self, requests: Iterator[bytes], _: grpc.ServicerContext) -> Iterator[bytes]:
        yield from requests


def serve(args: argparse.Namespace) -> None:
    options = [("grpc.max_connection_age_ms", args.max_age * 1000)] if args.max_age else []
    server = grpc.server(futures.ThreadPoolExecutor(16), options=options)
    server.add_generic_rpc_handlers((Parcels(args.slow, args.failing),))
    server.add_insecure_port(f"[::]:{args.port}")
    server.start()
    server.wait_for_termination()


def unary(channel: grpc.Channel, method: str) -> Send:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
    return lambda message: call(message, timeout=2)


def dialed(target: str, method: str) -> Send:
    """A connection for each call; without a pool of its own gRPC would find the last one again."""

    def send(message: bytes) -> bytes:
        with grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
            return call(message, timeout=2)

    return send


def streamed(channel: grpc.Channel, method: str) -> Send:
    sent: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    call: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(method)
    answers: Iterator[bytes] = call(iter(sent.get, b""))

    def send(message: bytes) -> bytes:
        sent.put(message)
        return next(answers)

    return send


def channel(args: argparse.Namespace, options: list[tuple[str, str | int]]) -> grpc.Channel:
    if args.tls:
        return grpc.secure_channel(args.target, grpc.ssl_channel_credentials(), options=options)
    return grpc.insecure_channel(args.target, options=options)


def call(args: argparse.Namespace) -> None:
    config = json.dumps({"loadBalancingConfig": [{args.policy: {}}]} if args.policy else {})
    options: list[tuple[str, str | int]] = [
        ("grpc.service_config", config),
        ("grpc.use_local_subchannel_pool", int(args.own_connections)),
    ]
    if args.ping:
        options += [("grpc.keepalive_time_ms", args.ping * 1000), ("grpc.keepalive_permit_without_calls", 1),
                    ("grpc.http2.max_pings_without_data", 0)]  # fmt: skip
    channels = [channel(args, options) for _ in range(args.channels)]
    senders = [streamed(one, args.method or CHAT) if args.stream else unary(one, args.method or METHOD)
               for one in channels]  # fmt: skip
    senders = [dialed(args.target, args.method or METHOD)] if args.dial_each else senders
    counts = {"calls": 0, "failed": 0}
    errors: list[grpc.RpcError] = []

    def tell() -> None:
        while True:
            time.sleep(1)
            for error in errors[-1:]:
                sys.stdout.write(f"{error}\n")
            errors.clear()
            sys.stdout.write("calls {calls} failed {failed}\n".format(**counts))
            sys.stdout.flush()

    threading.Thread(target=tell, daemon=True).start()
    message = worded(b"x" * args.size)
    for send in itertools.islice(itertools.cycle(senders), args.calls or None):
        try:
            send(message)
            counts["calls"] += 1
        except grpc.RpcError as error:
            counts["failed"] += 1
            errors.append(error)
        time.sleep(1 / args.rate)
    threading.Event().wait()


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--max-age", type=int, default=0)
parser.add_argument("--slow", type=float, default=0)
parser.add_argument("--failing", action="store_true")
parser.add_argument("--target", default="")
parser.add_argument("--method", default="")
parser.add_argument("--policy", default="")
parser.add_argument("--rate", type=float, default=50)
parser.add_argument("--channels", type=int, default=1)
parser.add_argument("--own-connections", action="store_true")
parser.add_argument("--dial-each", action="store_true")
parser.add_argument("--calls", type=int, default=0)
parser.add_argument("--size", type=int, default=5)
parser.add_argument("--ping", type=int, default=0)
parser.add_argument("--stream", action="store_true")
parser.add_argument("--tls", action="store_true")
given = parser.parse_args()
serve(given) if given.port else call(given)
