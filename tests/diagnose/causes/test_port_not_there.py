from __future__ import annotations

import json
from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import CLUSTER_IP, LISTENS, PORT, SHOP, caller, even, held, own_look, service, shop

from lbdemo.diagnose.causes.port_not_there import cause
from lbdemo.diagnose.evidence import Caller, Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import SYN_SENT, ClientLook, Complaint
from lbdemo.kube.records.istio import PeerAuthentication
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.pods import Container

STRICT = PeerAuthentication(Meta("PeerAuthentication", SHOP, "default"), "STRICT")


def told(*targets: str) -> Caller:
    """A caller of these targets, of which nobody has seen a call."""
    one = caller("batch", 2)
    assert one.pod is not None
    program = Container("app", "app:1", running=True, env={f"TARGET_{n}": target for n, target in enumerate(targets)})
    return replace(one, pod=replace(one.pod, containers=(program,)), found_by="environment")


BATCH = told("payments:8080")


def beside(who: Caller, *said: Complaint, headless: bool = False) -> Evidence:
    """The caller, whose log says this, beside one whose calls are answered."""
    clients = (ClientLook(who.name, complaints=said),) if said else ()
    return shop(held(1), callers=[caller("checkout"), who], segments=even(50, "payments-a"), clients=clients,
                headless=headless)  # fmt: skip


def test_a_port_that_the_service_lacks_is_told_with_the_one_that_it_has() -> None:
    lost = told(f"dns:///payments.shop:{LISTENS}")
    seen = beside(lost, Complaint("late", 3))

    said = found(cause, replace(seen, sockets=(*seen.sockets, *own_look(lost, (CLUSTER_IP, LISTENS), state=SYN_SENT))))

    assert (said.severity, said.aside) == (Severity.PROBLEM, True)
    assert said.sentence == "batch calls port 9090, which Service payments does not have: no call reaches a pod."
    assert "Service payments has port 8080 (grpc)" in texts(said)
    assert "pods listen at 9090, which callers reach by the Service's port 8080 only" in texts(said)
    assert "batch tries 10.96.3.7:9090, and nobody answers" in texts(said)
    assert "batch: nobody answers in time" in texts(said)
    assert said.fixes[0].advice == "payments.shop.svc.cluster.local:8080"


def test_the_port_can_be_had_beside_the_other_and_taken_away_again() -> None:
    fix = found(cause, beside(told("payments:81"))).fixes[1]

    (change,), (back,) = ([json.loads(line.split("-p ")[1].strip("'")) for line in each]
                          for each in (fix.commands, fix.undo))  # fmt: skip
    assert change[0] == {"op": "test", "path": "/spec/ports/0/port", "value": 8080}
    more = {"name": "grpc-81", "port": 81, "protocol": "TCP", "targetPort": "grpc", "appProtocol": "grpc"}
    assert change[1:] == [{"op": "add", "path": "/spec/ports/1", "value": more}]
    assert back[-1] == {"op": "remove", "path": "/spec/ports/1"}
    assert {"op": "test", "path": "/spec/ports/1", "value": more} in back


def test_of_a_service_whose_port_has_no_name_none_is_made_beside_it() -> None:
    seen = beside(told("payments:81"))
    bare = service(port=replace(PORT, name=""))

    assert len(found(cause, replace(seen, service=bare)).fixes) == 1


@pytest.mark.parametrize(
    "who",
    [told("payments:8080"), told("payments:81", "payments:8080"), told(), told("xds:///payments:81"), told("other:81")],
)
def test_who_is_told_of_a_port_that_is_there_or_of_none_does_not_call_in_vain(who: Caller) -> None:
    assert silent(cause, beside(who))


def test_of_a_headless_service_any_port_at_which_pods_listen_is_one() -> None:
    assert silent(cause, beside(told(f"payments:{LISTENS}"), headless=True))
    assert found(cause, beside(told("payments:81"), headless=True))


def test_who_reaches_the_pods_all_the_same_is_told_of_it_by_something_else() -> None:
    seen = beside(told("payments:81"))

    assert silent(cause, replace(seen, sockets=(*seen.sockets, *own_look(BATCH, (CLUSTER_IP, 8080)))))
