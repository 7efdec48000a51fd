from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.shops import pod

from lbdemo.diagnose.told import asks_for_endpoints, dials, marks, takes_turns
from lbdemo.kube.records.pods import Pod


def told(*args: str, **env: str) -> Pod:
    one = pod("checkout")
    return replace(one, containers=(replace(one.containers[0], args=args, env=env),))


@pytest.mark.parametrize("word", ["--policy=round_robin", '{"x":[{"ROUND_ROBIN":{}}]}', "lb-round-robin", "RoundRobin"])
def test_round_robin_is_known_however_it_is_written(word: str) -> None:
    assert takes_turns(told(word))
    assert takes_turns(told(POLICY=word))
    assert not takes_turns(told("--policy=robin"))
    assert not takes_turns(None)


@pytest.mark.parametrize(
    "word",
    ["payments:80", "--target=payments.shop:80", "dns:///payments.shop.svc.cluster.local:80", "http://payments:80/"],
)
def test_a_target_is_known_by_name_and_port(word: str) -> None:
    assert dials(told(TARGET=word), "payments", 80)


@pytest.mark.parametrize("word", ["orders:80", "old-payments:80", "payments-v2:80", "payments:8080", "my.payments:80"])
def test_targets_of_other_names_and_ports_are_others(word: str) -> None:
    assert not dials(told(TARGET=word), "payments", 80)


def test_targets_of_which_the_api_server_is_asked() -> None:
    assert asks_for_endpoints(told("--target=kubernetes:///payments.shop:grpc"), "payments")
    assert not asks_for_endpoints(told("--target=kubernetes:///orders.shop:grpc"), "payments")
    assert not asks_for_endpoints(told("--target=dns:///payments.shop:80"), "payments")


def test_of_other_words_nothing_is_kept() -> None:
    said = ["--token=hunter2", "kubernetes:///payments", "x=hunter2@payments.shop:80", "orders:90", "round-robin"]

    assert marks(said, "payments") == ("round_robin", "kubernetes:///payments", "payments:80")
