from __future__ import annotations

from dataclasses import replace

import yaml
from diagnose.causes.said import found, silent, texts
from diagnose.shops import SHOP, caller, envoy_looks, shop

from lbdemo.diagnose.causes.slow_pod_evenly_served import cause
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import EnvoyCluster, EnvoyLook
from lbdemo.kube.records.istio import DestinationRule, TrafficPolicy
from lbdemo.kube.records.meta import Meta

HOST = "payments.shop.svc.cluster.local"
SIDECAR = caller("checkout", proxy="istio-proxy")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
RULE = DestinationRule(Meta("DestinationRule", SHOP, "payments"), "payments", TrafficPolicy("ROUND_ROBIN"))


def seen(*active: int, rates: tuple[int, ...] = (300, 300, 300), balancer: str = "ROUND_ROBIN",
         rules: tuple[DestinationRule, ...] = ()) -> Evidence:  # fmt: skip
    looks = envoy_looks(SIDECAR, dict(zip(ADDRESSES, rates, strict=True)), HOST)
    running = dict(zip(ADDRESSES, active, strict=True))

    def with_running(look: EnvoyLook) -> EnvoyLook:
        return replace(look, hosts=tuple(
            replace(host, calls_active=running[host.address], connections_active=1) for host in look.hosts
        ))  # fmt: skip

    told = EnvoyCluster(SIDECAR.name, f"outbound|8080||{HOST}", "EDS", balancer)
    return shop(callers=[SIDECAR], envoys=tuple(map(with_running, looks)), clusters=(told,),
                surroundings=Surroundings(destination_rules=rules))  # fmt: skip


def test_calls_that_wait_at_one_pod_of_equals() -> None:
    said = found(cause, seen(1, 12, 1))

    assert (said.severity, said.explains) == (Severity.RISK, 0.0)
    assert "12 calls wait at payments-b on average, 1 at a usual pod" in texts(said)
    applied = yaml.safe_load(said.fixes[1].commands[0].partition("\n")[2].removesuffix("EOF"))
    assert applied["spec"] == {"host": HOST, "trafficPolicy": {"loadBalancer": {"simple": "LEAST_REQUEST"}}}


def test_a_rule_that_is_there_is_changed_and_changed_back() -> None:
    fix = found(cause, seen(1, 12, 1, rules=(RULE,))).fixes[1]

    assert fix.commands[0].startswith("kubectl -n shop patch destinationrule payments")
    assert "LEAST_REQUEST" in fix.commands[0]
    assert "ROUND_ROBIN" in fix.undo[0]


def test_as_many_at_each_is_load() -> None:
    assert silent(cause, seen(12, 12, 12))


def test_next_to_none_hold_nobody_up() -> None:
    assert silent(cause, seen(0, 0, 0))


def test_least_request_looks_already() -> None:
    assert silent(cause, seen(1, 12, 1, balancer="LEAST_REQUEST"))


def test_uneven_calls_have_another_cause() -> None:
    assert silent(cause, seen(1, 12, 1, rates=(10, 900, 10)))


def test_streams_that_run_on_are_not_slow() -> None:
    assert silent(cause, seen(2, 12, 2, rates=(0, 0, 0)))
