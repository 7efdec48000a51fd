from __future__ import annotations

import json

from echo_server import administered, lbdemo, process


def test_it_prints_the_servers_counts_and_sets_its_faults_as_json() -> None:
    with administered("--name", "pod-a", "--drain", "0") as (_, _, target):
        with lbdemo("peer", "fault", "--target", target, "--delay-ms", "20", "--unavailable", "0.5") as set_faults:
            faults, _ = set_faults.communicate(timeout=20)
        with lbdemo("peer", "stats", "--target", target) as asked:
            stats, _ = asked.communicate(timeout=20)

    assert json.loads(faults) == {"delay_ms": 20, "unavailable_ratio": 0.5}
    assert json.loads(stats)["server"] == "pod-a"


def test_a_server_can_be_ended_as_by_a_power_cut() -> None:
    with administered("--name", "pod-a", "--drain", "30") as (server, _, target):
        with lbdemo("peer", "crash", "--target", target) as asked:
            said, _ = asked.communicate(timeout=20)
        assert server.wait(timeout=5) == 137

    assert (asked.returncode, json.loads(said)) == (0, {"crashed": target})


def test_nobody_is_no_server_that_was_ended() -> None:
    with lbdemo("peer", "crash", "--target", "127.0.0.1:1") as asked:
        asked.communicate(timeout=20)

    assert asked.returncode == 5


def test_a_server_that_is_away_ends_with_5() -> None:
    with lbdemo("peer", "stats", "--target", "127.0.0.1:1") as asked:
        _, words = asked.communicate(timeout=20)

    assert asked.returncode == 5
    assert words.startswith("error: the server at 127.0.0.1:1 did not answer: UNAVAILABLE")


def test_the_port_that_everybody_can_reach_does_as_nobody_tells_it() -> None:
    with process("--name", "pod-a", "--drain", "0") as (server, target):
        with lbdemo("peer", "crash", "--target", target) as asked:
            _, words = asked.communicate(timeout=20)
        assert server.poll() is None

    assert asked.returncode == 5
    assert "UNIMPLEMENTED" in words
