"""What this user may do, which kinds there are, and what programs behind the API server say."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from fake_api import FakeApi

from lbdemo.kube.answers import Right, Unseen, Why, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import CONFIG_MAPS, DEPLOYMENTS
from lbdemo.kube.transport import Reply, Request


class Old:
    """An API server that answers the question for all kinds with a list of groups."""

    def send(self, request: Request) -> Reply:
        assert request.path in ("/api", "/apis")
        return Reply(200, {"audit-id": "1"}, b'{"kind": "APIGroupList", "groups": []}')

    def stream(self, request: Request) -> contextlib.AbstractContextManager[tuple[Reply, Iterator[bytes]]]:
        raise AssertionError(request.path)


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def test_a_right_is_there_or_not(server: FakeApi) -> None:
    server.forbid("delete", "namespaces")

    assert server.api().may(Right("list", "pods", namespace="shop")) is True
    assert server.api().may(Right("delete", "namespaces")) is False


def test_of_many_rights_those_that_lack_are_named_in_their_order(server: FakeApi) -> None:
    server.forbid("create", "deployments.apps").forbid("get", "pods/log")
    rights = [
        Right("get", "pods/log", namespace="shop"),
        Right("list", "pods", namespace="shop"),
        Right("create", "deployments", "apps", "shop"),
    ]

    assert server.api().lacking(rights) == (rights[0], rights[2])
    assert server.api().lacking([]) == ()


def test_a_right_that_cannot_be_asked_for_is_unseen(server: FakeApi) -> None:
    server.proxy_says("dial tcp: refused")

    answer = server.api().lacking([Right("list", "pods")])

    assert isinstance(answer, Unseen)
    assert answer.why is Why.AWAY


@pytest.mark.parametrize(
    ("right", "typed"),
    [
        (Right("list", "secrets", namespace="shop"), "kubectl auth can-i list secrets -n shop"),
        (Right("get", "pods/log", namespace="s"), "kubectl auth can-i get pods --subresource=log -n s"),
        (Right("delete", "deployments", "apps"), "kubectl auth can-i delete deployments.apps -A"),
        (Right("get", "namespaces", name="shop"), "kubectl auth can-i get namespaces/shop -A"),
    ],
)
def test_a_right_can_be_asked_for_with_kubectl(right: Right, typed: str) -> None:
    assert " ".join(right.argv()) == typed


def test_all_kinds_are_found_in_two_questions(server: FakeApi) -> None:
    found = need(server.api().discover())

    kinds = {(r.group, r.plural): r for r in found.resources}
    assert kinds["apps", "deployments"].namespaced
    assert not kinds["", "namespaces"].namespaced
    assert found.dead == ()
    assert len(server.asked) == 2


def test_an_api_whose_server_is_away_is_dead_not_empty(server: FakeApi) -> None:
    server.dead.add("metrics.k8s.io/v1beta1")

    assert need(server.api().discover()).dead == ("metrics.k8s.io/v1beta1",)


def test_what_was_discovered_can_be_read(server: FakeApi) -> None:
    server.add({"kind": "ConfigMap", "metadata": {"name": "kept", "namespace": "shop"}})
    api = server.api()
    found = next(r for r in need(api.discover()).resources if r.plural == CONFIG_MAPS.plural)

    assert [meta.name for meta in need(api.metas(found.read_as_meta, "shop"))] == ["kept"]
    assert "list" in found.verbs


def test_an_api_server_that_is_too_old_to_tell_its_kinds_is_unseen_not_empty() -> None:
    answer = Api(Old()).discover()

    assert isinstance(answer, Unseen)
    assert "older than Kubernetes 1.27" in answer.detail


def test_a_programs_own_failure_is_its_answer_and_the_api_servers_is_not(server: FakeApi) -> None:
    server.add({"kind": "Pod", "metadata": {"name": "cart", "namespace": "shop"}})
    server.passed["cart:15000/proxy/clusters"] = (200, b"cluster::rq_total::7")
    server.passed["cart:15000/proxy/broken"] = (500, b"connection refused")
    api = server.api()

    clusters, broken = (need(api.pod_get("cart", "shop", 15000, path)) for path in ("clusters", "/broken"))
    server.forbid("get", "pods/proxy")
    forbidden = api.pod_get("cart", "shop", 15000, "clusters")

    assert (clusters.status, clusters.body) == (200, b"cluster::rq_total::7")
    assert (broken.status, broken.body) == (500, b"connection refused")
    assert isinstance(forbidden, Unseen)
    assert forbidden.why is Why.FORBIDDEN


def test_deployments_are_named_with_their_group() -> None:
    assert DEPLOYMENTS.where("shop", "cart") == "deployments.apps cart in namespace shop"


def test_a_program_behind_a_service_is_given_parameters() -> None:
    with FakeApi() as fake:
        fake.passed["prometheus:9090/proxy/api/v1/query"] = lambda query: (200, query["query"].encode())
        reply = need(
            fake.api().service_get("prometheus", "watch", 9090, "api/v1/query", query={"query": 'up{a="b"}[5m]'})
        )

    assert reply.body == b'up{a="b"}[5m]'
