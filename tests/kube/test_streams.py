"""Watches and logs, each without a process of its own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fake_api import FakeApi

from lbdemo.kube.answers import UnseenError, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS
from lbdemo.kube.reads import Choice
from lbdemo.kube.streams import BrokenStreamError, ExpiredError, LogQuery, documents


def pod(name: str, **labels: str) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels}}


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def test_a_watch_goes_on_from_where_the_list_was_taken(server: FakeApi) -> None:
    server.add(pod("before", app="cart"))
    api = server.api()
    since = need(api.listing(PODS, Choice("shop", "app=cart"))).version

    server.add(pod("a", app="cart"), pod("b", app="till"), pod("a", app="cart", more="1"))
    server.remove(PODS, "a", "shop")
    changes = api.watch(PODS, "shop", since=since, selector="app=cart", seconds=20)
    told = [(change.type, change.object.name) for change in itertools.islice(changes, 3)]
    changes.close()

    assert told == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_changes_are_told_as_they_come(server: FakeApi) -> None:
    changes = server.api().watch(PODS, "shop", since="0", seconds=20)
    threading.Timer(0.05, lambda: server.add(pod("late"))).start()

    assert next(changes).object.name == "late"
    changes.close()


def test_a_version_that_is_too_old_asks_for_a_new_list(server: FakeApi) -> None:
    server.refuse("watch", "pods", 410, "Expired", "too old resource version")

    with pytest.raises(ExpiredError):
        next(server.api().watch(PODS, "shop", since="1"))


def test_an_error_in_the_stream_is_no_object(server: FakeApi) -> None:
    event = b'{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}\n'
    server.damage("watch", "pods", event)

    with pytest.raises(ExpiredError, match="too old"):
        next(server.api().watch(PODS, "shop", since="1"))


def test_who_may_not_watch_is_told_the_right(server: FakeApi) -> None:
    server.forbid("watch", "pods")

    with pytest.raises(UnseenError, match="pods in namespace shop: forbidden"):
        next(server.api().watch(PODS, "shop", since="1"))


@pytest.mark.parametrize(
    "cut", [[b'{"a": 1}\n{"b": 2}\n'], [b'{"a"', b': 1}\n{"b": ', b"2}\n"], [b'{"a": 1}\n', b'{"b": 2}\n{"c']]
)
def test_documents_are_cut_where_they_end(cut: list[bytes]) -> None:
    assert list(documents(cut)) == [{"a": 1}, {"b": 2}]


def test_what_is_no_document_breaks_the_stream() -> None:
    with pytest.raises(BrokenStreamError):
        list(documents([b"half a page of HTML\n"]))


def test_a_log_comes_in_pieces(server: FakeApi) -> None:
    server.add(pod("cart"))
    server.logs["cart", "echo"] = [b"one\ntw", b"o\n"]

    told = b"".join(server.api().logs("cart", "shop", LogQuery("echo", timestamps=True, tail=10, since=60)))

    assert told == b"one\ntwo\n"
    assert server.asked[-1] == (
        "GET /api/v1/namespaces/shop/pods/cart/log?container=echo&timestamps=true&sinceSeconds=60&tailLines=10"
    )


def test_the_log_of_no_pod_is_no_log(server: FakeApi) -> None:
    with pytest.raises(UnseenError, match='pods "cart" not found'):
        list(server.api().logs("cart", "shop", LogQuery("echo")))


def test_a_log_can_be_pasted(server: FakeApi) -> None:
    lines: list[str] = []
    server.add(pod("cart"))

    list(
        server.api(trace=lines.append).logs(
            "cart", "shop", LogQuery("echo", follow=True, since_time="2026-01-01T00:00:00Z")
        )
    )

    assert lines[-1] == "kubectl -n shop logs cart -c echo --follow --since-time=2026-01-01T00:00:00Z"


def test_cancel_ends_a_stream_that_says_nothing(server: FakeApi) -> None:
    way = server.transport()
    changes = Api(way).watch(PODS, "shop", since="0", seconds=60)
    threading.Timer(0.05, way.cancel).start()

    with pytest.raises(KeyboardInterrupt):
        next(changes)
