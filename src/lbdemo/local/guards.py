"""What the demonstration changes in its own process, and puts back."""

from __future__ import annotations

import signal
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM is a Ctrl-C, too: whoever ends a CI job wants everything ended."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def without_proxies(environment: MutableMapping[str, str]) -> Iterator[None]:
    """gRPC would take a company's HTTP proxy even to the loopback address; meanwhile the variables are not there."""
    hidden = {name: environment.pop(name) for name in PROXY_VARIABLES if name in environment}
    try:
        yield
    finally:
        environment.update(hidden)


@contextmanager
def same_signals() -> Iterator[None]:
    """Puts the signal handlers back that an event loop takes over and does not return."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
