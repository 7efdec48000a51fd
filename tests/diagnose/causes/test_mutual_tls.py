"""Rules that have callers' sidecars speak what the pods do not take."""

from __future__ import annotations

import json
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
import yaml
from diagnose.meshes import ADDRESSES, HOST, SIDECAR, calling, refusing, rule, said
from diagnose.pasting import pasted, refuses
from diagnose.shops import LISTENS, NAMES, PORT, SHOP, pod, shop

from lbdemo.diagnose.ambient import MODE
from lbdemo.diagnose.causes import calls_fail, mutual_tls_to_plain, own_tls_to_strict, plaintext_to_strict
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Finding
from lbdemo.diagnose.looks import EnvoyHost, EnvoyLook
from lbdemo.kube.records.cluster import Namespace
from lbdemo.kube.records.istio import DestinationRule, PeerAuthentication, TrafficPolicy
from lbdemo.kube.records.meta import Meta

PLAIN, MUTUAL = TrafficPolicy(tls="DISABLE"), TrafficPolicy(tls="ISTIO_MUTUAL")
FREE = TrafficPolicy()
WRITTEN = {
    "DISABLE": {"spec": {"trafficPolicy": {"tls": {"mode": "DISABLE"}}}},
    "ISTIO_MUTUAL": {"spec": {"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}},
}


def peers(mode: str, **more: Any) -> PeerAuthentication:
    return PeerAuthentication(Meta("PeerAuthentication", SHOP, "all"), mode, **more)


def seen(
    told: TrafficPolicy | DestinationRule, mode: str = "", proxies: tuple[str, ...] = ("istio-proxy",) * 3,
    space: dict[str, str] | None = None, **more: Any,
) -> Evidence:  # fmt: skip
    """Calls of a caller with a sidecar, of which none is answered."""
    around = Surroundings(
        namespaces=(Namespace(Meta("Namespace", "", SHOP, space or {}), "Active", ()),),
        destination_rules=(told if isinstance(told, DestinationRule) else rule(told),),
        peer_authentications=(peers(mode, **more),) if mode else (),
    )
    pods = tuple(
        pod(name, address, proxy=proxy) for name, address, proxy in zip(NAMES, ADDRESSES, proxies, strict=True)
    )
    return refusing(shop(**calling(SIDECAR, 9, 9, 9), pods=pods, surroundings=around))


def found(cause: ModuleType, evidence: Evidence) -> Finding | None:
    told = said(cause.cause, evidence)
    assert len(told) <= 1
    return next((one for one in told if isinstance(one, Finding)), None)


def test_plain_text_that_a_rule_asks_for_is_refused_by_pods_that_are_strict() -> None:
    one = found(plaintext_to_strict, seen(PLAIN, "STRICT"))

    assert one is not None
    assert [line.text for line in one.evidence] == [
        "PeerAuthentication shop/all: STRICT", "DestinationRule shop/payments: tls DISABLE",
        "all calls of checkout fail",
    ]  # fmt: skip
    assert (one.explains, one.possible) == (1.0, False)
    after = pasted(WRITTEN["DISABLE"], one.fixes[0].commands)
    assert after == WRITTEN["ISTIO_MUTUAL"]
    assert pasted(after, one.fixes[0].undo) == WRITTEN["DISABLE"]
    assert refuses(after, one.fixes[0].commands)


@pytest.mark.parametrize(("mode", "proxies", "why"), [
    ("", ("", "", ""), "no sidecar beside payments-a"),
    ("DISABLE", ("istio-proxy",) * 3, "PeerAuthentication shop/all: DISABLE"),
    ("DISABLE", ("istio-proxy", "", ""), "no sidecar beside payments-b"),
])  # fmt: skip
def test_mutual_tls_that_a_rule_asks_for_is_nothing_to_pods_that_take_none(
    mode: str, proxies: tuple[str, ...], why: str
) -> None:
    one = found(mutual_tls_to_plain, seen(MUTUAL, mode, proxies))

    assert one is not None
    assert why in [line.text for line in one.evidence]
    assert pasted(WRITTEN["ISTIO_MUTUAL"], one.fixes[0].commands) == WRITTEN["DISABLE"]


@pytest.mark.parametrize("evidence", [
    seen(PLAIN), seen(PLAIN, "PERMISSIVE"), seen(PLAIN, "STRICT", ("istio-proxy", "istio-proxy", "")),
    seen(PLAIN, "STRICT", ports={LISTENS: "PERMISSIVE"}), seen(MUTUAL, "STRICT"), seen(MUTUAL), seen(FREE, "STRICT"),
    seen(MUTUAL, proxies=("", "", "istio-proxy")), seen(MUTUAL, proxies=("", "", ""), space={MODE: "ambient"}),
    seen(TrafficPolicy(tls="SIMPLE"), proxies=("", "", "")),
    seen(rule(PLAIN, host="other.shop.svc.cluster.local"), "STRICT"),
    seen(rule(PLAIN, ports={PORT.number: FREE}), "STRICT"),
])  # fmt: skip
def test_what_some_pods_take_is_another_case(evidence: Evidence) -> None:
    assert found(plaintext_to_strict, evidence) is None
    assert found(mutual_tls_to_plain, evidence) is None


@pytest.mark.parametrize("told", [
    {"mode": "SIMPLE"}, {"mode": "SIMPLE", "sni": "payments.example"}, {"mode": "MUTUAL", "privateKey": "/k.pem"},
])  # fmt: skip
def test_tls_of_its_own_is_refused_by_pods_that_take_istios_mutual_tls_only(told: dict[str, str]) -> None:
    more = json.dumps(told) if len(told) > 1 else ""

    one = found(own_tls_to_strict, seen(TrafficPolicy(tls=told["mode"], tls_settings=more), "STRICT"))

    assert one is not None
    assert (one.explains, one.possible) == (1.0, False)
    assert f"DestinationRule shop/payments: tls {told['mode']}" in [line.text for line in one.evidence]
    written = {"spec": {"trafficPolicy": {"tls": told}}}
    after = pasted(written, one.fixes[0].commands)
    assert after == WRITTEN["ISTIO_MUTUAL"], "with Istio's certificates nothing else is said of any"
    assert pasted(after, one.fixes[0].undo) == written
    assert refuses(after, one.fixes[0].commands)


def test_tls_of_its_own_to_pods_that_may_take_it_is_another_case() -> None:
    simple = TrafficPolicy(tls="SIMPLE")

    assert found(own_tls_to_strict, seen(simple)) is None, "who passes TLS on may have a program that speaks it"
    assert found(own_tls_to_strict, seen(simple, "STRICT", ports={LISTENS: "PERMISSIVE"})) is None
    assert found(own_tls_to_strict, seen(MUTUAL, "STRICT")) is None
    assert found(plaintext_to_strict, seen(simple, "STRICT")) is None


def test_calls_that_are_answered_are_another_case() -> None:
    answered = calling(SIDECAR, 9, 9, 9)["envoys"]

    assert found(plaintext_to_strict, replace(seen(PLAIN, "STRICT"), envoys=answered)) is None


def test_what_a_rule_says_of_the_port_goes_before_the_rest() -> None:
    told = rule(FREE, ports={79: FREE, PORT.number: PLAIN})

    one = found(plaintext_to_strict, seen(told, "STRICT"))

    assert one is not None
    port = {"port": {"number": PORT.number}, "tls": {"mode": "DISABLE"}}
    written = {"spec": {"trafficPolicy": {"portLevelSettings": [{"port": {"number": 79}}, port]}}}
    settings = pasted(written, one.fixes[0].commands)["spec"]["trafficPolicy"]["portLevelSettings"]
    assert settings[1]["tls"] == {"mode": "ISTIO_MUTUAL"}


def test_beside_a_rule_for_many_hosts_there_is_another_one_for_this_host() -> None:
    one = found(mutual_tls_to_plain, seen(rule(MUTUAL, host="*.local", namespace="istio-system"), proxies=("",) * 3))

    assert one is not None
    [line] = one.fixes[0].commands
    made = yaml.safe_load(line.partition("\n")[2].removesuffix("EOF"))
    assert made["metadata"] == {"name": "payments-tls", "namespace": "istio-system"}
    assert made["spec"] == {"host": HOST, "trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    assert one.fixes[0].undo == ("kubectl -n istio-system delete destinationrule payments-tls",)
    assert "DestinationRule istio-system/payments says of *.local" in one.fixes[0].advice


def test_the_program_behind_is_not_blamed_for_calls_that_cannot_be_made() -> None:
    def given(evidence: Evidence) -> Evidence:
        """The servers' own sidecars had calls, of before."""
        hosts = (EnvoyHost(f"inbound|{LISTENS}||", "10.0.0.1", LISTENS, calls_total=70, calls_ok=70),)
        looks = tuple(EnvoyLook(f"{SHOP}/{name}", turn, float(turn), hosts) for name in NAMES for turn in (0, 1))
        return replace(evidence, envoys=evidence.envoys + looks)

    assert said(calls_fail.cause, given(seen(FREE, "STRICT")))
    assert not said(calls_fail.cause, given(seen(PLAIN, "STRICT")))
