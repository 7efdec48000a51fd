from __future__ import annotations

import json

from echo_server import administered, process, told


def test_it_prints_the_servers_counts_and_sets_its_faults_as_json() -> None:
    with administered("--name", "pod-a", "--drain", "0") as (_, _, target):
        _, faults, _ = told("peer", "fault", "--target", target, "--delay-ms", "20", "--unavailable", "0.5")
        _, stats, _ = told("peer", "stats", "--target", target)

    assert json.loads(faults) == {"delay_ms": 20, "unavailable_ratio": 0.5}
    assert json.loads(stats)["server"] == "pod-a"


def test_a_server_can_be_ended_as_by_a_power_cut() -> None:
    with administered("--name", "pod-a", "--drain", "30") as (server, _, target):
        code, said, _ = told("peer", "crash", "--target", target)
        assert server.wait(timeout=5) == 137

    assert (code, json.loads(said)) == (0, {"crashed": target})


def test_nobody_is_no_server_that_was_ended() -> None:
    assert told("peer", "crash", "--target", "127.0.0.1:1")[0] == 5


def test_a_server_that_is_away_ends_with_5() -> None:
    code, _, words = told("peer", "stats", "--target", "127.0.0.1:1")

    assert code == 5
    assert words.startswith("error: the server at 127.0.0.1:1 did not answer: UNAVAILABLE")


def test_the_port_that_everybody_can_reach_does_as_nobody_tells_it() -> None:
    with process("--name", "pod-a", "--drain", "0") as (server, target):
        code, _, words = told("peer", "crash", "--target", target)
        assert server.poll() is None

    assert code == 5
    assert "UNIMPLEMENTED" in words
