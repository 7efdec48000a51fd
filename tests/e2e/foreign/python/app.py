"""A parcel service and its client, as somebody might have written them with plain grpcio."""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import sys
import threading
import time
from concurrent import futures

import grpc

METHOD = "/parcels.Parcels/Track"


def serve(args: argparse.Namespace) -> None:
    def track(request: bytes, _: grpc.ServicerContext) -> bytes:
        time.sleep(args.slow)
        return socket.gethostname().encode() + b" has " + request

    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {"Track": grpc.unary_unary_rpc_method_handler(track)}
    options = [("grpc.max_connection_age_ms", args.max_age * 1000)] if args.max_age else []
    server = grpc.server(futures.ThreadPoolExecutor(16), options=options)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("parcels.Parcels", handlers),))
    server.add_insecure_port(f"[::]:{args.port}")
    server.start()
    server.wait_for_termination()


def call(args: argparse.Namespace) -> None:
    config = json.dumps({"loadBalancingConfig": [{args.policy: {}}]} if args.policy else {})
    options = [("grpc.service_config", config), ("grpc.use_local_subchannel_pool", int(args.own_connections))]
    channels = [grpc.insecure_channel(args.target, options=options) for _ in range(args.channels)]
    calls: list[grpc.UnaryUnaryMultiCallable[bytes, bytes]] = [channel.unary_unary(METHOD) for channel in channels]
    counts = {"calls": 0, "failed": 0}

    def tell() -> None:
        while True:
            time.sleep(1)
            sys.stdout.write("calls {calls} failed {failed}\n".format(**counts))
            sys.stdout.flush()

    threading.Thread(target=tell, daemon=True).start()
    for number, track in enumerate(itertools.cycle(calls)):
        try:
            track(b"parcel %d" % number, timeout=2)
            counts["calls"] += 1
        except grpc.RpcError:
            counts["failed"] += 1
        time.sleep(1 / args.rate)


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--max-age", type=int, default=0)
parser.add_argument("--slow", type=float, default=0)
parser.add_argument("--target", default="")
parser.add_argument("--policy", default="")
parser.add_argument("--rate", type=float, default=50)
parser.add_argument("--channels", type=int, default=1)
parser.add_argument("--own-connections", action="store_true")
given = parser.parse_args()
serve(given) if given.port else call(given)
