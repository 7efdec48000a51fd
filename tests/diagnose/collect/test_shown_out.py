"""Who is refused for want of mutual TLS, by the access logs of servers' sidecars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from diagnose.causes.test_port_not_there import STRICT
from diagnose.collect.test_gather import SHOP, pod
from diagnose.shops import caller, held, servers, shop
from fake_api import FakeApi
from fakes import FakeStreams

from lbdemo.diagnose.collect.asked import Means
from lbdemo.diagnose.collect.shown_out import ShownOut, peer_of, shown_out
from lbdemo.diagnose.collect.silent import looked
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.looks import ClientLook
from lbdemo.tools.kubectl import Kubectl

LINE = '[2026-11-28T09:46:11Z] "- - -" 0 NR filter_chain_not_found - "-" 0 0 5 - "-" "-" - - {}:9090 {}:46250 - -'
JSON = (
    '{"response_code_details":"filter_chain_not_found","downstream_local_address":"10.0.0.1:9090",'
    '"downstream_remote_address":"[fd00::7]:46250","response_flags":"NR"}'
)


def line(peer: str, local: str = "10.0.0.1") -> bytes:
    return LINE.format(local, peer).encode()


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi().add(*SHOP, pod("batch", "10.0.1.2", "batch")) as fake:
        fake.logs["payments-a", "istio-proxy"] = [b"\n".join([line("10.0.1.2"), b"something else", line("10.0.1.2")])]
        fake.logs["payments-b", "istio-proxy"] = [line("10.0.1.9"), b"\n"]
        yield fake


def strict(**more: Any) -> Evidence:
    seen = shop(held(1), callers=[caller("checkout", proxy="istio-proxy")],
                pods=servers(("payments-a", "payments-b"), proxy="istio-proxy"))  # fmt: skip
    return replace(seen, surroundings=Surroundings(peer_authentications=(STRICT,)), **more)


def asked(server: FakeApi, evidence: Evidence) -> ShownOut:
    with FakeStreams() as run:
        return shown_out(Means(server.api(), Kubectl(run)), evidence)


def test_pods_that_are_refused_are_callers_with_how_often_that_was(server: FakeApi) -> None:
    found = asked(server, strict())

    assert [(one.name, one.found_by) for one in found.callers] == [("shop/batch", "refused")], "10.0.1.9 is no pod"
    assert found.clients == (ClientLook("shop/batch", refused=2),)


def test_of_a_caller_that_is_known_it_is_noted(server: FakeApi) -> None:
    found = asked(server, strict(callers=(caller("batch", 2),)))

    assert (found.callers, found.clients) == ((), (ClientLook("shop/batch", refused=2),))


def test_where_plain_text_is_taken_no_log_is_read(server: FakeApi) -> None:
    assert asked(server, replace(strict(), surroundings=Surroundings())) == ShownOut()
    assert not any("/log" in one for one in server.asked)


def test_who_is_refused_is_kept_beside_those_who_call_but_where_callers_are_named(server: FakeApi) -> None:
    for named, names in ((False, ["shop/batch"]), (True, [])):
        with FakeStreams() as run:
            found = looked(Means(server.api(), Kubectl(run)), strict(), named=named)
        assert [one.name for one in found.callers] == names


def test_lines_are_read_as_text_and_as_json_and_those_of_other_ports_are_not() -> None:
    assert peer_of(line("10.0.1.2"), 9090) == "10.0.1.2"
    assert peer_of(line("10.0.1.2"), 9100) == ""
    assert peer_of(JSON.encode(), 9090) == "fd00::7"
    assert peer_of(JSON.encode(), 9100) == ""
    assert peer_of(b"filter_chain_not_found", 9090) == ""
