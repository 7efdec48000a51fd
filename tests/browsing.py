"""A real browser before the page that `lbdemo demo --ui` serves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from echo_server import lbdemo

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
PHONE, TABLET, WIDE = (360, 800), (800, 1000), (1600, 1000)
LONG = 60_000
"""Milliseconds: what happens on the page may need some seconds, and the machine may be busy."""
COUNTED = 3 * LONG
"""The same for a verdict: a whole block is some thousand calls, and a busy machine's browser sends 20 a second."""


def program() -> str | None:
    """The machine's own Chromium."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def started() -> Iterator[Browser]:
    """It, headless."""
    from playwright.sync_api import sync_playwright

    found = program()
    assert found, f"these tests need one of: {', '.join(NAMES)}"
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=root)
        yield browser
        browser.close()


@contextmanager
def served(servers: int = 3, *, trace: bool = False) -> Iterator[str]:
    """The address of a page before so many servers; with `trace` calls by hand lead to their traces."""
    traced = ["--trace"] if trace else []
    with lbdemo("demo", "--ui", "--no-open", "--servers", str(servers), *traced) as running:
        assert running.stdout
        yield running.stdout.readline().strip()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a page costs its browser: CPU seconds of its own thread and layouts until now, bytes of heap, nodes."""

    seconds: float
    layouts: float
    heap: float
    nodes: float


class Watched:
    """A page in a tab of its own, and what it had to say beside what it shows."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self._devtools: CDPSession | None = None
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))

    def loaded_anew(self) -> list[str]:
        """Loads it anew; returns what it asks for from then on. To hear of each call costs more than a busy page."""
        asked: list[str] = []
        self.page.on("request", lambda request: asked.append(request.url))
        self.page.reload()
        return asked

    def way(self, name: str) -> Way:
        """The part of the page about one way."""
        return Way(self.page, name)

    def cost(self) -> Cost:
        """What it costs until now, after a collection of garbage. Its workers are not counted.

        Seconds are counted from the first time that this is asked: each session of the tools has a clock of its own.
        """
        if self._devtools is None:
            self._devtools = self.page.context.new_cdp_session(self.page)
            self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._devtools.send("HeapProfiler.collectGarbage")
        found = {each["name"]: each["value"] for each in self._devtools.send("Performance.getMetrics")["metrics"]}
        return Cost(found["ThreadTime"], found["LayoutCount"], found["JSHeapUsedSize"], found["Nodes"])

    def violations(self) -> list[str]:
        """What axe-core finds wrong, if it is serious."""
        self.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("axe.run()")
        serious = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
        return [f"{each['id']}: {node['html']} {node['any']}" for each in serious for node in each["nodes"]]


class Way:
    """One way as the page shows it."""

    def __init__(self, page: Page, name: str) -> None:
        self.here = page.locator(f'[data-way="{name}"]')

    def comes_to(self, outcome: str) -> None:
        """Waits until the verdict is this one."""
        self._says(f'[data-outcome="{outcome}"]')

    def settles_at(self, outcome: str) -> None:
        """The same, when servers have come or gone: the verdict of before does not count."""
        self._says(f'.said:not(.stale) [data-outcome="{outcome}"]')

    def _says(self, verdict: str) -> None:
        from playwright.sync_api import TimeoutError as TooLate

        try:
            self.here.locator(verdict).wait_for(timeout=COUNTED)
        except TooLate:
            pytest.fail(f"no {verdict} on the page, it says: {self.here.inner_text()}")

    @property
    def outcome(self) -> str:
        """The verdict, "" for none yet."""
        return self.here.locator("[data-outcome]").get_attribute("data-outcome") or ""

    @property
    def calls(self) -> int:
        return int(self.here.locator(".figures dd").nth(1).inner_text().replace(",", ""))

    @property
    def shares(self) -> dict[str, float]:
        """Each server's part of the calls, in per cent; all at once, for rows come and go."""
        rows: list[list[str]] = self.here.locator(".share").evaluate_all(
            "rows => rows.map((row) => ['.name', '.values'].map((part) => row.querySelector(part).innerText))"
        )
        return {name: float(values.split(" %")[0]) for name, values in rows}

    @property
    def streams(self) -> list[str]:
        return self.here.locator(".stream .name").all_inner_texts()


@contextmanager
def opened(
    browser: Browser, url: str, size: tuple[int, int] = WIDE, scheme: Any = "light", motion: Any = "no-preference"
) -> Iterator[Watched]:
    """The page, in a tab that nothing else has ever seen; fails when the console had anything to say."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion=motion
    )
    watched = Watched(context.new_page())
    watched.page.goto(url)
    yield watched
    context.close()
    assert watched.said == []
