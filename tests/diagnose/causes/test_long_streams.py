from __future__ import annotations

from dataclasses import replace

from diagnose.causes.said import found, silent, texts
from diagnose.shops import NAMES, caller, envoy_looks, held, shop

from lbdemo.diagnose.causes.long_streams import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import EnvoyLook

HOST = "payments.shop.svc.cluster.local"
SIDECAR = caller("checkout", proxy="istio-proxy")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3")


def through(rate: int, *active: int) -> Evidence:
    """A caller whose Envoy begins so many calls a look at each pod, of which so many run at each."""
    looks = envoy_looks(SIDECAR, dict.fromkeys(ADDRESSES, rate), HOST)
    running = dict(zip(ADDRESSES, active, strict=True))

    def with_running(look: EnvoyLook) -> EnvoyLook:
        return replace(look, hosts=tuple(replace(h, calls_active=running[h.address], connections_active=1)
                                         for h in look.hosts))  # fmt: skip

    return shop(callers=[SIDECAR], envoys=tuple(map(with_running, looks)))


def headless(*segments: int, counts: tuple[int, ...] = (1, 1, 1), alone: bool = True) -> Evidence:
    told = {name: {"10.0.1.1": many} for name, many in zip(NAMES, segments, strict=True)}
    return shop(held(*counts), callers=[caller("checkout")], headless=alone, segments=told)


def test_calls_that_run_on_and_are_unequally_many() -> None:
    said = found(cause, through(0, 9, 3, 2))

    assert (said.severity, said.possible) == (Severity.PROBLEM, False)
    assert "14 calls run, 0 began" in texts(said)
    assert "payments-a 9, payments-b 3 and payments-c 2" in texts(said)


def test_as_many_streams_at_each_pod_are_well_placed() -> None:
    assert silent(cause, through(0, 5, 4, 4))


def test_calls_that_end_are_no_streams() -> None:
    assert silent(cause, through(300, 9, 3, 2))


def test_a_few_calls_in_flight_are_no_streams() -> None:
    assert silent(cause, through(0, 2, 0, 0))


def test_without_counters_unequal_segments_over_equal_connections_are_possible_streams() -> None:
    said = found(cause, headless(300, 20, 20))

    assert (said.severity, said.possible, said.explains) == (Severity.RISK, True, 1.0)


def test_equal_segments_are_health() -> None:
    assert silent(cause, headless(99, 99, 99))


def test_unequal_connections_and_connections_by_chance_are_other_cases() -> None:
    assert silent(cause, headless(300, 20, 20, counts=(2, 1, 1)))
    assert silent(cause, headless(300, 20, 0, counts=(1, 1, 0)))
    assert silent(cause, headless(300, 20, 20, alone=False))
