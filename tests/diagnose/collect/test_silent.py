"""Who is looked for beside those that call, and who is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from diagnose.collect.test_gather import SHOP, pod, script
from diagnose.shops import LISTENS, caller, held, servers, shop
from fake_api import FakeApi
from fakes import FakeStreams

from lbdemo.diagnose.collect import silent
from lbdemo.diagnose.collect.asked import Means
from lbdemo.diagnose.collect.silent import Silent, looked
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.looks import TIME_WAIT, Complaint, Socket, SocketLook
from lbdemo.tools.kubectl import Kubectl

NOTHING = b"@look\nS sockets\n"
KNOCKS = b"@look\nS 2 10.0.1.2 40001 10.96.3.7 8080 0 7\n"
POLICY = b"No known policies in list: round_robbin]\n" * 3


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi().add(*SHOP, told("batch", "payments:8080"), pod("search", "10.0.1.3", "search")) as fake:
        yield fake


def told(name: str, target: str, address: str = "10.0.1.2") -> dict[str, Any]:
    return pod(name, address, name, env=[{"name": "PAYMENTS", "value": target}])


def seen() -> Evidence:
    """A service with a caller."""
    return shop(held(1), callers=[caller("checkout")], pods=servers(("payments-a", "payments-b")))


def beside(server: FakeApi, sockets: bytes = NOTHING, evidence: Evidence | None = None, **more: bool) -> Silent:
    with FakeStreams() as run:
        run.on_stream(script("batch", "1"), [sockets])
        return looked(Means(server.api(), Kubectl(run)), evidence or seen(), named=more.get("named", False))


def names(found: Silent) -> list[str]:
    return [one.name for one in found.callers]


def test_who_is_told_of_the_service_and_complains_is_kept(server: FakeApi) -> None:
    server.logs["batch", "app"] = [POLICY]

    found = beside(server)

    assert names(found) == ["shop/batch"]
    assert [look.complaints for look in found.looks.clients] == [(Complaint("policy", 3, "round_robbin"),)]


def test_who_knocks_is_kept(server: FakeApi) -> None:
    assert names(beside(server, KNOCKS)) == ["shop/batch"]


def test_who_calls_a_port_that_is_not_there_is_kept(server: FakeApi) -> None:
    server.add(told("batch", "payments:81"))

    assert names(beside(server)) == ["shop/batch"]


def test_who_shows_nothing_of_it_may_have_nothing_to_do(server: FakeApi) -> None:
    server.logs["batch", "app"] = [b"dial tcp 10.96.9.9:5432: connection refused\n"]

    assert names(beside(server)) == []


def test_a_program_that_ends_again_and_again_is_read_of_and_not_looked_into(server: FakeApi) -> None:
    crashed = told("batch", "payments:8080")
    crashed["status"] |= {"conditions": [], "containerStatuses": [
        {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "ready": False}]}  # fmt: skip
    server.add(crashed)
    server.logs["batch", "app"] = [POLICY]

    with FakeStreams() as run:
        assert names(looked(Means(server.api(), Kubectl(run)), seen(), named=False)) == ["shop/batch"]


def test_where_callers_are_named_nobody_else_is_looked_for(server: FakeApi) -> None:
    server.logs["batch", "app"] = [POLICY]

    with FakeStreams() as run:
        assert looked(Means(server.api(), Kubectl(run)), seen(), named=True) == Silent()


def test_who_is_of_another_namespace_is_told_of_it_by_its_whole_name(server: FakeApi) -> None:
    for name, target in (("near", "payments:8080"), ("far", "payments.shop.svc.corp.example:8080")):
        away = told(name, target, f"10.0.3.{len(name)}")
        away["metadata"] |= {"namespace": "front"}
        server.add(away)
        server.logs[name, "app"] = [POLICY]

    with FakeStreams() as run:
        for name in ("batch", "far"):
            space = "front" if name == "far" else "shop"
            run.on_stream(script(name, "1").replace("-n shop", f"-n {space}"), [NOTHING])
        seen_ = replace(seen(), domain="corp.example")
        assert names(looked(Means(server.api(), Kubectl(run)), seen_, named=False)) == ["front/far"]


def test_of_a_crowd_nothing_is_read(server: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    server.logs["batch", "app"] = [POLICY]
    monkeypatch.setattr(silent, "CROWD", 3)

    with FakeStreams() as run:
        assert names(looked(Means(server.api(), Kubectl(run)), seen(), named=False)) == []
    assert [line for line in server.asked if "/pods?" in line and "limit=1" not in line] == []


def test_pods_that_may_not_be_listed_are_named_as_unseen(server: FakeApi) -> None:
    server.forbid("list", "pods")

    with FakeStreams() as run:
        found = looked(Means(server.api(), Kubectl(run)), seen(), named=False)

    assert [str(one.right) for one in found.looks.unseen] == ["list pods in namespace shop"]


def ended() -> Evidence:
    """A caller one of whose connections a pod has ended, and none of which lasts."""
    over = Socket("10.0.0.1", LISTENS, "10.0.1.1", 41000, TIME_WAIT)
    return replace(seen(), callers=(caller("checkout"),), sockets=(SocketLook("shop/payments-a", 12, 10.0, (over,)),))


def test_of_who_is_connected_and_cut_off_lines_count_that_name_nobody(server: FakeApi) -> None:
    server.logs["checkout", "app"] = [b"tls: first record does not look like a TLS handshake\n" * 2, POLICY]

    assert [look.complaints for look in beside(server, evidence=ended()).looks.clients] == [(Complaint("no TLS", 2),)]
    assert beside(server).looks.clients == (), "who holds a connection is asked nothing"


NAMELESS = b'connection error: desc = "error reading server preface: EOF"\n'


@pytest.mark.parametrize(
    ("more", "told"), [({}, [("reset", 1)]), ({"DB": "postgres://db/orders"}, []), ({"AUTH": "auth:8443"}, [])]
)
def test_lines_that_name_nobody_are_of_who_calls_nothing_else(
    server: FakeApi, more: dict[str, str], told: list[tuple[str, int]]
) -> None:
    env = [{"name": name, "value": value} for name, value in {"PAYMENTS": "payments:8080", **more}.items()]
    server.add(pod("batch", "10.0.1.2", "batch", env=env))
    server.logs["batch", "app"] = [NAMELESS]

    found = beside(server)

    assert [(one.why, one.times) for look in found.looks.clients for one in look.complaints] == told
    assert names(found) == (["shop/batch"] if told else [])
