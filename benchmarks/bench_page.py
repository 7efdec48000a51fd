"""What the page costs a browser beside the calls that it makes: CPU of its own thread by rate and by answers on screen.

Needs Chromium. Each tab has a minute of its own before the same servers; prints shares of a core, and the first as 1.
With `--minutes 60` one tab stays open that long instead, at 200 calls/s with 10,000 answers on screen: each minute
what it costs, and whether it does what it is told. Exits with 1 when it grows, costs too much or misses a press.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if TYPE_CHECKING:
    from browsing import Cost, Watched

SECONDS = 60
SETTINGS = ("rate=10&cells=400", "rate=100&cells=400", "rate=100&cells=10000")
LONG_SETTING = "rate=100&concurrency=3&cells=10000"  # of each way; there are two

MOST_CPU = 0.10  # of a core
MOST_GROWTH = 1e6  # bytes of the heap, between the medians of the first and the last quarter
WARM_UP = 3  # minutes until rings and grids are full, so that nothing has a reason to grow any more
LISTEN = """() => {
  window.slowest = 0;
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.slowest = Math.max(window.slowest, each.duration);
  }).observe({ type: "event", durationThreshold: 16 });
}"""
HEARD = "() => [performance.eventCounts.get('click'), window.slowest]"


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of a tab: calls of both ways, part of a core, bytes of heap, nodes; load is that of the machine.

    It took `seconds`: on a busy machine a minute's wait is longer than a minute.

    `clicks` were heard until now; `slowest` is the longest time from an input to the next picture, in ms (0: below 16).
    """

    seconds: float
    calls: int
    share: float
    heap: float
    nodes: float
    clicks: int
    slowest: float
    load: float


def main() -> int:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--minutes", type=int, default=0, metavar="N", help="one tab, open for so long")
    minutes = arguments.parse_args().minutes
    return endured(minutes) if minutes else compared()


def compared() -> int:
    """A minute for each setting."""
    from browsing import opened, served, started

    least = 0.0
    with started() as browser, served() as url:
        for setting in SETTINGS:
            with opened(browser, f"{url}#concurrency=3&{setting}") as seen:
                seen.way("call").comes_to("BALANCED")
                before, calls = seen.cost(), seen.way("call").calls
                seen.page.wait_for_timeout(SECONDS * 1000)
                after, later = seen.cost(), seen.way("call").calls
            share = (after.seconds - before.seconds) / SECONDS
            least = least or share
            print(
                f"{setting}: {(later - calls) / SECONDS:.0f} calls/s a way, {share:.1%} of a core "
                f"({share / least:.1f} x), heap {(after.heap - before.heap) / 1e6:+.1f} MB",
                flush=True,
            )
    return 0


def endured(minutes: int) -> int:
    """One tab for so many minutes."""
    from browsing import opened, served, started

    seen_minutes: list[Minute] = []
    with started() as browser, served() as url, opened(browser, f"{url}#{LONG_SETTING}") as seen:
        seen.way("call").comes_to("BALANCED")
        seen.page.evaluate(LISTEN)
        cost = seen.cost()
        for number in range(1, minutes + 1):
            minute, cost = lived(seen, cost)
            seen_minutes.append(minute)
            print(
                f"{number:3}: {minute.seconds:.0f} s, {minute.calls / minute.seconds:.0f} calls/s, "
                f"{minute.share:.1%} of a core, heap {minute.heap / 1e6:.2f} MB, {minute.nodes:.0f} nodes, "
                f"{minute.clicks} clicks heard, slowest {minute.slowest:.0f} ms, load {minute.load:.1f}",
                flush=True,
            )
    return judged(seen_minutes)


def lived(seen: Watched, before: Cost) -> tuple[Minute, Cost]:
    """A minute of the tab, at whose end it is paused and told to go on: two clicks that must show."""
    ways = [seen.way(name) for name in ("connection", "call")]
    begun, calls = time.monotonic(), sum(way.calls for way in ways)
    seen.page.wait_for_timeout(SECONDS * 1000)
    cost, made, took = seen.cost(), sum(way.calls for way in ways) - calls, time.monotonic() - begun
    seen.page.get_by_role("button", name="Pause").click()
    seen.page.get_by_text("Paused.").wait_for()
    seen.page.get_by_role("button", name="Go on").click()
    seen.page.get_by_text("Calls are being made.").wait_for()
    clicks, slowest = seen.page.evaluate(HEARD)
    share = (cost.seconds - before.seconds) / took
    minute = Minute(took, made, share, cost.heap, cost.nodes, clicks, slowest, os.getloadavg()[0])
    return minute, seen.cost()


def judged(minutes: list[Minute]) -> int:
    """Says what came of it; 1 when a figure is not kept."""
    warm = minutes[WARM_UP:] or minutes
    quarter = max(1, len(warm) // 4)
    first, last = (statistics.median(each.heap for each in some) for some in (warm[:quarter], warm[-quarter:]))
    share, clicks = statistics.mean(each.share for each in minutes), minutes[-1].clicks
    kept = share <= MOST_CPU and last - first <= MOST_GROWTH and clicks == 2 * len(minutes)
    took = sum(each.seconds for each in minutes)
    print(
        f"{took / 60:.0f} min: {sum(each.calls for each in minutes):,} calls, {share:.1%} of a core (at most "
        f"{max(each.share for each in minutes):.1%} in a minute), heap {(last - first) / 1e6:+.2f} MB, "
        f"{clicks} of {2 * len(minutes)} clicks heard, slowest {max(each.slowest for each in minutes):.0f} ms: "
        f"{'kept' if kept else 'NOT kept'}"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
