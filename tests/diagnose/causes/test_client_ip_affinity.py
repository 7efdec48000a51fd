from __future__ import annotations

from diagnose.causes.said import commands, found, silent
from diagnose.shops import caller, even, held, service, shop

from lbdemo.diagnose.causes.client_ip_affinity import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity

CHECKOUT = caller("checkout")


def seen(*counts: int, sticky: bool = True, headless: bool = False) -> Evidence:
    return shop(held(*counts), callers=[CHECKOUT], about=service(sticky=sticky, headless=headless), segments=even(50))


def test_all_connections_of_a_caller_at_one_pod() -> None:
    said = found(cause, seen(5))

    assert (said.severity, said.explains) == (Severity.PROBLEM, 1.0)
    assert commands(said) == """kubectl -n shop patch service payments -p '{"spec":{"sessionAffinity":"None"}}'"""
    assert said.fixes[0].undo[0].endswith("""'{"spec":{"sessionAffinity":"ClientIP"}}'""")


def test_one_connection_stays_where_it_is_with_or_without_it() -> None:
    said = found(cause, seen(1))

    assert (said.severity, said.explains) == (Severity.RISK, 0.0)


def test_connections_at_several_pods_are_not_its_doing() -> None:
    assert found(cause, seen(3, 1)).explains == 0.0


def test_without_it_or_without_an_address_there_is_nothing_to_say() -> None:
    assert silent(cause, seen(5, sticky=False))
    assert silent(cause, seen(5, headless=True))


def test_sidecars_do_not_heed_it() -> None:
    meshed = caller("checkout", proxy="istio-proxy")

    assert silent(cause, shop(held(5), callers=[meshed], about=service(sticky=True)))
