"""What measuring costs: microseconds to add a sample, to read and add its line, to plan, to judge.

Run it with `python benchmarks/bench_tally.py`. It prints; it asserts nothing about time.
"""

from __future__ import annotations

import json
import timeit
from collections import Counter
from collections.abc import Callable

from lbdemo.measure import Expectation, judge, plan_calls
from lbdemo.records import Sample, Tally, decode, encode

SERVERS = [f"echo-server-7c9f8d6b5-{suffix}" for suffix in ("x2b1k", "k9z3p", "m4t7q")]
SAMPLES = [
    Sample(n, due := 1_700_000_000 + n / 1000, due + 0.000_2, 0.000_5 + n % 97 * 1e-5, SERVERS[n % 3], "OK")
    for n in range(10_000)
]
LINES = [encode(sample) for sample in SAMPLES]
ROUNDS = 15


def microseconds(work: Callable[[], object], items: int) -> float:
    """The best of several rounds: noise on a shared machine only ever adds."""
    return min(timeit.repeat(work, number=1, repeat=ROUNDS)) / items * 1e6


def add_all() -> Tally:
    tally = Tally()
    for sample in SAMPLES:
        tally.add(sample)
    return tally


def count_names() -> None:
    """The least that anybody can count: what `Tally.add` costs is told beside it, for machines differ."""
    calls: Counter[str] = Counter()
    for sample in SAMPLES:
        calls[sample.server] += 1


def read_and_add_all() -> None:
    tally = Tally()
    for line in LINES:
        sample = decode(line)
        if sample is not None:
            tally.add(sample)


def load_all() -> None:
    for line in LINES:
        json.loads(line)


def encode_all() -> None:
    for sample in SAMPLES:
        encode(sample)


def main() -> None:
    calls = len(SAMPLES)
    summary = add_all().summary()
    bare, add, read, load = (microseconds(work, calls) for work in (count_names, add_all, read_and_add_all, load_all))
    print(f"counting names only   {bare:8.2f} µs a sample")
    print(f"Tally.add             {add:8.2f} µs a sample (aim: 2), {add / bare:.1f} x counting names only")
    print(f"decode and Tally.add  {read:8.2f} µs a line (aim: 8), {read / load:.1f} x json.loads alone")
    print(f"encode                {microseconds(encode_all, calls):8.2f} µs a sample")
    print(f"Tally.summary         {microseconds(lambda: add_all().summary(), 1) - add * calls:8.0f} µs")
    print(f"judge, 3 servers      {microseconds(lambda: judge(summary.counts, Expectation()), 1):8.0f} µs")
    for servers in (2, 3, 5, 10, 1000):
        spent = microseconds(lambda k=servers: plan_calls(k), 1)  # type: ignore[misc]
        print(f"plan_calls({servers:4})      {spent:8.0f} µs: {plan_calls(servers)} calls")


if __name__ == "__main__":
    main()
