"""The page in a real browser, unchanged: it stands in a frame as wide as the screen, and is measured from outside."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from math import log10
from pathlib import Path
from typing import Any

import pytest
from reports import EVEN, SERVERS, compared, record, result, stalled, whole

from lbdemo.measure import Outcome
from lbdemo.render.html import page

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
)
PHONE, TABLET, DESKTOP, WIDE = 360, 800, 1200, 1600
SCHEMES = {"light": [], "dark": ["--blink-settings=preferredColorScheme=0"]}
LONG = tuple(f"echo-server-6d5f7c9b8d-x2b1{number}" for number in range(10))

FRAME = """<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">
<iframe id="frame" src="page.html" style="border:0;width:{width}px;height:4000px"></iframe><pre id="measured"></pre>
<script>
function paper(element, view) {{
  for (let at = element; at; at = at.parentElement) {{
    const colour = view.getComputedStyle(at).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  }}
  return "rgb(255, 255, 255)";
}}
function words(root) {{
  return [...root.querySelectorAll("main *")].filter(
    e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length);
}}
addEventListener("load", () => {{
  const inner = document.getElementById("frame").contentDocument, view = inner.defaultView;
  const box = e => {{ const r = e.getBoundingClientRect(); return [r.left, r.right, r.width, r.height]; }};
  const middle = e => {{ const r = e.getBoundingClientRect(); return (r.left + r.right) / 2; }};
  document.getElementById("measured").textContent = JSON.stringify({{
    width: view.innerWidth, scroll: inner.documentElement.scrollWidth,
    charts: [...inner.querySelectorAll("svg.share, svg.latency")].map(box),
    marks: [...inner.querySelectorAll("svg.latency svg.mark, svg.spread > svg.mark")].map(
      e => [e.parentNode.classList[1], e.classList[1], middle(e)]),
    labels: [...inner.querySelectorAll("svg.scale text")].map(e => [e.textContent, ...box(e)]),
    bars: [...inner.querySelectorAll("rect.bar")].map(box),
    boxes: [...inner.querySelectorAll("main *")].map(e => [e.className.baseVal ?? e.className, e.tagName, ...box(e)]),
    texts: words(inner).map(e => [
      e.textContent.slice(0, 40), e.closest("svg") ? view.getComputedStyle(e).fill : view.getComputedStyle(e).color,
      paper(e.closest("svg") ?? e, view), parseFloat(view.getComputedStyle(e).fontSize)]),
    record: JSON.parse(inner.getElementById("lbdemo-report").textContent),
    title: inner.title,
  }});
}});
</script>
"""


class Silent(SimpleHTTPRequestHandler):
    """Serves, remembers what was asked for, says nothing."""

    asked: list[str] = []  # noqa: RUF012 - the one list of the one server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        self.asked.append(f"{format % args}")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which it is served."""
    Silent.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def browser() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"these tests need one of: {', '.join(NAMES)}"
    return found


def measure(site: tuple[Path, str], report: dict[str, Any], width: int, scheme: str = "light") -> dict[str, Any]:
    """What the browser makes of the page; fails when the console had anything to say."""
    folder, address = site
    (folder / "page.html").write_text(page(report), encoding="utf-8")
    (folder / "frame.html").write_text(FRAME.format(width=width), encoding="utf-8")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    profile = [f"--user-data-dir={folder / 'profile'}", f"--window-size={max(width, 500)},4200"]
    argv = [browser(), *QUIET, *root, *profile, *SCHEMES[scheme], "--dump-dom", f"{address}/frame.html"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=90, check=True)
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-500:]
    measured: dict[str, Any] = json.loads(unescape(found[1]))
    return measured


def contrast(first: str, second: str) -> float:
    """WCAG 2.2, "contrast ratio": https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def crowd() -> dict[str, Any]:
    """Ten servers with long names, five results, figures of all kinds."""
    extra = {"trials": {"scale-up": {"first_call_s": 1.25, "expected": "never"}}, "a_long_" * 12: "x" * 200}
    many = [result(f"strategy-{number}", dict.fromkeys(LONG, 210), servers=LONG, extra=extra) for number in range(4)]
    return record(*many, result("tcp-proxy", {LONG[0]: 2100}, servers=LONG, outcome=Outcome.PINNED))


def stopped() -> dict[str, Any]:
    """All figures of `compare`, and a result with a stall."""
    report = compared()
    return report | {"results": [*report["results"], stalled().to_dict()]}


@pytest.mark.parametrize("width", [PHONE, TABLET, DESKTOP, WIDE])
@pytest.mark.parametrize("make", [whole, crowd, stopped, record], ids=["whole", "crowd", "stopped", "empty"])
def test_nothing_is_wider_than_the_screen(site: tuple[Path, str], width: int, make: Any) -> None:
    measured = measure(site, make(), width)

    assert measured["width"] == width
    assert measured["scroll"] <= width
    assert [box for box in measured["boxes"] if box[3] > width + 0.5] == []


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_charts_are_there_and_their_bars_are_as_long_as_the_shares(site: tuple[Path, str], width: int) -> None:
    report = record(result("even", EVEN), result("off", {"echo-1": 1400, "echo-2": 700, "echo-3": 0}))

    measured = measure(site, report, width)

    assert len(measured["charts"]) == 2 + 2 * len(SERVERS)
    assert all(right - left > 200 and height > 15 for left, right, _, height in measured["charts"])
    bars = [box[2] for box in measured["bars"]]
    assert bars[:3] == [pytest.approx(bars[0])] * 3
    assert bars[3] == pytest.approx(2 * bars[4], rel=0.01)
    assert bars[3] == pytest.approx(2 * bars[0], rel=0.01)
    assert bars[5] == 0


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_each_quantile_stands_where_the_axis_says_it_is(site: tuple[Path, str], width: int) -> None:
    report = record(stalled(deadline=5.0))

    measured = measure(site, report, width)

    latency = report["results"][0]["summary"]["latency_ms"]
    ticks = {"100 µs": 0.1, "1 ms": 1.0, "10 ms": 10.0, "100 ms": 100.0, "1 s": 1000.0, "10 s": 10_000.0}
    labels = [(log10(ticks[text]), (left + right) / 2) for text, left, right, *_ in measured["labels"]][1:-1]
    [(low, start), *_, (high, end)] = labels  # those in between stand with their middle on the tick
    for kind, name, x in measured["marks"]:
        if kind == "latency":
            place = start + (log10(latency[name]) - low) / (high - low) * (end - start)
            assert x == pytest.approx(place, abs=1.5)
    assert sum(kind == "latency" for kind, *_ in measured["marks"]) == 4
    assert [kind for kind, *_ in measured["marks"]].count("spread") == 3


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_every_text_can_be_read(site: tuple[Path, str], scheme: str) -> None:
    measured = measure(site, whole(), PHONE, scheme)

    faint = [text for text in measured["texts"] if contrast(text[1], text[2]) < 4.5]
    assert len(measured["texts"]) > 50
    assert faint == []
    assert min(text[3] for text in measured["texts"]) >= 12


def test_light_and_dark_follow_the_readers_wish(site: tuple[Path, str]) -> None:
    papers = {scheme: measure(site, record(result()), PHONE, scheme)["texts"][0][2] for scheme in SCHEMES}

    assert _luminance(papers["light"]) > 0.9
    assert _luminance(papers["dark"]) < 0.1


def test_the_page_loads_nothing_and_the_record_in_it_can_be_read(site: tuple[Path, str]) -> None:
    report = whole()

    measured = measure(site, report, DESKTOP)

    assert measured["record"] == json.loads(json.dumps(report))
    assert measured["title"] == "lbdemo demo: as expected: 2 of 6"
    assert {line.split()[1] for line in Silent.asked} == {"/frame.html", "/page.html"}
