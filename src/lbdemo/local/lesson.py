"""What a drill teaches, in the figures that were measured."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.local.acts import SLOW_MS
from lbdemo.records import Quantiles, Result
from lbdemo.words import count, duration, number, percent


def lesson(results: tuple[Result, ...], slow: str) -> tuple[Result, ...]:
    """The results, those of the slow server's drill with notes that compare them."""
    by_name = {result.name: result for result in results}
    even, uneven = by_name.get("slow-rr"), by_name.get("slow-lr")
    if even is None or uneven is None:
        return results
    notes = {"slow-rr": on_round_robin(even, slow), "slow-lr": on_least_request(even, uneven, slow)}
    told = {name: replace(by_name[name], notes=(*by_name[name].notes, *said)) for name, said in notes.items()}
    told["slow-lr"] = replace(told["slow-lr"], promises_kept=helped(even, uneven))
    return tuple(told.get(result.name, result) for result in results)


def helped(even: Result, uneven: Result) -> bool:
    """Whether least request made the slow end better, which is what the uneven act promises."""
    before, after = even.summary.latency, uneven.summary.latency
    return before is not None and after is not None and after.p90 < before.p90


def on_round_robin(even: Result, slow: str) -> tuple[str, ...]:
    """Even is not the same as good."""
    _, share = part(even, slow)
    still = f"{slow} takes {SLOW_MS} ms longer and still gets {percent(share)} of the calls"
    return (f"Even is not the same as good: {still}, so {tail(even.summary.latency)}.",)


def on_least_request(even: Result, uneven: Result, slow: str) -> tuple[str, ...]:
    """Uneven on purpose, and what came of it."""
    calls, share = part(uneven, slow)
    before, after = even.summary.latency, uneven.summary.latency
    said = (
        f"Envoy sends each request to the server with the fewest in flight, so {slow} got "
        f"{number(calls)} of {count(uneven.summary.answered, 'call')} ({percent(share)})."
    )
    if before is None or after is None:
        return (said,)
    better = helped(even, uneven)
    verdict = "Uneven on purpose, and better for it" if better else "It did not help here"
    rest = f" Its p99 is {slow}'s own: it still gets a few." if better and after.p99 >= before.p99 else ""
    return said, f"{verdict}: {tail(after)}. (With round robin {tail(before)}.){rest}"


def tail(latency: Quantiles | None) -> str:
    """The slow end of the latencies."""
    return f"p90 is {duration(latency.p90)} and p99 {duration(latency.p99)}" if latency else "no call was answered"


def part(result: Result, server: str) -> tuple[int, float]:
    """How many calls a server answered, and which share that is."""
    return next(((s.calls, s.share) for s in result.summary.servers if s.server == server), (0, 0.0))
