"""What the page costs a browser beside the calls that it makes: CPU of its own thread by rate and by answers on screen.

Needs Chromium. Each tab has a minute of its own before the same servers; prints shares of a core, and the first as 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

SECONDS = 60
SETTINGS = ("rate=10&cells=400", "rate=100&cells=400", "rate=100&cells=10000")


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
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


if __name__ == "__main__":
    main()
