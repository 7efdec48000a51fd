from __future__ import annotations

from collections import Counter
from pathlib import Path

from echo_server import administered, lbdemo

from lbdemo.local.acts import STORY, WITH_TLS
from lbdemo.local.stage import SERVERS_COUNT, Secure, Stage, names

PROXY, ENVOY, DIRECT = STORY
ADDRESSES = {"echo-1": "127.0.0.1:1001", "echo-2": "127.0.0.1:1002"}


def test_each_act_has_its_own_way_to_the_servers() -> None:
    scene = Stage(ADDRESSES, "127.0.0.1:1000", None, lambda: None)

    assert scene.target(PROXY) == "127.0.0.1:1000"
    assert scene.target(DIRECT) == "ipv4:127.0.0.1:1001,127.0.0.1:1002"
    assert (PROXY.channel_policy, DIRECT.channel_policy) == ("pick_first", "round_robin")


def test_with_tls_other_servers_of_the_same_names_are_called_and_asked() -> None:
    with administered("--name", "echo-1", "--drain", "0") as (_, _, admin):
        secure = Secure({"echo-1": "127.0.0.1:2001", "echo-2": "127.0.0.1:2002"}, {"echo-1": admin}, Path("ca.pem"))
        scene = Stage(ADDRESSES, "", None, lambda: None, admins={"echo-1": "127.0.0.1:1"}, secure=secure)
        [act] = WITH_TLS

        _, (asked, _) = scene.witness(act, "run", Counter(), failed=0)
        _, (other, _) = scene.witness(DIRECT, "run", Counter(), failed=0)

    assert scene.target(act) == "ipv4:127.0.0.1:2001,127.0.0.1:2002"
    assert scene.target(DIRECT) == "ipv4:127.0.0.1:1001,127.0.0.1:1002"
    assert secure.tls.ca == Path("ca.pem")
    assert (asked.own, other.own) == (0, None)


def test_the_second_witness_is_asked_server_by_server() -> None:
    with administered("--name", "echo-1", "--drain", "0") as (_, address, admin):
        scene = Stage({"echo-1": address}, "", None, lambda: None, admins={"echo-1": admin})

        name, [witness] = scene.witness(DIRECT, "run", Counter({"echo-1": 3}), failed=0)

    assert name == SERVERS_COUNT
    assert (witness.server, witness.client, witness.own, witness.agrees) == ("echo-1", 3, 0, False)


def test_failed_calls_explain_a_surplus_but_not_a_lack_nor_a_server_that_is_away() -> None:
    with administered("--name", "echo-1", "--drain", "0") as (_, address, admin):
        with lbdemo("client", "--target", address, "--rate", "0", "--count", "5", "--run", "run") as called:
            assert called.wait(timeout=20) == 0
        servers = {"echo-1": address, "echo-2": "127.0.0.1:1"}
        scene = Stage(servers, "", None, lambda: None, admins={"echo-1": admin, "echo-2": "127.0.0.1:1"})

        _, (more, away) = scene.witness(DIRECT, "run", Counter({"echo-1": 3}), failed=2)
        _, (too_many, _) = scene.witness(DIRECT, "run", Counter({"echo-1": 3}), failed=1)
        _, (less, _) = scene.witness(DIRECT, "run", Counter({"echo-1": 6}), failed=2)

    assert (more.own, more.agrees) == (5, True)
    assert "2 calls failed" in more.note
    assert not too_many.agrees
    assert not less.agrees
    assert (away.own, away.agrees) == (None, False)


def test_an_answer_from_somebody_unknown_is_not_overlooked() -> None:
    scene = Stage({}, "", None, lambda: None)

    _, [witness] = scene.witness(DIRECT, "run", Counter({"stranger": 1}), failed=0)

    assert (witness.server, witness.client, witness.own, witness.agrees) == ("stranger", 1, None, False)


def test_servers_sort_by_name_also_when_there_are_ten() -> None:
    assert names(3) == ["echo-1", "echo-2", "echo-3"]
    assert names(10) == sorted(names(10))
    assert Stage(dict.fromkeys(names(10), ""), "", None, lambda: None).slow_server == "echo-10"
