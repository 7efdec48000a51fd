"""`lbdemo demo`, acts 1 to 3, as a person starts it: alone, and beside programs that keep every core busy.

Tells the time on the clock, the pace that was found, and each act's p50, beside other work as a multiple of that alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

RUNS = 3
AIM = 6.0
BURNER = "while True: pass"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds on the clock, the pace in its own words, and by act the p50 in ms and the calls sent late."""

    wall: float
    pace: str
    p50: dict[str, float | None]
    late: dict[str, int]
    ok: bool


def run() -> Run:
    """Plays it once."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "lbdemo", "demo", "--json"], capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - begun
    report = json.loads(done.stdout)
    results = {result["name"]: result["summary"] for result in report["results"]}
    p50 = {name: (summary["latency_ms"] or {}).get("p50") for name, summary in results.items()}
    pace = next((line for line in done.stderr.splitlines() if "each act makes" in line), "no pace was said")
    return Run(wall, pace, p50, {name: summary["late_calls"] for name, summary in results.items()}, report["ok"])


@contextlib.contextmanager
def burners(number: int) -> Iterator[None]:
    """So many programs that want a core each, for as long as it lasts."""
    with contextlib.ExitStack() as stack:
        for _ in range(number):
            burner = stack.enter_context(subprocess.Popen([sys.executable, "-c", BURNER]))
            stack.callback(burner.kill)
        yield


def show(title: str, found: Run, alone: Run | None = None) -> None:
    """One line on the whole, one on each act."""
    print(f"{title}: {found.wall:.2f} s (aim: under {AIM:g} s), {'ok' if found.ok else 'NOT ok'}; {found.pace}")
    for name, p50 in found.p50.items():
        before = alone.p50.get(name) if alone else None
        ratio = f", {p50 / before:.1f} x alone" if before and p50 else ""
        told = "not told" if p50 is None else f"{p50:.2f} ms"
        print(f"  {name}: p50 {told}{ratio}, {found.late[name]} calls late")


def main() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    alone = [run() for _ in range(RUNS)]
    for number, found in enumerate(alone, 1):
        show(f"demo alone, run {number}", found)
    for burning in dict.fromkeys((1, cores)):
        with burners(burning):
            show(f"demo beside {burning} busy program{'s' * (burning > 1)}", run(), alone[-1])


if __name__ == "__main__":
    main()
