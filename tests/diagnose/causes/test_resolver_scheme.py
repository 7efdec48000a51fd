from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent
from diagnose.shops import caller, held, shop

from lbdemo.diagnose.causes.resolver_scheme import cause
from lbdemo.diagnose.evidence import Caller
from lbdemo.diagnose.findings import Severity

STRANGER = Caller("10.0.9.9", ("10.0.9.9",), "sockets")
FROM_STRANGER = held(1, address="10.0.9.9")


def with_env(**env: str) -> Caller:
    one = caller("checkout")
    assert one.pod is not None
    return replace(one, pod=replace(one.pod, containers=(replace(one.pod.containers[0], env=env),)))


def test_who_is_told_of_a_proxy_and_holds_no_connection_may_come_through_it() -> None:
    said = found(cause, shop(FROM_STRANGER, callers=[with_env(HTTPS_PROXY="proxy:3128"), STRANGER]))

    assert said.possible
    assert said.severity is Severity.RISK
    assert "kubectl -n shop set env deployment/checkout NO_PROXY=.cluster.local,.svc" in commands(said)


@pytest.mark.parametrize("name", [".svc.cluster.local", "localhost, .cluster.local", "*"])
def test_a_service_that_is_excepted_goes_past_the_proxy(name: str) -> None:
    told = with_env(HTTPS_PROXY="proxy:3128", NO_PROXY=name)

    assert silent(cause, shop(FROM_STRANGER, callers=[told, STRANGER]))


def test_another_exception_does_not_help_and_stays() -> None:
    told = with_env(HTTPS_PROXY="proxy:3128", NO_PROXY="example.com")

    [fix] = found(cause, shop(FROM_STRANGER, callers=[told, STRANGER])).fixes

    where = "kubectl -n shop set env deployment/checkout"
    assert fix.commands == (f"{where} NO_PROXY=example.com,.cluster.local,.svc no_proxy=.cluster.local,.svc",)
    assert fix.undo == (f"{where} NO_PROXY=example.com no_proxy-",)


def test_who_is_connected_under_its_own_address_goes_through_no_proxy() -> None:
    assert silent(cause, shop(held(1), callers=[with_env(HTTPS_PROXY="proxy:3128")]))


def test_without_sockets_nobody_knows_who_is_connected() -> None:
    assert silent(cause, shop(None, callers=[with_env(HTTPS_PROXY="proxy:3128")]))


def test_without_such_variables_there_is_nothing_to_say() -> None:
    assert silent(cause, shop(FROM_STRANGER, callers=[with_env(TARGET="payments:8080"), STRANGER]))
