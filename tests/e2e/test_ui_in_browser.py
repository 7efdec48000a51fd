"""The page of a cluster in a real browser: what a person sees while they, and others, do things to the servers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from browsing import COUNTED, LONG, PHONE, TABLET, WIDE, Watched, Way, opened
from upstream import upstream

from e2e.cluster import Cluster, eventually
from e2e.pages import page, port_forwards

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("ui")]

PICTURES = os.environ.get("PICTURES")
"""Where to put the pictures that the documents show: `PICTURES=docs/pictures nox -s e2e -- -k in_browser`."""
SHOWN: tuple[tuple[str, tuple[int, int], Literal["light", "dark"]], ...] = (
    ("cluster-1600-light", WIDE, "light"),
    ("cluster-1600-dark", WIDE, "dark"),
    ("cluster-360-dark", PHONE, "dark"),
)
LOST = "Failed to load resource"  # what Chromium itself says of a call that fails on its way
ASKED = """async (url) => {
  for (const path of ['api/actions', 'call/message.Echo/EchoMessage']) {
    await fetch(url + path, {method: 'POST', mode: 'no-cors', body: '{"action":"restart"}'}).catch(() => {});
  }
}"""


@contextmanager
def calls_may_be_lost(seen: Watched) -> Iterator[None]:
    """What the browser says of such calls is no error of the page."""
    assert seen.said == []
    yield
    seen.said[:] = [line for line in seen.said if LOST not in line]


def taken(seen: Watched, folder: Path) -> None:
    """Takes the pictures of the page as it is, at two widths, light and dark."""
    for name, (width, height), scheme in SHOWN:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.set_viewport_size({"width": width, "height": height})
        seen.page.wait_for_timeout(500)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        seen.page.screenshot(path=folder / f"{name}.png", full_page=True)
    seen.page.set_viewport_size({"width": TABLET[0], "height": TABLET[1]})


def asked_by_another_page(browser: Browser, url: str) -> list[int]:
    """What a page of another origin in the same browser is answered when it wants something done."""
    hostile, statuses = browser.new_page(), list[int]()
    with upstream() as port:
        hostile.goto(f"http://127.0.0.1:{port}/")
        hostile.on("response", lambda answer: statuses.append(answer.status))
        hostile.evaluate(ASKED, url)
    hostile.close()
    return statuses


def lost(way: Way) -> int:
    """Calls that have failed since the page was opened."""
    told = way.here.locator(".failures li").all_inner_texts()
    return sum(int(row.split()[2].replace(",", "")) for row in told)


def told_done(seen: Watched, text: str) -> None:
    """Waits for what the page says of a button that was pressed; what it says instead is told."""
    done = seen.page.locator(".done")
    eventually(lambda: any(text in said for said in done.all_inner_texts()), LONG / 1000, told=lambda: (
        f"{done.all_inner_texts()}, {seen.page.locator('.happenings').all_inner_texts()}, {seen.said}"))  # fmt: skip


def fair(shares: dict[str, float], servers: int = 3) -> bool:
    return len(shares) == servers and all(abs(share - 100 / servers) < 2 for share in shares.values())


def test_one_open_page_through_all_that_happens(cluster: Cluster, browser: Browser, tmp_path: Path) -> None:
    cluster("up", "--replicas", "3")
    with page(cluster) as (running, url), opened(browser, f"{url}#rate=50", TABLET) as seen:
        connection, call = seen.way("connection"), seen.way("call")
        connection.comes_to("PINNED")
        call.comes_to("BALANCED")
        counted, pinned, balanced = (connection.calls, call.calls), connection.shares, call.shares
        assert min(counted) >= 300
        assert max(pinned.values()) == 100.0
        assert fair(balanced)

        gone = min(balanced)
        seen.page.get_by_role("button", name=f"delete {gone}").click()
        told_done(seen, "done")
        for kind in ("pod-leaving", "pod-added", "pod-ready", "pod-deleted"):
            seen.page.locator(f".happenings li.{kind}").first.wait_for(timeout=LONG)
        eventually(lambda: fair(call.shares) and gone not in call.shares, COUNTED / 1000)
        call.settles_at("BALANCED")
        assert lost(call) == 0
        assert seen.violations() == []
        taken(seen, Path(PICTURES) if PICTURES else tmp_path)

        with calls_may_be_lost(seen):
            [forward] = port_forwards(running)
            before = call.calls
            os.kill(forward, signal.SIGKILL)
            eventually(lambda: call.calls > before + 200)
            assert lost(call) <= 4  # what was on its way

            cluster("up", "--istio", "--replicas", "3")
            eventually(
                lambda: connection.outcome == "BALANCED" and "as expected" in connection.here.inner_text(),
                COUNTED / 1000,
                told=connection.here.inner_text,
            )
            eventually(lambda: fair(connection.shares) and fair(call.shares), COUNTED / 1000)
    assert "nothing left" in cluster("clean").out


def test_a_stream_ends_with_a_rollout_the_next_one_opens_and_others_may_ask_for_nothing(
    cluster: Cluster, browser: Browser
) -> None:
    cluster("up", "--replicas", "2")
    with page(cluster) as (_, url), opened(browser, f"{url}#mode=stream&streams=1&interval=100", TABLET) as seen:
        rows = {name: seen.way(name).here.locator(".stream") for name in ("connection", "call")}
        for row in rows.values():
            row.first.locator(".values", has_text="answers, open").wait_for()
        before = {pod["name"] for pod in cluster.pods()}
        seen.page.get_by_role("button", name="restart all").click()
        for name, row in rows.items():
            event = seen.page.locator(".happenings li.stream-broke", has_text=f"({name})")
            event.first.wait_for(timeout=LONG)
            row.filter(has_text="then UNAVAILABLE").first.wait_for()
        told_done(seen, "restarted")
        cluster.kubectl("rollout", "status", "deployment/echo-server", "--timeout=60s")
        eventually(
            lambda: all(row.first.locator(".name").inner_text().split(": ")[1] not in before for row in rows.values())
        )
        moved = seen.page.locator(".stream", has_text="moved").count()
        refused = asked_by_another_page(browser, url)

    assert moved == 0
    assert refused == [403, 403]
    assert "nothing left" in cluster("clean").out
