from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.shops import pod

from lbdemo.diagnose.told import (
    asks_for_endpoints,
    calls_only,
    channels,
    dials,
    marks,
    several,
    takes_turns,
    xds_target,
)
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


@pytest.mark.parametrize(
    ("args", "variables", "many"),
    [(["--channels=5"], {}, 5), (["-channels", "7"], {}, 7), ([], {"GRPC_CHANNELS": "3"}, 3),
     ([], {"TILL_GRPC_CHANNEL_POOL_SIZE": "4"}, 4), (["--num-channels=2"], {"CHANNELS": "6"}, 6),
     (["--slack-channels=9"], {}, 0),
     (["--channels=all"], {}, 0), (["--max-connections=5"], {}, 0), ([], {"CHANNELS_URL": "5"}, 0)],
)  # fmt: skip
def test_how_many_channels_a_client_is_told_to_make(args: list[str], variables: dict[str, str], many: int) -> None:
    assert channels(told(*args, **variables)) == many
    assert channels(told(*several(args, variables))) == many, "what is kept says the same"


def test_a_target_of_which_a_control_plane_is_asked_is_known_as_a_whole() -> None:
    target = "payments.shop.svc.cluster.local:8080"

    assert xds_target(told(f"--target=xds:///{target}"), "payments") == target
    assert xds_target(told(f"xds:///{target}"), "orders") == xds_target(told("dns:///payments:80"), "payments") == ""


@pytest.mark.parametrize(
    "words",
    [
        ["-call=payments:80"],
        ["dns:///payments.shop.svc.cluster.local:80", "--rate=5"],
        ["payments:80", "payments-a.payments:80"],
    ],
)
def test_who_names_nothing_else_with_a_port_calls_nothing_else(words: list[str]) -> None:
    assert calls_only(told(*words), "payments")


@pytest.mark.parametrize(
    "words", [["--rate=5"], ["payments:80", "auth:80"], ["payments:80", "https://vault/v1"], ["payments-v2:80"],
              ["payments:80", "10.0.0.9:5432"]],
)  # fmt: skip
def test_who_names_something_else_too_may_mean_that(words: list[str]) -> None:
    assert not calls_only(told(*words), "payments")
    assert not calls_only(None, "payments")
