"""Buttons and events of the local page: for the page itself, and for nobody else."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeRun
from worlds import pod

from lbdemo.cluster.page.actions import Desk, offered
from lbdemo.cluster.page.api import PageApi
from lbdemo.cluster.page.front import Front, Site, serving
from lbdemo.cluster.page.happenings import Happenings
from lbdemo.errors import InputError, ProgramFailedError
from lbdemo.kube.records.pods import Pod
from lbdemo.tools.kubectl import Kubectl

PODS = (pod("echo-server-a", "echo-server"), pod("echo-server-b", "echo-server"))
SCALE = {"action": "scale", "replicas": 3}
COMMAND = "kubectl -n lbdemo scale deployment/echo-server --replicas=3"
FAULT = "exec echo-server-a -c echo -- lbdemo peer fault --target 127.0.0.1:8081"


class Seen(Happenings):
    """Two servers that are there, without a watch."""

    @property
    def pods(self) -> tuple[Pod, ...]:
        return PODS


@contextmanager
def page(run: FakeRun, *, read_only: bool = False) -> Iterator[tuple[str, PageApi]]:
    with FakeApi() as server:
        happenings = Seen(server.api(), "lbdemo", clock=lambda: 5.0)
        api = PageApi(happenings, None if read_only else Desk(Kubectl(run), "lbdemo", lambda: 2))
        site = Site({}, lambda: json.dumps(api.told()), [], lambda *_: None, api)
        with serving(Front(site, 0)) as front:
            yield front.url.removeprefix("http://").rstrip("/"), api
        happenings.close()


def ask(place: str, path: str, request: object = None, **headers: str) -> tuple[int, str]:
    link = http.client.HTTPConnection(place, timeout=10)
    try:
        body = None if request is None else json.dumps(request)
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        link.request("GET" if request is None else "POST", path, body, given)
        answer = link.getresponse()
        return answer.status, answer.read().decode()
    finally:
        link.close()


def test_the_page_is_told_the_token_which_is_another_each_time() -> None:
    with page(FakeRun()) as (place, api), page(FakeRun(), read_only=True) as (other, less):
        told, reading = json.loads(ask(place, "/ways.json")[1]), json.loads(ask(other, "/ways.json")[1])

    assert told == {"path": "/api", "token": api.token, "readOnly": False}
    assert reading == {"path": "/api", "token": less.token, "readOnly": True}
    assert api.token != less.token
    assert len(api.token) >= 32


def test_each_button_is_shown_as_the_command_that_it_runs() -> None:
    with page(FakeRun()) as (place, api):
        status, answer = ask(place, "/api/actions", x_lbdemo_token=api.token)

    listed = {each["label"]: each for each in json.loads(answer)["actions"]}
    assert status == 200
    assert listed["scale to 3"] == {**SCALE, "label": "scale to 3", "command": COMMAND}
    assert listed["delete echo-server-b"]["command"] == "kubectl -n lbdemo delete pod/echo-server-b --wait=false"
    assert {each["action"] for each in listed.values()} == {"scale", "delete-pod", "slow", "sick", "restart"}


def test_a_pressed_button_runs_its_command_and_every_page_hears_of_it() -> None:
    with page(FakeRun().on(COMMAND, answer="deployment.apps/echo-server scaled\n")) as (place, api):
        status, answer = ask(place, "/api/actions", SCALE, x_lbdemo_token=api.token, origin=f"http://{place}")
        heard = next(api.happenings.listen())

    assert status == 200
    assert json.loads(answer) == {"command": COMMAND, "ok": True, "text": "deployment.apps/echo-server scaled"}
    assert heard
    assert (heard.kind, heard.text) == ("action", COMMAND)


@pytest.mark.parametrize(
    ("request_", "arguments"),
    [
        ({"action": "slow", "pod": "echo-server-a", "delayMs": 200}, f"{FAULT} --delay-ms 200 --unavailable 0"),
        ({"action": "slow", "pod": "echo-server-a", "delayMs": 0}, f"{FAULT} --delay-ms 0 --unavailable 0"),
        ({"action": "sick", "pod": "echo-server-a", "unavailable": 1}, f"{FAULT} --delay-ms 0 --unavailable 1"),
        ({"action": "restart"}, "rollout restart deployment/echo-server"),
    ],
)
def test_the_other_buttons(request_: dict[str, Any], arguments: str) -> None:
    desk = Desk(Kubectl(FakeRun().on(f"kubectl -n lbdemo {arguments}", answer="")), "lbdemo", lambda: 2)

    assert desk.do(desk.find(request_, PODS)).ok


def test_a_command_that_fails_is_told_with_its_own_words() -> None:
    failed = ProgramFailedError(["kubectl"], 1, "Error from server (Forbidden): no")
    with page(FakeRun().on(COMMAND, answer=failed)) as (place, api):
        status, answer = ask(place, "/api/actions", SCALE, x_lbdemo_token=api.token)
        with contextlib.closing(api.happenings.listen()) as news:
            heard = [next(news), next(news)]

    done = json.loads(answer)
    assert [each and each.kind for each in heard] == ["action", "action-failed"]
    assert (status, done["ok"], done["command"]) == (200, False, COMMAND)
    assert done["text"]


@pytest.mark.parametrize(
    "request_",
    [
        {"action": "scale", "replicas": 21},
        {"action": "scale", "replicas": 0},
        {"action": "scale", "replicas": "3; rm -rf /"},
        {"action": "delete-pod", "pod": "somebody-elses"},
        {"action": "delete-pod", "pod": "--all"},
        {"action": "exec", "pod": "echo-server-a"},
        {**SCALE, "more": 1},
        [],
        "scale",
    ],
    ids=json.dumps,
)
def test_what_is_no_button_runs_nothing(request_: object) -> None:
    with page(FakeRun()) as (place, api):
        status, answer = ask(place, "/api/actions", request_, x_lbdemo_token=api.token)

    assert (status, "no such button" in answer) == (400, True)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_lbdemo_token": "guessed"},
        {"x_lbdemo_token": "TOKEN", "origin": "http://evil.example"},
        {"x_lbdemo_token": "TOKEN", "origin": "null"},
        {"x_lbdemo_token": "TOKEN", "sec_fetch_site": "cross-site"},
        {"x_lbdemo_token": "TOKEN", "host": "evil.example"},
    ],
    ids=str,
)
def test_who_is_not_the_page_runs_nothing_and_hears_nothing(headers: dict[str, str]) -> None:
    with page(FakeRun()) as (place, api):
        given = {key: value.replace("TOKEN", api.token) for key, value in headers.items()}
        answers = [ask(place, "/api/actions", SCALE, **given), ask(place, "/api/actions", **given),
                   ask(place, "/api/events", **given)]  # fmt: skip

    assert {status for status, _ in answers} <= {403, 421}


def test_a_page_for_reading_has_events_and_no_buttons() -> None:
    with page(FakeRun(), read_only=True) as (place, api):
        listed = ask(place, "/api/actions", x_lbdemo_token=api.token)
        pressed = ask(place, "/api/actions", SCALE, x_lbdemo_token=api.token)

    assert (listed[0], pressed[0]) == (404, 404)


def test_a_button_is_a_post_and_nothing_else() -> None:
    with page(FakeRun()) as (place, api):
        statuses = []
        for method, path in (("PUT", "actions"), ("DELETE", "actions"), ("HEAD", "actions"), ("HEAD", "events")):
            link = http.client.HTTPConnection(place, timeout=10)
            link.request(method, f"/api/{path}", json.dumps(SCALE), {"x-lbdemo-token": api.token})
            statuses.append(link.getresponse().status)
            link.close()

    assert statuses == [501, 501, 404, 404]


def test_events_come_as_lines_as_they_happen() -> None:
    with page(FakeRun(), read_only=True) as (place, api):
        link = http.client.HTTPConnection(place, timeout=10)
        link.request("GET", "/api/events", headers={"x-lbdemo-token": api.token})
        answer = link.getresponse()
        first = answer.readline()
        api.happenings.tell("pod-ready", "echo-server-a", "echo-server-a ready")
        second = answer.readline()
        link.close()

    assert (answer.status, answer.getheader("content-type")) == (200, "application/x-ndjson")
    assert first == b"\n"
    assert json.loads(second) == {"at": 5.0, "kind": "pod-ready", "pod": "echo-server-a", "text": "echo-server-a ready"}


def test_there_is_no_button_beyond_the_last_server_or_the_first() -> None:
    def scales(replicas: int) -> list[str]:
        return [each.label for each in offered(PODS, replicas) if "scale" in each.label]

    assert scales(20) == ["scale to 19"]
    assert scales(1) == ["scale to 2"]
    assert scales(5) == ["scale to 6", "scale to 4"]


def test_a_desk_says_what_is_no_button() -> None:
    with pytest.raises(InputError, match="no such button"):
        Desk(Kubectl(FakeRun()), "lbdemo", lambda: 2).find({"action": "delete-pod", "pod": "x"}, PODS)
