from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.shops import pod

from lbdemo.diagnose.collect.metrics import Figures, Page, figures, pages
from lbdemo.diagnose.series import best
from lbdemo.kube.records.pods import Container, ContainerPort

GO = """# HELP grpc_server_started_total Total number of RPCs started on the server.
# TYPE grpc_server_started_total counter
grpc_server_started_total{grpc_method="SayHello",grpc_service="helloworld.Greeter",grpc_type="unary"} 120
grpc_server_started_total{grpc_method="Track",grpc_service="parcels.Parcels",grpc_type="unary"} 3
grpc_server_started_total{grpc_method="Check",grpc_service="grpc.health.v1.Health",grpc_type="unary"} 999
grpc_server_started_total{grpc_method="ServerReflectionInfo",grpc_service="grpc.reflection.v1.ServerReflection"} 9
grpc_server_started_total_of_mine 7
go_goroutines 12
"""
ISTIO = 'istio_requests_total{reporter="%s",request_protocol="grpc",grpc_response_status="%s"} 5'


def test_calls_are_added_up_without_health_checks_and_reflection() -> None:
    assert figures(GO).calls == {"grpc_server_started_total": 123}


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ('istio_requests_total{reporter="destination",request_protocol="grpc",response_code="200"} 5', 5),
        ('istio_requests_total{reporter="source",request_protocol="grpc"} 5', None),
        ('istio_requests_total{reporter="destination",request_protocol="http"} 5', None),
        ('request_total{direction="inbound",target_port="8080"} 5', 5),
        ('request_total{direction="outbound"} 5', None),
        ('grpc_server_call_started_total{grpc_method="parcels.Parcels/Track"} 5', 5),
        ('grpc_server_call_started_total{grpc_method="grpc.health.v1.Health/Check"} 5', None),
        ('rpc_server_call_duration_seconds_count{rpc_method="/parcels.Parcels/Track"} 5', 5),
        ("grpc_server_started_total NaN", None),
    ],
)
def test_what_counts_as_a_call(line: str, calls: int | None) -> None:
    assert list(figures(f"{line}\n").calls.values()) == ([] if calls is None else [calls])


def test_a_counter_that_is_not_there_is_not_zero() -> None:
    assert figures("go_goroutines 12\n").calls == {}
    assert figures('grpc_server_started_total{grpc_service="a"} 0\n').calls == {"grpc_server_started_total": 0}


def test_the_surest_series_that_all_pods_have() -> None:
    both, one = {"grpc_server_started_total": 1, "request_total": 2}, {"grpc_server_started_total": 3}

    assert best([both, one]) == "grpc_server_started_total"
    assert best([both, both]) == "request_total"
    assert best([both, {}]) == ""
    assert best([]) == ""


def test_where_a_pod_tells_its_figures() -> None:
    named = Container("app", "app:1", ports=(ContainerPort(9102, "http-metrics"),))
    bare = pod("payments-a", "10.0.0.1")
    marks = {"prometheus.io/port": "9100", "prometheus.io/path": "/stats", "prometheus.io/scrape": "true"}
    annotated = replace(bare, meta=replace(bare.meta, annotations=marks))
    refused = replace(bare, meta=replace(bare.meta, annotations={**marks, "prometheus.io/scrape": "false"}))

    assert list(pages(bare)) == []
    assert list(pages(annotated)) == [Page(9100, "stats")]
    assert list(pages(refused)) == []
    assert list(pages(replace(bare, containers=(named,)))) == [Page(9102, "metrics")]
    assert list(pages(pod("payments-a", proxy="istio-proxy"))) == [Page(15020, "stats/prometheus")]
    assert list(pages(pod("payments-a", proxy="linkerd-proxy"))) == [Page(4191, "metrics")]


@pytest.mark.parametrize(
    ("line", "failed"),
    [
        (ISTIO % ("destination", 14), "UNAVAILABLE"),
        (ISTIO % ("destination", 0), ""),
        (ISTIO % ("source", 14), ""),
        ('response_total{direction="inbound",classification="failure",grpc_status="12"} 5', "UNIMPLEMENTED"),
        ('response_total{direction="outbound",grpc_status="12"} 5', ""),
        ('grpc_server_handled_total{grpc_service="a",grpc_code="DeadlineExceeded"} 5', "DEADLINE_EXCEEDED"),
        ('grpc_server_handled_total{grpc_service="a",grpc_code="NotFound"} 5', ""),
        ('grpc_server_handled_total{grpc_service="grpc.health.v1.Health",grpc_code="Unknown"} 5', ""),
        ('grpc_server_call_duration_seconds_count{grpc_method="a/b",grpc_status="DATA_LOSS"} 5', "DATA_LOSS"),
        ('rpc_server_call_duration_seconds_count{rpc_method="a/b",rpc_response_status_code="UNKNOWN"} 5', "UNKNOWN"),
        ('rpc_server_duration_milliseconds_count{rpc_service="a",rpc_grpc_status_code="13"} 5', "INTERNAL"),
        ("go_goroutines 12", ""),
    ],
)  # fmt: skip
def test_what_counts_as_a_failure_of_the_server(line: str, failed: str) -> None:
    assert figures(f"{line}\n").failed == ({failed: 5} if failed else {})


def test_failures_are_those_of_the_surest_series_and_no_others() -> None:
    own = 'grpc_server_handled_total{grpc_service="a",grpc_code="Unavailable"} 9\n'

    failing, well = (f"{ISTIO % ('destination', code)}\n" for code in (14, 0))

    assert figures(failing + well + failing + own).failed == {"UNAVAILABLE": 10}
    assert figures(well + own).failed == {}
    assert figures(own) == Figures({"grpc_server_handled_total": 9}, {"UNAVAILABLE": 9})
