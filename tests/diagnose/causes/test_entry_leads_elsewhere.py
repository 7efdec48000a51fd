from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.meshes import ADDRESSES, HOST, SIDECAR, calling
from diagnose.pasting import pasted, refuses
from diagnose.shops import CLUSTER_IP, PORT, SHOP, envoy_looks, route, shop

from lbdemo.diagnose.causes import port_number_conflict
from lbdemo.diagnose.causes.entry_leads_elsewhere import cause
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import EnvoyRoute
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.istio_listeners import ListenerRule, ToldListener
from lbdemo.kube.records.meta import Meta

AWAY = "10.0.9.9"
OLD = f"outbound|{PORT.number}||old.example"
PASSED_ON = route(SIDECAR, "tcp", (OLD, 100))


def entry(
    *hosts: str, leads_to: tuple[str, ...] = (AWAY,), addresses: tuple[str, ...] = (), **more: Any
) -> ListenerRule:
    listeners = (ToldListener(more.pop("port", PORT.number), addresses, "TCP"),) if addresses else ()
    meta = Meta(more.pop("kind", "ServiceEntry"), more.pop("namespace", SHOP), "old")
    return ListenerRule(meta, listeners, hosts=hosts or (HOST,), leads_to=leads_to, **more)


def joined(*rules: ListenerRule, address: str = AWAY) -> Evidence:
    """A sidecar that sends a fourth of its calls to an address that is no pod's."""
    looks = envoy_looks(SIDECAR, dict.fromkeys((*ADDRESSES, address), 9), HOST)
    return shop(callers=[SIDECAR], envoys=looks, routes=(route(SIDECAR),),
                surroundings=Surroundings(listener_rules=rules))  # fmt: skip


def taken(*rules: ListenerRule, to: EnvoyRoute = PASSED_ON, **more: Any) -> Evidence:
    """A sidecar that passes on what goes to the Service's address."""
    return shop({}, **calling(SIDECAR, 0, 0, 0), routes=(to,), surroundings=Surroundings(listener_rules=rules), **more)


VIP = entry("old.example", addresses=(CLUSTER_IP,))


def test_an_entry_for_the_services_name_has_calls_go_elsewhere() -> None:
    said = found(cause, joined(entry()))

    assert said.severity is Severity.PROBLEM
    assert said.sentence == ("ServiceEntry shop/old stands for the name of payments, too, and leads calls elsewhere.")
    assert f"hosts {HOST}, endpoints {AWAY}" in texts(said)
    assert f"checkout: 99 of 396 calls went to {AWAY}, no pod of the service" in texts(said)
    assert said.explains == 0.25
    written = {"spec": {"hosts": [HOST]}}
    aside = pasted(written, said.fixes[0].commands)
    assert aside == {"spec": {"hosts": [HOST], "exportTo": ["~"]}}
    assert pasted(aside, said.fixes[0].undo) == written
    assert refuses({"spec": {"hosts": ["another"]}}, said.fixes[0].commands)


def test_an_entry_for_the_services_address_has_all_connections_go_elsewhere() -> None:
    said = found(cause, taken(replace(VIP, export_to=("shop",))))

    assert "stands for the address of payments, too, and leads connections elsewhere" in said.sentence
    assert f"hosts old.example, address {CLUSTER_IP}, which is the Service's" in texts(said)
    assert "checkout: what goes to the Service's address is passed on to old.example" in texts(said)
    assert said.explains == 1.0
    *patches, anew = said.fixes[0].commands
    assert anew == "kubectl -n shop rollout restart deployment/checkout"
    written = {"spec": {"hosts": ["old.example"], "exportTo": ["shop"]}}
    aside = pasted(written, patches)
    assert aside["spec"]["exportTo"] == ["~"]
    assert pasted(aside, said.fixes[0].undo[:-1]) == written


def test_what_is_led_elsewhere_is_no_matter_of_what_the_port_is_taken_for() -> None:
    busy = replace(taken(VIP), envoys=calling(SIDECAR, 9, 0, 0)["envoys"])

    assert found(cause, busy)
    assert silent(port_number_conflict.cause, busy)
    assert found(port_number_conflict.cause, replace(busy, surroundings=Surroundings()))


@pytest.mark.parametrize(
    "evidence",
    [
        joined(), joined(entry("other.shop.svc.cluster.local")), joined(entry(), address=ADDRESSES[0]),
        joined(entry(leads_to=("10.0.9.1",))), joined(entry(export_to=("elsewhere",))),
        joined(entry(kind="Sidecar")), taken(), taken(entry("old.example", addresses=("10.96.9.9",))),
        taken(entry("old.example", addresses=(CLUSTER_IP,), port=81)), taken(VIP, to=route(SIDECAR)),
        taken(VIP, to=route(SIDECAR, "tcp", (f"outbound|{PORT.number}||{HOST}", 100))),
        replace(taken(VIP), surroundings=Surroundings(listener_rules=Unseen("sidecars", Why.FORBIDDEN))),
    ],
    ids=["no entry", "for another name", "nobody else is called", "for another address", "it does not hold here",
         "another kind", "no entry for the address", "for another one", "for another port", "requests are read",
         "it leads to the service", "nobody knows"],
)  # fmt: skip
def test_else_no_entry_is_blamed(evidence: Evidence) -> None:
    assert silent(cause, evidence)


def test_of_an_entry_whose_endpoints_are_names_nobody_knows_the_addresses() -> None:
    assert found(cause, joined(entry(leads_to=())))


def test_other_namespaces_entries_hold_where_they_are_exported() -> None:
    assert found(cause, joined(entry(namespace="ops")))
    assert silent(cause, joined(entry(namespace="ops", export_to=(".",))))
