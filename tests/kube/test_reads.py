"""One object, a list, names only; and what could not be seen is never taken for absent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fake_api import FakeApi

from lbdemo.kube.answers import Unseen, UnseenError, Why, need, seen
from lbdemo.kube.kinds import DEPLOYMENTS, NAMESPACES, PODS, SECRETS


def pod(name: str, namespace: str = "shop", **labels: str) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": labels}}


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def test_one_object_is_its_record(server: FakeApi) -> None:
    server.add(pod("cart", app="cart"))

    found = need(server.api().get(PODS, "cart", "shop"))

    assert found is not None
    assert (found.meta.kind, found.name, found.meta.labels) == ("Pod", "cart", {"app": "cart"})


def test_an_object_that_was_looked_for_and_is_not_there_is_none(server: FakeApi) -> None:
    assert server.api().get(PODS, "cart", "shop") is None


def test_a_list_is_chosen_by_namespace_and_label(server: FakeApi) -> None:
    server.add(pod("a", app="cart"), pod("b", app="till"), pod("c", "other", app="cart"))
    api = server.api()

    assert [p.name for p in need(api.list(PODS, "shop", selector="app=cart"))] == ["a"]
    assert [p.name for p in need(api.list(PODS, selector="app=cart"))] == ["c", "a"]
    assert [p.name for p in need(api.list(PODS, "shop", fields="metadata.name=b"))] == ["b"]


def test_a_long_list_comes_in_pages(server: FakeApi) -> None:
    server.add(*(pod(f"p{number}") for number in range(1201)))

    found = need(server.api().list(PODS, "shop"))

    assert len(found) == len({p.name for p in found}) == 1201
    assert sum("continue=" in line for line in server.asked) == 2


def test_whether_there_is_one_costs_one_name(server: FakeApi) -> None:
    server.add(*({**pod(f"p{number}"), "spec": {"x": "y" * 10_000}} for number in range(50)))
    api = server.api()

    assert api.any(PODS) is True
    assert api.any(DEPLOYMENTS) is False
    assert server.sent < 1000


def test_names_and_labels_leave_the_content_behind(server: FakeApi) -> None:
    server.add({"kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}, "data": {"key": "x" * 5000}})

    found = need(server.api().metas(SECRETS, "shop"))

    assert [(meta.kind, meta.name) for meta in found] == [("Secret", "s")]
    assert server.sent < 1000


def test_forbidden_is_unseen_and_names_the_right_and_how_to_ask_for_it(server: FakeApi) -> None:
    server.forbid("list", "deployments.apps")

    answer = server.api().list(DEPLOYMENTS, "shop")

    assert isinstance(answer, Unseen)
    assert answer.why is Why.FORBIDDEN
    assert answer.what == "deployments.apps in namespace shop"
    assert "kubectl auth can-i list deployments.apps -n shop" in answer.hint


def test_a_kind_that_the_cluster_does_not_know_is_no_such_kind(server: FakeApi) -> None:
    server.unknown.add("deployments.apps")

    answer = server.api().list(DEPLOYMENTS, "shop")

    assert isinstance(answer, Unseen)
    assert answer.why is Why.NO_SUCH_KIND


def test_who_may_not_read_a_kind_that_does_not_exist_learns_that_it_does_not(server: FakeApi) -> None:
    server.forbid("list", "deployments.apps").unknown.add("deployments.apps")

    answer = server.api().list(DEPLOYMENTS, "shop")

    assert isinstance(answer, Unseen)
    assert answer.why is Why.NO_SUCH_KIND


def test_an_aggregated_api_whose_server_is_away_is_broken_not_empty(server: FakeApi) -> None:
    server.dead.add("apps/v1")

    answer = server.api().list(DEPLOYMENTS, "shop")

    assert isinstance(answer, Unseen)
    assert answer.why is Why.BROKEN


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"items": 3}', b'{"items": [{"metadata": 1}], "metadata": {}}'])
def test_an_answer_that_cannot_be_read_is_damaged(server: FakeApi, body: bytes) -> None:
    server.damage("list", "pods", body)

    answer = server.api().list(PODS, "shop")

    assert isinstance(answer, Unseen)
    assert answer.why is Why.DAMAGED


def test_a_server_that_takes_too_long_has_timed_out(server: FakeApi) -> None:
    server.hang("list", "pods", 0.5)

    answer = server.api().list(PODS, "shop", timeout=0.1)

    assert isinstance(answer, Unseen)
    assert answer.why is Why.TIMED_OUT


def test_a_login_plugin_that_fails_is_no_server_that_is_away(server: FakeApi) -> None:
    server.proxy_says("getting credentials: exec: executable /usr/bin/login failed with exit code 1")
    plugin = server.api().list(PODS)
    server.works_again()
    server.proxy_says("dial tcp 10.0.0.1:6443: connect: connection refused")
    away = server.api().list(PODS)

    assert isinstance(plugin, Unseen)
    assert isinstance(away, Unseen)
    assert (plugin.why, away.why) == (Why.LOGIN, Why.AWAY)


def test_the_first_question_is_asked_alone_and_what_waits_behind_a_failed_login_fails_alike(server: FakeApi) -> None:
    server.proxy_says("getting credentials: exec: executable /usr/bin/login failed with exit code 1")
    api = server.api(plugin=True)

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: api.list(PODS), range(5)))

    assert all(isinstance(answer, Unseen) and answer.why is Why.LOGIN for answer in answers)
    assert len(server.asked) == 1


def test_what_waits_behind_the_first_question_is_asked_side_by_side(server: FakeApi) -> None:
    asking, together = threading.Barrier(4), threading.Barrier(3)

    def act(handler: Any) -> None:
        if handler.verb == "get":
            asking.wait(10)
        else:
            together.wait(10)  # breaks where one of them is asked after another
        handler.forbidden()

    server._fail("get", "namespaces", "", act)
    server._fail("list", "pods", "", act)
    api = server.api()

    def behind(_: int) -> object:
        asking.wait(10)
        return api.list(PODS)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(api.get, NAMESPACES, "shop")
        answers = [*pool.map(behind, range(3)), first.result()]

    assert [answer.why for answer in answers if isinstance(answer, Unseen)] == [Why.FORBIDDEN] * 4


def test_who_needs_it_is_told_the_right_that_is_missing(server: FakeApi) -> None:
    server.forbid("list", "secrets", "shop")

    with pytest.raises(UnseenError, match="secrets in namespace shop: forbidden") as raised:
        need(server.api().metas(SECRETS, "shop"))

    assert "kubectl auth can-i list secrets -n shop" in raised.value.hint


def test_who_shows_gets_what_could_be_seen_and_the_rest_by_name(server: FakeApi) -> None:
    server.add(pod("a")).forbid("list", "secrets")
    api = server.api()

    values, missing = seen([api.list(PODS, "shop"), api.metas(SECRETS, "shop")])

    assert [len(value) for value in values] == [1]
    assert [unseen.what for unseen in missing] == ["secrets in namespace shop"]


def test_where_nothing_can_be_seen_nothing_is_shown(server: FakeApi) -> None:
    server.proxy_says("dial tcp: refused")

    with pytest.raises(UnseenError, match="does not answer"):
        seen([server.api().list(PODS, "shop")])


def test_each_question_can_be_pasted(server: FakeApi) -> None:
    lines: list[str] = []
    api = server.api(trace=lines.append)

    api.list(PODS, "shop", selector="app=cart")
    api.get(NAMESPACES, "shop")

    assert lines == [
        "kubectl get --raw '/api/v1/namespaces/shop/pods?labelSelector=app%3Dcart&limit=500'",
        "kubectl get --raw /api/v1/namespaces/shop",
    ]


def test_a_server_that_is_too_busy_is_asked_again(server: FakeApi) -> None:
    server.add(pod("a"))
    times = iter(range(2))

    def act(handler: Any) -> None:
        if next(times, None) is None:
            handler.server.fake.failures.clear()
            handler.do_list(PODS)
        else:
            handler.status(429, "TooManyRequests", "slow down", retryAfterSeconds=1)

    server._fail("list", "pods", "", act)

    assert len(need(server.api().list(PODS, "shop"))) == 1
