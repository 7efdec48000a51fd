"""The page in a real browser, before real servers and a real Envoy: what a person sees, and does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from browsing import LONG, PHONE, TABLET, WIDE, opened, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PICTURES = os.environ.get("PICTURES")
"""Where to put the pictures that the documents show: `PICTURES=docs/pictures nox -s browser -- -k everybody`."""
SHOWN = ("page-1600-light.png", "page-1600-dark.png", "page-360-light.png")

SICK = {"content-type": "application/grpc-web+proto", "grpc-status": "14", "grpc-message": "told to be sick"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(servers=3) as address:
        yield address


def test_both_ways_come_to_the_verdicts_that_belong_to_them(browser: Browser, url: str) -> None:
    with opened(browser, url) as seen:
        asked = seen.loaded_anew()
        pinned, balanced = seen.way("connection"), seen.way("call")
        pinned.comes_to("PINNED")
        balanced.comes_to("BALANCED")
        heard = seen.page.get_by_role("status").inner_text()
        calls, shares = (pinned.calls, balanced.calls), (pinned.shares, balanced.shares)
        events = seen.page.locator(".happenings li .kind").all_inner_texts()

    assert min(calls) >= 300
    assert max(shares[0].values()) == 100.0
    assert all(share == pytest.approx(100 / 3, abs=2) for share in shares[1].values())
    assert len(shares[1]) == 3
    assert heard == "connection: PINNED, as expected. call: BALANCED, as expected"
    assert events == ["new pod"] * 4
    assert {urlsplit(each).netloc for each in asked if not each.startswith("data:")} == {urlsplit(url).netloc}


def test_a_stream_keeps_its_pod_and_the_next_one_may_have_another(browser: Browser, url: str) -> None:
    with opened(browser, f"{url}#mode=stream&streams=1&interval=100") as seen:
        rows = seen.way("call").here.locator(".stream")
        for number in (1, 2, 3):
            rows.first.locator(".values", has_text="answers, open").wait_for()
            seen.page.wait_for_timeout(500)
            rows.first.get_by_role("button", name=f"End stream {number}").click()
            rows.filter(has_text=f"stream {number + 1}: echo").wait_for()
        names = {row.split(": ")[1] for row in seen.way("call").streams}
        moved = rows.filter(has_text="moved").count()
        told = seen.way("call").here.inner_text()

    assert "streams are not judged" in told
    assert "verdict" not in told
    assert names == {"echo-1", "echo-2", "echo-3"}
    assert moved == 0


def test_a_call_by_hand_shows_its_whole_answer(browser: Browser, url: str) -> None:
    with opened(browser, f"{url}#paused=true") as seen:
        seen.page.get_by_label("message").fill("grüße & more")
        seen.page.get_by_label("along").select_option("call")
        seen.page.get_by_role("button", name="Call", exact=True).press("Enter")
        answer = seen.page.locator(".answer")
        answer.wait_for()
        told = answer.inner_text()

    assert "OK" in told
    assert "echo-" in told
    assert "grüße & more" in told
    assert "grpc-status: 0" in told


def test_a_call_by_hand_leads_to_its_trace(browser: Browser) -> None:
    with served(servers=2, trace=True) as address, opened(browser, f"{address}#paused=true") as seen:
        seen.page.get_by_label("along").select_option("call")
        seen.page.get_by_role("button", name="Call", exact=True).click()
        link = seen.page.get_by_role("link", name="Its trace")
        link.wait_for()
        signed = seen.page.locator(".answer").inner_text()
        seen.page.wait_for_timeout(2000)  # all have told their part
        with seen.page.expect_popup() as opening:
            link.click()
        told = opening.value.locator("main").inner_text()

    (server,) = (name for name in ("echo-1", "echo-2") if name in signed)
    assert [part in told for part in ("Envoy", "server", server)] == [True] * 3


def test_a_square_leads_to_its_trace_and_the_page_to_who_calls_whom(browser: Browser) -> None:
    with served(servers=2, trace=True) as address, opened(browser, f"{address}#rate=20") as seen:
        way = seen.page.locator("[data-way=call]")
        way.get_by_role("link", name="that of the last answer").wait_for()
        seen.page.wait_for_timeout(2000)  # all have told their part of the first calls
        with seen.page.expect_popup() as opening:
            way.locator("canvas").click(position={"x": 5, "y": 5})
        one = opening.value.locator("main").inner_text()
        with seen.page.expect_popup() as opening:
            way.get_by_role("link", name="all of them, and who calls whom").click()
        everything = opening.value.locator("main").inner_text()

    assert [part in one for part in ("Envoy", "server", "echo-")] == [True] * 3
    assert [part in everything for part in ("echo-1", "echo-2", "50")] == [True] * 3


def test_without_traces_there_is_no_link_to_one(browser: Browser, url: str) -> None:
    with opened(browser, f"{url}#paused=true") as seen:
        seen.page.get_by_role("button", name="Call", exact=True).click()
        seen.page.locator(".answer").wait_for()
        links = seen.page.get_by_role("link", name="Its trace").count()

    assert links == 0


def test_it_can_be_paused_by_keyboard_and_the_address_says_so(browser: Browser, url: str) -> None:
    with opened(browser, f"{url}#rate=100") as seen:
        seen.page.locator(".happenings li", has_text="(call)").first.wait_for()  # a call was answered
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Space")
        seen.page.get_by_text("Paused.").wait_for()
        seen.page.wait_for_timeout(1000)
        before = seen.way("call").calls
        seen.page.wait_for_timeout(1000)
        after, address = seen.way("call").calls, seen.page.url
        seen.page.reload()
        kept = seen.page.get_by_role("button", name="Go on")
        kept.wait_for()
        rate = seen.page.get_by_label("calls/s a way").input_value()

    assert before == after > 0
    assert urlsplit(address).fragment == "rate=100&paused=true"
    assert rate == "100"


def test_failures_are_told_by_their_code(browser: Browser, url: str) -> None:
    with opened(browser, "about:blank") as seen:
        seen.page.context.route("**/call/**", lambda route: route.fulfill(status=200, headers=SICK, body=""))
        seen.page.goto(url)
        seen.way("call").comes_to("FAILING")
        told = seen.way("call").here.locator(".failing").inner_text()
        seen.way("connection").comes_to("PINNED")

    assert "UNAVAILABLE" in told
    assert "told to be sick" in told


def test_servers_that_know_no_streams_are_not_asked_again_and_again(browser: Browser, url: str) -> None:
    asked = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, headers={**SICK, "grpc-status": "12"}, body="")

    with opened(browser, "about:blank") as seen:
        seen.page.context.route("**/WatchEcho", refuse)
        seen.page.goto(f"{url}#mode=stream&streams=1")
        seen.page.get_by_text("These servers know no streams").first.wait_for()
        seen.page.wait_for_timeout(2000)

    assert len(asked) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, TABLET, WIDE], ids=["phone", "tablet", "wide"])
def test_everybody_can_use_it_at_any_width(
    browser: Browser, url: str, size: tuple[int, int], scheme: str, tmp_path: Path
) -> None:
    with opened(browser, f"{url}#rate=100", size, scheme) as seen:
        seen.way("call").comes_to("BALANCED")
        width = seen.page.evaluate("document.documentElement.scrollWidth")
        small = seen.page.evaluate(
            "[...document.querySelectorAll('button, select, input')].filter(e => e.getBoundingClientRect().height < 24"
            " && !e.closest('label')).length"
        )
        violations = seen.violations()
        name = f"page-{size[0]}-{scheme}.png"
        picture = (Path(PICTURES) if PICTURES and name in SHOWN else tmp_path) / name
        seen.page.screenshot(path=picture, full_page=True)

    assert width <= size[0]
    assert small == 0
    assert violations == []
    assert picture.stat().st_size > 10_000


WORDS_A_SECOND = 4
PAINTINGS = """async () => {
  const canvas = document.querySelector('canvas');
  let [last, changes] = [canvas.toDataURL(), 0];
  const until = performance.now() + 4000;
  while (performance.now() < until) {
    await new Promise((done) => setTimeout(done, 20));
    const now = canvas.toDataURL();
    changes += Number(now !== last);
    last = now;
  }
  return changes;
}"""


def test_who_wants_less_motion_has_less_also_while_the_page_is_open(browser: Browser, url: str) -> None:
    with opened(browser, url, motion="reduce") as seen:
        seen.page.locator(".bar .fill").first.wait_for()
        still = seen.page.evaluate(PAINTINGS)
        seen.page.emulate_media(reduced_motion="no-preference")
        lively = seen.page.evaluate(PAINTINGS)
        seen.page.emulate_media(reduced_motion="reduce")
        seen.page.wait_for_timeout(200)
        again = seen.page.evaluate(PAINTINGS)

    assert 2 <= still <= 5
    assert 2 <= again <= 5
    assert lively > 12


def test_the_page_is_laid_out_only_as_often_as_its_words_change(browser: Browser, url: str) -> None:
    with opened(browser, f"{url}#rate=100&concurrency=3") as seen:
        seen.way("call").comes_to("BALANCED")
        before, begun = seen.cost(), time.monotonic()
        seen.page.wait_for_timeout(4000)
        after, took = seen.cost(), time.monotonic() - begun

    assert after.layouts - before.layouts <= (took + 1) * WORDS_A_SECOND, "nothing moves by itself"


def test_streams_and_a_call_by_hand_can_be_used_by_everybody(browser: Browser, url: str) -> None:
    with opened(browser, f"{url}#mode=stream", PHONE) as seen:
        seen.way("connection").here.locator(".stream").first.wait_for()
        seen.page.get_by_role("button", name="Call", exact=True).click()
        seen.page.locator(".answer").wait_for()
        width = seen.page.evaluate("document.documentElement.scrollWidth")

        assert seen.violations() == []
    assert width <= PHONE[0]


def test_it_stays_small_with_ten_thousand_answers_on_screen(browser: Browser, url: str) -> None:
    with opened(browser, f"{url}#rate=100&concurrency=3&cells=10000") as seen:
        seen.way("call").comes_to("BALANCED")
        before, calls = seen.cost(), seen.way("call").calls
        seen.page.wait_for_timeout(15_000)
        after, later = seen.cost(), seen.way("call").calls

    assert later - calls > 200
    assert after.seconds - before.seconds > 0.05  # what is measured is there: a page that paints costs something
    assert after.nodes <= before.nodes + 50
    assert after.heap - before.heap < 2e6


def test_it_says_so_when_it_cannot_begin(browser: Browser, url: str) -> None:
    with opened(browser, "about:blank") as seen:
        seen.page.context.route("**/ways.json", lambda route: route.fulfill(json={"v": 2, "ways": []}))
        seen.page.goto(url)
        seen.page.get_by_text("The page cannot begin").wait_for(timeout=LONG)
