"""More of somebody's services, broken by what clients, proxies and Services are told: each is found, and told first."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster import eventually, lbdemo_argv, run
from e2e.foreign import (
    FINE,
    PORT,
    Shop,
    codes,
    finding,
    go_client,
    go_server,
    problems,
    python_client,
    python_part,
    python_server,
    service,
    wait_until_healthy,
)
from e2e.foreign_images import HERE
from e2e.foreign_proxies import LISTENS, envoy

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HEADLESS = f"dns:///parcels:{PORT}"


def test_an_envoy_of_ones_own_before_the_one_address_and_before_the_pods(shop: Shop) -> None:
    front = service("front", port={"targetPort": LISTENS})
    shop.apply(python_server("parcels"), service("parcels"), envoy("front", "parcels", 80), front,
               python_client("checkout", "front:80"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record) == ["LB501"]
    assert record["verdict"]["outcome"] == "PINNED"
    fix = record["findings"][0]["fixes"][0]
    shop.paste(fix["commands"])
    name = f"parcels-headless.{shop.namespace}.svc.cluster.local"
    assert f"dns:///{name}:{PORT} as the upstream's address" in fix["advice"]
    shop.apply(envoy("front", name))
    eventually(lambda: bool(shop.record("parcels-headless", watch="2s")["callers"]))
    choice = wait_until_healthy(shop, "parcels-headless")["callers"][0]["choice"]
    assert (choice["per"], choice["among"]) == ("call", 3)


def stateful(name: str, replicas: int) -> dict[str, Any]:
    """Servers whose pods have names of their own behind the headless Service of that name."""
    made = python_server(name, replicas)
    return {**made, "kind": "StatefulSet", "spec": {**made["spec"], "serviceName": name,
                                                    "podManagementPolicy": "Parallel"}}  # fmt: skip


def test_a_client_that_calls_one_pod_of_a_stateful_set_by_its_name(shop: Shop, tmp_path: Path) -> None:
    shop.apply(stateful("parcels", 3), service("parcels", headless=True))
    shop.kubectl("rollout", "status", "statefulset/parcels", "--timeout=120s")
    shop.apply(python_client("checkout", f"parcels-1.parcels:{PORT}"))
    shop.calling("checkout")

    record = shop.record("parcels", "--save", str(tmp_path / "seen"), "--anonymize", expect=0)

    assert codes(record) == ["LB124"]
    assert record["verdict"]["outcome"] == "PINNED"
    kept = run(lbdemo_argv(shop.namespace, "diagnose", "--load", str(tmp_path / "seen"), "-o", "json"))
    assert codes(kept.json) == ["LB124"]
    shop.apply(python_client("checkout", HEADLESS, "--policy=round_robin"))
    shop.calling("checkout")
    eventually(lambda: codes(shop.record("parcels", watch="2s")) == [])


def test_a_gateway_of_two_pods_of_which_one_has_all_clients(shop: Shop) -> None:
    front = service("front", port={"targetPort": LISTENS})
    shop.apply(python_server("parcels", 2), service("parcels", headless=True))
    shop.apply(envoy("front", "parcels", replicas=2), front, python_client("checkout", "front:80"))
    shop.calling("checkout")

    record = shop.record("parcels", expect=FINE)

    assert codes(record) == ["LB502"], "the pods behind it share the calls evenly"
    assert record["verdict"]["outcome"] not in ("PINNED", "UNBALANCED")
    fix = record["findings"][0]["fixes"][0]
    shop.paste(fix["commands"])
    target = f"dns:///front-headless.{shop.namespace}.svc.cluster.local:{LISTENS}"
    assert target in fix["advice"]
    shop.apply(python_client("checkout", target, "--policy=round_robin"))
    shop.calling("checkout")
    eventually(lambda: len(shop.record("parcels", watch="2s")["callers"]) == 2)
    assert codes(shop.record("parcels", expect=FINE)) == []


def test_pods_that_are_not_ready_are_published_and_called(shop: Shop) -> None:
    never = {"readinessProbe": {"tcpSocket": {"port": 1}}}
    headless = service("parcels", headless=True, publishNotReadyAddresses=True)
    shop.apply(python_part("parcels-old", "parcels", 2), headless)
    shop.kubectl("apply", "-f", "-", stdin=json.dumps(python_part("parcels-new", "parcels", container=never)))
    eventually(lambda: shop.kubectl("get", "pods", "--no-headers").count("Running") == 3)
    shop.apply(python_client("checkout", HEADLESS, "--policy=round_robin"))
    shop.calling("checkout")

    record = shop.record("parcels")

    found = next(finding for finding in record["findings"] if finding["code"] == "LB112")
    assert found["severity"] == "problem"
    assert "parcels-new" in found["sentence"]
    assert "parcels-old" not in found["sentence"]
    shop.paste(found["fixes"][0]["commands"])
    shop.retarget("checkout", f"dns:///parcels-headless:{PORT}")
    assert "LB112" not in codes(wait_until_healthy(shop, "parcels-headless"))


def test_connections_stay_where_the_older_pods_are(shop: Shop) -> None:
    shop.apply(python_server("parcels", 1), service("parcels"),
               python_client("checkout", "parcels:80", "--channels=20", "--own-connections"))  # fmt: skip
    shop.calling("checkout")
    shop.kubectl("scale", "deployment/parcels", "--replicas=2")
    shop.settled("parcels")
    shop.apply(python_client("batch", "parcels:80", "--channels=4", "--own-connections"))
    shop.calling("batch")

    assert codes(shop.record("parcels", expect=1))[0] == "LB113"
    shop.apply(python_server("parcels", 1, "--max-age=15"))
    shop.settled("parcels")
    shop.kubectl("scale", "deployment/parcels", "--replicas=2")
    shop.settled("parcels")
    assert "LB113" not in codes(wait_until_healthy(shop, "parcels"))


def test_a_pool_that_was_made_while_one_pod_was_ready_is_left_to_no_chance(shop: Shop) -> None:
    shop.apply(python_server("parcels", 1), service("parcels"),
               python_client("checkout", "parcels:80", "--channels=6", "--own-connections"))  # fmt: skip
    shop.calling("checkout")
    shop.kubectl("scale", "deployment/parcels", "--replicas=3")
    shop.settled("parcels")

    record = shop.record("parcels", expect=1)

    assert codes(record)[0] == "LB113"
    assert "came later" in record["findings"][0]["sentence"]
    assert "LB114" not in codes(record)
    shop.paste(record["findings"][0]["fixes"][2]["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    assert "LB113" not in codes(shop.record("parcels"))


def test_a_few_connections_of_a_pool_are_spread_by_chance(shop: Shop) -> None:
    """As many connections as pods, and so many that each gets its own once in 160 times only.

    Of three at two pods two are at one: 2 to 1 is less than what counts from TCP segments can prove.
    """
    shop.apply(python_server("parcels", 7), service("parcels"))  # first, so that all are ready
    shop.apply(python_client("checkout", "parcels:80", "--channels=7", "--own-connections", "--rate=300"))
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert codes(record)[0] == "LB114"
    assert record["callers"][0]["connections"] == 7
    target = shop.let_the_client_choose(record["findings"][0])
    shop.apply(python_client("checkout", target, "--policy=round_robin", "--rate=300"))
    shop.calling("checkout")
    assert "LB114" not in codes(wait_until_healthy(shop, "parcels-headless"))


def test_an_autoscaler_is_told_beside_what_blinds_it(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels"), python_client("checkout", "parcels:80"))
    shop.kubectl("autoscale", "deployment/parcels", "--min=3", "--max=5", "--cpu-percent=80")
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB101", "LB204"]
    shop.apply(python_client("checkout", shop.let_the_client_choose(record["findings"][0]), "--policy=round_robin"))
    shop.calling("checkout")
    assert "LB204" not in codes(wait_until_healthy(shop, "parcels-headless")), "it sees what all pods use"


def test_calls_from_the_outside_through_a_port_forward(shop: Shop) -> None:
    shop.apply(python_server("parcels", 2), service("parcels"))

    with port_forward(shop, "service/parcels", 80) as port, calling_locally(f"127.0.0.1:{port}"):
        record = shop.record("parcels", expect=1)

    assert codes(record)[0] == "LB903"


@contextmanager
def port_forward(shop: Shop, what: str, port: int) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own = free.getsockname()[1]
    argv = ["kubectl", "-n", shop.namespace, "port-forward", what, f"{own}:{port}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "Forwarding" in process.stdout.readline()
        yield own
        process.terminate()


@contextmanager
def calling_locally(target: str) -> Iterator[None]:
    argv = [sys.executable, str(HERE / "python" / "app.py"), f"--target={target}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("calls ")
        yield
        process.terminate()


def test_a_policy_that_keeps_calls_on_the_node(shop: Shop) -> None:
    shop.apply(python_server("parcels", 2), service("parcels", internalTrafficPolicy="Local"),
               python_client("checkout", "parcels:80"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert set(codes(record)) == {"LB101", "LB402"}
    assert codes(record)[0] == "LB101", "all pods are on the caller's node here"
    shop.paste(record["findings"][1]["fixes"][0]["commands"])
    assert codes(shop.record("parcels", expect=1)) == ["LB101"]
    shop.paste(record["findings"][1]["fixes"][0]["undo"])
    assert set(codes(shop.record("parcels", expect=1))) == {"LB101", "LB402"}

    shop.apply(service("parcels", internalTrafficPolicy="Cluster", trafficDistribution="PreferClose"))
    near = finding(shop.record("parcels", expect=1), "LB402")
    assert "trafficDistribution: PreferClose" in near["evidence"][0]["text"]
    shop.paste(near["fixes"][0]["commands"])
    assert codes(shop.record("parcels", expect=1)) == ["LB101"]


def test_round_robin_over_connections_that_end_every_few_seconds_is_healthy(shop: Shop) -> None:
    shop.apply(go_server("parcels", 3, "-max-age=5s"), service("parcels", headless=True))  # first: Go asks DNS again
    shop.apply(go_client("checkout", HEADLESS, "-policy=round_robin", "-rate=600"))  # after half a minute only
    shop.calling("checkout")

    assert problems(shop.record("parcels", expect=FINE)) == []
