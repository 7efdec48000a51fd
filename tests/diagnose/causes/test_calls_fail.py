from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.meshes import SIDECAR, calling, changed, inside, refusing
from diagnose.shops import NAMES, SHOP, shop

from lbdemo.diagnose.causes.calls_fail import cause
from lbdemo.diagnose.causes.ejection_at_work import EJECTED
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import MetricsLook
from lbdemo.diagnose.scrapes import Scrapes

Failed = dict[str, int]


def told(*failed: Failed, calls: int = 10, source: str = "grpc_server_started_total") -> Evidence:
    """Servers that count so many calls a turn, and how many of them they fail a turn by which status."""
    looks = tuple(
        MetricsLook(f"{SHOP}/{name}", turn, float(turn), source, 100 + calls * turn,
                    tuple((code, 7 + count * turn) for code, count in each.items()))
        for name, each in zip(NAMES, failed, strict=True) for turn in range(12)
    )  # fmt: skip
    return shop({}, metrics=looks)


def test_pods_that_fail_all_calls_are_told_with_the_statuses_that_they_give() -> None:
    said = found(cause, told({"UNIMPLEMENTED": 10}, {"UNIMPLEMENTED": 10}, {"UNIMPLEMENTED": 9, "INTERNAL": 1}))

    assert said.sentence.startswith("Calls reach all pods and fail there")
    assert "payments-c failed 110 of 110 calls (UNIMPLEMENTED, INTERNAL)" in texts(said)
    assert (said.severity, said.explains) == (Severity.PROBLEM, 0.0)
    assert "no such method" in said.fixes[0].advice
    assert said.fixes[0].commands[0] == "kubectl -n shop logs payments-a --tail=100"


@pytest.mark.parametrize(
    ("failed", "severity"), [(5, Severity.PROBLEM), (4, Severity.RISK), (1, Severity.RISK), (0, None)]
)
def test_how_grave_it_is_goes_by_the_part_of_a_pods_calls(failed: int, severity: Severity | None) -> None:
    seen = told({}, {"UNAVAILABLE": failed}, {})

    if severity is None:
        assert silent(cause, seen)
    else:
        assert found(cause, seen).severity is severity
        assert [line.text for line in found(cause, seen).evidence] == [
            f"payments-b failed {11 * failed} of 110 calls (UNAVAILABLE)"
        ]


def test_a_few_of_many_calls_fail_everywhere() -> None:
    assert silent(cause, told({"INTERNAL": 9}, {"INTERNAL": 9}, {"INTERNAL": 9}, calls=100))


def test_a_server_that_began_anew_has_failed_what_it_counts_now() -> None:
    seen = told({"INTERNAL": 1}, {}, {})
    anew = (replace(look, calls=30, failed=(("INTERNAL", 20),)) if look.turn == 11 else look for look in seen.metrics)

    assert "payments-a failed 20 of 30 calls (INTERNAL)" in texts(found(cause, replace(seen, metrics=tuple(anew))))


def test_what_callers_sidecars_counted_has_no_status() -> None:
    said = found(cause, refusing(shop(**calling(SIDECAR, 9, 9, 9)), lasting=True))

    assert "payments-a failed 99 of 99 calls" in texts(said)
    assert {line.source for line in said.evidence} == {"callers' proxies"}


@pytest.mark.parametrize(
    "evidence",
    [
        shop(**calling(SIDECAR, 9, 9, 9)),
        refusing(shop(**calling(SIDECAR, 9, 9, 9))),
        inside("payments-a"),
        inside(),
        changed(refusing(shop(**calling(SIDECAR, 0, 9, 0)), lasting=True), "10.0.0.2", unhealthy=(EJECTED,)),
        refusing(shop(**calling(SIDECAR, 0, 0, 0)), lasting=True),
        changed(refusing(shop(**calling(SIDECAR, 9, 9, 9)), lasting=True), "10.0.0.2", calls_waiting=3),
    ],
    ids=[
        "calls that are answered", "calls that break their connections", "calls that break the servers' sidecars'",
        "servers whose sidecars nobody saw", "a pod that is ejected for it", "no calls",
        "calls that wait in the sidecar",
    ],
)  # fmt: skip
def test_other_failures_are_other_cases(evidence: Evidence) -> None:
    assert silent(cause, evidence)


def test_pods_that_nobody_could_connect_to_failed_nothing() -> None:
    seen = refusing(shop(**calling(SIDECAR, 9, 9, 9)), lasting=True)
    looks = tuple(
        replace(look, hosts=tuple(replace(host, connect_failures=look.turn) for host in look.hosts))
        for look in seen.envoys
    )

    assert silent(cause, replace(seen, envoys=looks))


def test_a_sidecar_that_never_had_a_call_for_its_program_knows_of_no_failure_there() -> None:
    seen = inside(*NAMES, connections=0)
    empty = tuple(
        replace(look, hosts=tuple(replace(host, calls_total=0) for host in look.hosts)) if look.pod != SIDECAR.name
        else look for look in seen.envoys
    )  # fmt: skip

    assert found(cause, seen)
    assert silent(cause, replace(seen, envoys=empty))


WHERE = "monitoring/prometheus:9090"
STARTED = "grpc_server_started_total"


def kept(*failed: int, step: float = 15.0, calls: int = 30, ends: float = 5.0) -> Evidence:
    """What a Prometheus keeps of the first server: by scrape, so many calls, and how many had failed by then."""
    began = ends - step * (len(failed) - 1)
    looks = tuple(
        MetricsLook(f"{SHOP}/{name}", turn, began + step * turn, STARTED, calls * turn,
                    (("INTERNAL", many),) if many and name == NAMES[0] else ())
        for name in NAMES for turn, many in enumerate(failed)
    )  # fmt: skip
    return shop({}, scrapes=Scrapes(WHERE, (WHERE,), STARTED, step, looks))


def test_what_a_prometheus_counted_in_its_last_scrapes_is_told_with_the_time_that_it_took() -> None:
    said = found(cause, kept(0, 0, 0, 0, 20, 40, 60))

    assert texts(said) == "payments-a failed 60 of 90 calls (INTERNAL) within 45.0 s"
    assert said.evidence[0].source == f"Prometheus {WHERE} ({STARTED})"


def test_all_of_the_watch_is_told_where_it_looked_often() -> None:
    said = found(cause, kept(*range(0, 220, 20), step=1.0, ends=10.0))

    assert texts(said) == "payments-a failed 200 of 300 calls (INTERNAL) within 10.0 s"


def test_failures_that_had_ended_by_the_last_scrape_are_none() -> None:
    assert silent(cause, kept(0, 0, 0, 20, 40, 60, 60))
    assert silent(cause, kept(60, 60, 60, 60, 60, 60))
    assert silent(cause, kept(0, 0, 0, 0, 0, 0, 0))


def test_what_was_counted_while_it_was_watched_goes_before_what_a_prometheus_keeps() -> None:
    before = kept(0, 20, 40, 60).scrapes

    pages = found(cause, replace(told({"UNAVAILABLE": 10}, {}, {}), scrapes=before))
    assert texts(pages) == "payments-a failed 110 of 110 calls (UNAVAILABLE)"
    assert silent(cause, replace(shop(**calling(SIDECAR, 9, 9, 9)), scrapes=before)), "callers' sidecars saw none fail"
