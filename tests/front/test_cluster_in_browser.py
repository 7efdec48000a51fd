"""What the page of `lbdemo ui` has beside: the cluster's events, and buttons; who made this up is the test."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from browsing import PHONE, WIDE, Watched, opened, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TOKEN = "a-token-of-this-test"
EVENTS = [
    {"at": 1.0, "kind": "pod-added", "pod": "echo-9", "text": "echo-9 made"},
    {"at": 2.5, "kind": "pod-ready", "pod": "echo-9", "text": "echo-9 ready, with a sidecar"},
]
ACTIONS: list[dict[str, Any]] = [
    {"action": "scale", "replicas": 4, "label": "scale to 4", "command": "kubectl scale deployment/echo --replicas=4"},
    {"action": "delete-pod", "pod": "echo-1", "label": "delete echo-1", "command": "kubectl delete pod/echo-1"},
]


class Cluster:
    """Answers in place of `lbdemo ui`, and remembers what it was asked to do."""

    def __init__(self, *, read_only: bool = False, ok: bool = True) -> None:
        self.read_only = read_only
        self.ok = ok
        self.done: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()
        self.readable = True
        self.servers = 3
        self.told: dict[str, Any] = {}

    def stand_in(self, seen: Watched, url: str) -> None:
        with urllib.request.urlopen(f"{url}ways.json", timeout=30) as answer:
            self.told = json.load(answer)
        context = seen.page.context
        context.route("**/ways.json", self._ways)
        context.route("**/api/events", self._events)
        context.route("**/api/actions", self._actions)

    def _ways(self, route: Route) -> None:
        api = {"path": "/api", "token": TOKEN, "readOnly": self.read_only}
        route.fulfill(json={**self.told, "servers": self.servers, "api": api})

    def _events(self, route: Route) -> None:
        self.tokens.add(route.request.header_value("x-lbdemo-token"))
        route.fulfill(body="\n" + "".join(json.dumps(event) + "\n" for event in EVENTS))

    def _actions(self, route: Route) -> None:
        self.tokens.add(route.request.header_value("x-lbdemo-token"))
        if route.request.method == "GET":
            route.fulfill(body=json.dumps({"actions": ACTIONS}) if self.readable else "no list")
            return
        wanted = json.loads(route.request.post_data or "{}")
        self.done.append(wanted)
        command = next(each["command"] for each in ACTIONS if each["action"] == wanted["action"])
        route.fulfill(json={"command": command, "ok": self.ok, "text": "said kubectl"})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(servers=2) as address:
        yield address


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_a_button_shows_its_command_does_it_and_says_what_came_of_it(
    browser: Browser, url: str, size: tuple[int, int]
) -> None:
    cluster = Cluster()
    with opened(browser, "about:blank", size) as seen:
        cluster.stand_in(seen, url)
        seen.page.goto(url)
        seen.page.get_by_text("kubectl scale deployment/echo --replicas=4").wait_for()
        seen.page.get_by_role("button", name="scale to 4").click()
        done = seen.page.locator(".done")
        done.wait_for()
        told = done.inner_text()
        violations, width = seen.violations(), seen.page.evaluate("document.documentElement.scrollWidth")

    assert told == "done kubectl scale deployment/echo --replicas=4 said kubectl"
    assert cluster.done == [{"action": "scale", "replicas": 4}]
    assert cluster.tokens == {TOKEN}
    assert violations == []
    assert width <= size[0]


def test_what_did_not_go_well_is_said(browser: Browser, url: str) -> None:
    with opened(browser, "about:blank") as seen:
        Cluster(ok=False).stand_in(seen, url)
        seen.page.goto(url)
        seen.page.get_by_role("button", name="delete echo-1").click()
        done = seen.page.locator(".done")
        done.wait_for()

        assert done.inner_text().startswith("failed kubectl delete pod/echo-1")


def test_a_list_that_cannot_be_read_takes_no_answer_away_and_is_read_again(browser: Browser, url: str) -> None:
    cluster = Cluster()
    with opened(browser, "about:blank") as seen:
        cluster.stand_in(seen, url)
        seen.page.goto(url)
        seen.page.get_by_role("button", name="delete echo-1").click()
        seen.page.locator(".done").wait_for()
        cluster.readable = False
        unread = seen.page.locator(".unread")
        unread.wait_for()
        done = seen.page.locator(".done").inner_text()
        cluster.readable = True
        unread.wait_for(state="detached")

    assert done == "done kubectl delete pod/echo-1 said kubectl"


def test_events_of_the_cluster_stand_on_the_time_line_once_however_often_they_are_told(
    browser: Browser, url: str
) -> None:
    with opened(browser, "about:blank") as seen:
        Cluster(read_only=True).stand_in(seen, url)
        seen.page.goto(f"{url}#paused=true")
        with seen.page.expect_request("**/api/events"):
            pass  # the stream has ended, and is asked for anew
        seen.page.wait_for_timeout(500)
        rows = [row.inner_text().split("\n") for row in seen.page.locator(".happenings li").all()]
        buttons = seen.page.get_by_text("Change the cluster").count()

    assert [row[2:] for row in rows] == [
        ["pod ready", "echo-9 ready, with a sidecar", "said by Kubernetes"],
        ["pod added", "echo-9 made", "said by Kubernetes"],
    ]
    assert buttons == 0


def test_without_the_cluster_there_are_no_buttons_and_nobody_asks_for_them(browser: Browser, url: str) -> None:
    with opened(browser, url) as seen:
        asked = seen.loaded_anew()
        seen.way("call").comes_to("BALANCED")

        assert seen.page.get_by_text("Change the cluster").count() == 0
    assert [each for each in asked if each.endswith("page.js")], "all that the page asks for is heard here"
    assert [each for each in asked if "/api" in each] == []


def test_the_number_of_servers_is_asked_for_anew_when_pods_come(browser: Browser, url: str) -> None:
    cluster = Cluster()
    cluster.servers = 1
    with opened(browser, "about:blank") as seen:
        cluster.stand_in(seen, url)
        with seen.page.expect_response("**/ways.json"):
            seen.page.goto(url)
        cluster.servers = 2
        seen.way("call").comes_to("BALANCED")
        shares = seen.way("call").shares

    assert len(shares) == 2
