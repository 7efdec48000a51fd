"""Made-up callers, and the looks at their counters: nothing here is the code that is judged."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import accumulate

from lbdemo.measure.flows import Look, Reading

Caller = Callable[[random.Random, int], list[int]]
"""How many of so many calls of the next interval go to each endpoint."""


def tallied(servers: Sequence[int], endpoints: int) -> list[int]:
    return [servers.count(endpoint) for endpoint in range(endpoints)]


def round_robin(endpoints: int, start: int = 0) -> Caller:
    """Exact, over all intervals."""
    at = start

    def made(_: random.Random, calls: int) -> list[int]:
        nonlocal at
        whole, rest = divmod(calls, endpoints)
        found = [whole] * endpoints
        for step in range(rest):
            found[(at + step) % endpoints] += 1
        at += rest
        return found

    return made


def at_random(shares: Sequence[float]) -> Caller:
    """Each call draws its endpoint."""
    ends, bounds = range(len(shares)), list(accumulate(shares))
    return lambda rng, calls: tallied(rng.choices(ends, cum_weights=bounds, k=calls), len(shares))


def pinned(endpoints: int, to: int) -> Caller:
    """One connection, and it stays."""
    return lambda _, calls: [calls if endpoint == to else 0 for endpoint in range(endpoints)]


def renewed(endpoints: int, intervals: float) -> Caller:
    """One connection that is renewed after about so many intervals, and then draws an endpoint."""
    state = {"left": 0.0, "to": 0}

    def made(rng: random.Random, calls: int) -> list[int]:
        found, spent = [0] * endpoints, 0.0
        while spent < 1:
            if state["left"] <= 1e-9:
                state["left"], state["to"] = intervals * rng.uniform(0.5, 1.5), rng.randrange(endpoints)
            step = min(state["left"], 1 - spent)
            found[int(state["to"])] += round(calls * (spent + step)) - round(calls * spent)
            state["left"] -= step
            spent += step
        return found

    return made


def looks(
    callers: Sequence[Caller],
    rng: random.Random,
    calls: int | Callable[[random.Random, int], int],
    number: int = 12,
    error: float = 0.0,
    bias: Sequence[float] = (),
) -> list[Look]:
    """So many looks, 1 s apart, at callers that make so many calls (each, or those of a function) between two looks.

    A source that is not exact multiplies the calls to each endpoint by its `bias`.
    """
    counters: dict[tuple[int, int], float] = {}
    found = []
    for at in range(number):
        for caller, made in enumerate(callers):
            wanted = calls if isinstance(calls, int) else calls(rng, caller)
            for endpoint, more in enumerate(made(rng, wanted)):
                before = counters.get((caller, endpoint), 0.0)
                counters[caller, endpoint] = before + more * (bias[endpoint] if bias else 1.0)
        read = tuple(Reading(f"c{c}", f"p{e}", round(value)) for (c, e), value in counters.items())
        found.append(Look(float(at), read, error))
    return found
