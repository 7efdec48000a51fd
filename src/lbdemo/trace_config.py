"""Where spans of calls should go, as it was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lbdemo.errors import InputError

Taker = Literal["jaeger", "lbdemo", "addon", "none"]

BACKENDS = ("jaeger", "lbdemo")
"""What `up` can bring."""

JAEGER_IMAGE = "docker.io/jaegertracing/jaeger:2.21.0"
PLACE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(\d{1,5})")


@dataclass(frozen=True, slots=True)
class TraceWish:
    """What takes spans: a Jaeger of our own, our collector, the add-on Jaeger, or (`none`) what is at `otlp` already.

    `image` is Jaeger's.
    """

    backend: Taker = "jaeger"
    otlp: str = ""
    image: str = JAEGER_IMAGE


def trace_wish(*, trace: bool, otlp: str, backend: str, image: str, addons: bool) -> TraceWish | None:
    """The wish, from the options as they were typed; None for no traces.

    An address, or a backend, is wish enough. With add-ons their Jaeger is used, unless another is named. Raises
    InputError.
    """
    if not (trace or otlp or backend):
        return None
    if otlp and backend:
        raise InputError("--otlp and --trace-backend contradict each other", "give one of them")
    if otlp:
        return TraceWish("none", check_otlp(otlp), image)
    if backend not in ("", *BACKENDS):
        raise InputError(f"--trace-backend {backend!r} is unknown", f"choose one of {', '.join(BACKENDS)}")
    if not backend and addons:
        return TraceWish("addon", "", image)
    return TraceWish("lbdemo" if backend == "lbdemo" else "jaeger", "", image)


def check_otlp(place: str) -> str:
    """The address, when it is HOST:PORT; raises InputError."""
    found = PLACE.fullmatch(place)
    if found is None or not 0 < int(found[3]) < 65_536:
        raise InputError(
            f"--otlp {place!r} is not HOST:PORT", "such as otel-collector.observability:4317, where OTLP/gRPC is taken"
        )
    return place
