from __future__ import annotations

from dataclasses import replace

from diagnose.causes.said import found, silent
from diagnose.pasting import pasted, refuses
from diagnose.shops import LISTENS, PORT, caller, held, service, shop, slices

from lbdemo.diagnose.causes.headless_port_mismatch import cause
from lbdemo.diagnose.evidence import Caller


def client(port: int) -> Caller:
    one = caller("checkout")
    assert one.pod is not None
    told = replace(one.pod.containers[0], env={"PAYMENTS": f"payments:{port}"})
    return replace(one, found_by="environment", pod=replace(one.pod, containers=(told,)))


def test_clients_that_dial_the_services_port_reach_nobody() -> None:
    said = found(cause, shop({}, callers=[client(PORT.number)], headless=True))

    assert said.sentence == "Clients dial port 8080, pods listen on 9090: a headless Service translates none."
    before, after = ({"spec": {"ports": {"0": {"port": number}}}} for number in (8080, 9090))
    assert pasted(before, said.fixes[0].commands) == after
    assert pasted(after, said.fixes[0].undo) == before
    assert refuses(after, said.fixes[0].commands), "somebody was quicker"


def test_who_dials_the_pods_port_is_only_idle() -> None:
    assert silent(cause, shop({}, callers=[client(LISTENS)], headless=True))


def test_an_address_is_translated() -> None:
    assert silent(cause, shop({}, callers=[client(PORT.number)]))


def test_who_is_connected_is_right_however_it_is_told() -> None:
    assert silent(cause, shop(held(1), callers=[client(PORT.number)], headless=True))


def test_equal_ports_need_no_translation() -> None:
    seen = shop({}, callers=[client(PORT.number)], about=service(headless=True))
    assert isinstance(seen.servers, tuple)

    assert silent(cause, replace(seen, slices=slices(seen.servers, listens=PORT.number)))
