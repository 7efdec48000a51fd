from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from echo_server import wait_for
from fake_api import FakeApi
from worlds import listed, pod

from lbdemo.cluster.page.happenings import Happening, Happenings, happened
from lbdemo.kube.kinds import PODS
from lbdemo.kube.records.meta import Condition
from lbdemo.kube.records.pods import Pod

READY = pod("echo-server-1", "echo-server")
WAITING = replace(READY, conditions=(Condition("Ready", "False"),))
LEAVING = replace(READY, meta=replace(READY.meta, deleting=True))
MESHED = pod("echo-server-1", "echo-server", sidecar=True)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (None, WAITING, ["pod-added"]),
        (None, READY, ["pod-added", "pod-ready"]),
        (WAITING, READY, ["pod-ready"]),
        (WAITING, WAITING, []),
        (READY, READY, []),
        (READY, WAITING, ["pod-unready"]),
        (READY, LEAVING, ["pod-leaving"]),
        (LEAVING, LEAVING, []),
        (LEAVING, None, ["pod-deleted"]),
        (READY, None, ["pod-deleted"]),
        (None, None, []),
    ],
)
def test_what_happened_between_two_looks(before: Pod | None, after: Pod | None, kinds: list[str]) -> None:
    assert [each.kind for each in happened(before, after, 1.5)] == kinds


def test_it_is_told_with_the_time_the_pod_and_whether_it_has_a_sidecar() -> None:
    [plain] = happened(WAITING, READY, 1.5)
    [_, meshed] = happened(None, MESHED, 2.5)

    assert plain.to_dict() == {"at": 1.5, "kind": "pod-ready", "pod": READY.name, "text": f"{READY.name} ready"}
    assert meshed.text.endswith("ready, with a sidecar")


def document(found: Pod) -> dict[str, Any]:
    [item] = listed([found])["items"]
    labels = item["metadata"].setdefault("labels", {})
    labels |= {"app.kubernetes.io/name": "echo", "app.kubernetes.io/part-of": "lbdemo"}
    return {**item, "metadata": {**item["metadata"], "uid": found.name}}


def test_what_was_there_before_is_no_news_and_what_comes_is_told_to_all() -> None:
    new = pod("echo-server-2", "echo-server")
    with FakeApi().add(document(READY)) as server:
        told = Happenings(server.api(), "lbdemo", clock=lambda: 9.0)
        with closing(told):
            told.begin()
            server.put(PODS, document(new))
            server.remove(PODS, READY.name, "lbdemo")
            wait_for(lambda: [each.name for each in told.pods] == ["echo-server-2"], "the watch")
            with closing(told.listen(silence=0.05)) as first, closing(told.listen(silence=0.05)) as second:
                heard = [[next(news) for _ in range(4)] for news in (first, second)]

    kinds = [each and (each.kind, each.pod) for each in heard[0]]
    assert kinds == [
        ("pod-added", "echo-server-2"), ("pod-ready", "echo-server-2"), ("pod-deleted", "echo-server-1"), None
    ]  # fmt: skip
    assert heard[1] == heard[0]


def test_what_is_known_here_is_told_to_who_listens_already() -> None:
    with FakeApi() as server:
        told = Happenings(server.api(), "lbdemo", clock=lambda: 9.0)
        with closing(told), closing(told.listen(silence=0.05)) as news:
            assert next(news) is None
            told.tell("action", "", "kubectl scale")

            assert next(news) == Happening(9.0, "action", "", "kubectl scale")
