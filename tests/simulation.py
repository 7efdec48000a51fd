"""Calls of made-up balancers, for measuring how often the judge errs: nothing here is the code that is judged."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, cycle, islice, pairwise

from lbdemo.measure import Counts, Order

Calls = list[tuple[int, int]]
"""One (server, connection) a call, in the order in which they were sent."""

Balancer = Callable[[random.Random, int], Calls]
"""Makes so many calls."""


def independent(shares: Sequence[float]) -> Balancer:
    """Each call goes to a server drawn with these shares."""
    bounds, servers = list(accumulate(shares)), range(len(shares))
    return lambda rng, calls: [(server, 0) for server in rng.choices(servers, cum_weights=bounds, k=calls)]


def markov(shares: Sequence[float], stays: float) -> Balancer:
    """A call follows the one before to its server with probability `stays`, else it is drawn anew: sticky, fair."""
    bounds, servers = list(accumulate(shares)), range(len(shares))

    def made(rng: random.Random, calls: int) -> Calls:
        drawn = rng.choices(servers, cum_weights=bounds, k=calls)
        for call in range(1, calls):
            if rng.random() < stays:
                drawn[call] = drawn[call - 1]
        return [(server, 0) for server in drawn]

    return made


def in_turns(servers: int, run: int) -> Balancer:
    """One connection that is renewed after `run` calls, and then takes the next server."""
    return lambda rng, calls: [
        (((call + offset) // run) % servers, 0) for offset in [rng.randrange(run * servers)] for call in range(calls)
    ]


def turns(runs: Sequence[int]) -> Balancer:
    """One connection that stays with each server for its run of calls, again and again, beginning anywhere."""

    def made(rng: random.Random, calls: int) -> Calls:
        cycled = [server for server, run in enumerate(runs) for _ in range(run)]
        offset = rng.randrange(len(cycled))
        return [(cycled[(call + offset) % len(cycled)], 0) for call in range(calls)]

    return made


def renewed(shares: Sequence[float], run: int) -> Balancer:
    """One connection that is renewed after about `run` calls, and then draws a server with these shares."""
    servers = range(len(shares))

    def made(rng: random.Random, calls: int) -> Calls:
        found: Calls = []
        while len(found) < calls:
            found += [(rng.choices(servers, shares)[0], 0)] * max(1, round(run * rng.uniform(0.9, 1.1)))
        begun = rng.randrange(run)
        return (found + found)[begun : begun + calls]

    return made


def pinned_connections(shares: Sequence[float], connections: int) -> Balancer:
    """Each of the connections has drawn its server for good; the calls take the connections in turn."""

    def made(rng: random.Random, calls: int) -> Calls:
        own = rng.choices(range(len(shares)), shares, k=connections)
        return [(own[call % connections], call % connections) for call in range(calls)]

    return made


def round_robins(servers: int, workers: int, connections: int = 1) -> Balancer:
    """Exact round robins side by side. Each connection belongs to one of them, to its own if there are as many; one
    worker: exact altogether."""

    def made(rng: random.Random, calls: int) -> Calls:
        following = [cycle([*range(start, servers), *range(start)]) for start in
                     (rng.randrange(servers) for _ in range(workers))]  # fmt: skip
        own = range(connections) if workers == connections else None
        worker_of = own or [rng.randrange(workers) for _ in range(connections)]
        return [(next(following[worker_of[c]]), c) for c in (call % connections for call in range(calls))]

    return made


def workers_at_random(servers: int, workers: int) -> Balancer:
    """Exact round robins side by side, one of which is drawn for each call: as if the client's calls were spread."""

    def made(rng: random.Random, calls: int) -> Calls:
        following = [cycle([*range(start, servers), *range(start)]) for start in
                     (rng.randrange(servers) for _ in range(workers))]  # fmt: skip
        return [(next(following[rng.randrange(workers)]), 0) for _ in range(calls)]

    return made


def many_callers(servers: int, calls_each: int) -> Balancer:
    """Short clients one after another, each an exact round robin that begins anywhere."""

    def made(rng: random.Random, calls: int) -> Calls:
        found: Calls = []
        while len(found) < calls:
            start = rng.randrange(servers)
            found += [((start + step) % servers, 0) for step in range(calls_each)]
        return found[:calls]

    return made


def least_request(times: Sequence[float], rate: float) -> Balancer:
    """The less busy of two servers drawn at random; `times` is how long each takes on average, in seconds.

    Calls arrive `rate` a second; a server answers each after an exponential time, however many it has.
    """

    def made(rng: random.Random, calls: int) -> Calls:
        free: list[list[float]] = [[] for _ in times]
        found: Calls = []
        for call in range(calls):
            now = call / rate
            first, second = rng.sample(range(len(times)), 2)
            for server in (first, second):
                free[server] = [end for end in free[server] if end > now]
            chosen = first if len(free[first]) <= len(free[second]) else second
            free[chosen].append(now + rng.expovariate(1 / times[chosen]))
            found.append((chosen, 0))
        return found

    return made


def beside(balancer: Balancer, connections: int) -> Balancer:
    """Several such balancers, each on a connection of its own, which take turns."""

    def made(rng: random.Random, calls: int) -> Calls:
        each = [balancer(rng, calls // connections + 1) for _ in range(connections)]
        return [(each[call % connections][call // connections][0], call % connections) for call in range(calls)]

    return made


def counted(calls: Calls, servers: int, failed: int = 0) -> Counts:
    """The calls as the judge wants them; `failed` further ones nobody signed."""
    totals = [0] * servers
    for server, _ in calls:
        totals[server] += 1
    names = tuple(f"s{server}" for server in range(servers))
    return Counts(
        sent=len(calls) + failed,
        answered=len(calls),
        errors=(("DEADLINE_EXCEEDED", failed),) if failed else (),
        servers=tuple((name, total) for name, total in zip(names, totals, strict=True) if total),
        order=_order(calls, servers, names),
    )


def _order(calls: Calls, servers: int, names: tuple[str, ...]) -> Order:
    batches = max(8, min(64, len(calls) // (4 * servers)))
    ends = [round(len(calls) * batch / batches) for batch in range(batches + 1)]
    rows = []
    for start, end in pairwise(ends):
        answered = [server for server, _ in calls[start:end]]
        rows.append(tuple(answered.count(server) for server in range(servers)))
    connections: dict[int, list[int]] = {}
    last: dict[int, int] = {}
    pairs = same = 0
    for server, connection in calls:
        connections.setdefault(connection, [0] * servers)[server] += 1
        if connection in last:
            pairs += 1
            same += last[connection] == server
        last[connection] = server
    return Order(names, tuple(rows), tuple(map(tuple, connections.values())), pairs, same)


def blocks(balancer: Balancer, servers: int, calls: int, number: int, seed: int) -> Iterator[Counts]:
    """So many blocks of so many calls."""
    rng = random.Random(seed)
    return (counted(balancer(rng, calls), servers) for _ in islice(iter(int, 1), number))
