"""The rules in Prometheus' own hands: its promtool checks them, and plays counters to them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from lbdemo.rules.document import rule_file, to_yaml
from lbdemo.rules.origins import ORIGINS, Service
from lbdemo.rules.recording import ALERT, CALLS, PEAK, PINNED, PODS, SHARE, Wanted

pytestmark = pytest.mark.prometheus

SHOP = Service("payments", "shop", "payments-.+")
OF = 'namespace="shop", service="payments"'
GRPC = 'grpc_server_started_total{{namespace="shop", pod="{pod}", grpc_service="{service}"}}'
COUNTERS = {
    "grpc": GRPC.replace("{service}", "shop.Payments"),
    "otel": 'grpc_server_call_started_total{{namespace="shop", pod="{pod}", grpc_method="shop.Payments/Pay"}}',
    "istio": 'istio_requests_total{{reporter="destination", destination_service_name="payments", '
    'destination_service_namespace="shop", request_protocol="grpc", namespace="shop", pod="{pod}"}}',
    "linkerd": 'request_total{{direction="inbound", namespace="shop", pod="{pod}"}}',
}


def scraped(*pods: str) -> list[dict[str, str]]:
    return [{"series": f'up{{namespace="shop", pod="{pod}"}}', "values": "1+0x60"} for pod in pods]


def counted(origin: str, **a_minute: int) -> list[dict[str, str]]:
    """So many calls a minute by pod."""
    return [
        {"series": COUNTERS[origin].format(pod=f"payments-{pod}"), "values": f"0+{calls}x60"}
        for pod, calls in a_minute.items()
    ]


def value(expression: str, *samples: tuple[str, float]) -> dict[str, Any]:
    told = [{"labels": labels, "value": number} for labels, number in samples]
    return {"expr": expression, "eval_time": "40m", "exp_samples": told}


def of_service(record: str, number: float) -> dict[str, Any]:
    return value(f"round({record}, 0.001)", (f"{{{OF}}}", number))


def shares(**by_pod: float) -> dict[str, Any]:
    return value(
        f"round({SHARE}, 0.001)",
        *((f'{{namespace="shop", pod="payments-{pod}", service="payments"}}', share) for pod, share in by_pod.items()),
    )


def alerts(uneven: bool) -> list[dict[str, Any]]:
    expected = [{"exp_labels": {"severity": "warning", "namespace": "shop", "service": "payments"}}] if uneven else []
    early: list[Any] = []
    return [
        {"alertname": ALERT, "eval_time": "14m", "exp_alerts": early},
        {"alertname": ALERT, "eval_time": "40m", "exp_alerts": expected},
    ]


def played(
    folder: Path, series: Sequence[Mapping[str, str]], values: Sequence[Any], fires: bool, *origins: str
) -> None:
    """Lets promtool play the series, and compare; the words of an alert are left to others."""
    rules = rule_file(Wanted(SHOP, origins or tuple(ORIGINS)))
    rules["groups"][0]["rules"][-1].pop("annotations")
    (folder / "rules.yaml").write_text(to_yaml(rules))
    test = {
        "rule_files": ["rules.yaml"], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": list(series), "promql_expr_test": list(values),
                   "alert_rule_test": alerts(fires)}],
    }  # fmt: skip
    (folder / "test.yaml").write_text(yaml.safe_dump(test))
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("origin", COUNTERS)
def test_one_pod_with_all_calls_is_pinned_and_told(origin: str, tmp_path: Path) -> None:
    series = [*scraped("payments-a", "payments-b", "payments-c"), *counted(origin, a=600)]
    values = [
        shares(a=1, b=0, c=0), of_service(PEAK, 3), of_service(PINNED, 1), of_service(PODS, 3),
        of_service(CALLS, 3000),
    ]  # fmt: skip

    played(tmp_path, series, values, True)


@pytest.mark.parametrize("origin", COUNTERS)
def test_even_pods_are_no_news(origin: str, tmp_path: Path) -> None:
    series = [*scraped("payments-a", "payments-b"), *counted(origin, a=600, b=600)]

    played(tmp_path, series, [shares(a=0.5, b=0.5), of_service(PEAK, 1), of_service(PINNED, 0)], False)


def test_a_pod_that_has_both_counters_counts_once(tmp_path: Path) -> None:
    series = [*counted("grpc", a=600, b=600), *counted("istio", a=900, b=300)]

    played(tmp_path, series, [shares(a=0.5, b=0.5), of_service(CALLS, 6000)], False)


def test_few_calls_are_chance(tmp_path: Path) -> None:
    series = [*scraped("payments-a", "payments-b"), *counted("grpc", a=19)]

    played(tmp_path, series, [of_service(PINNED, 1), of_service(CALLS, 95)], False)


def test_one_pod_is_all_there_is(tmp_path: Path) -> None:
    played(tmp_path, [*scraped("payments-a"), *counted("grpc", a=6000)], [of_service(PODS, 1)], False)


def test_health_checks_and_other_services_pods_are_left_out(tmp_path: Path) -> None:
    others = [("payments-b", "grpc.health.v1.Health"), ("checkout-a", "shop.Checkout")]
    more = [{"series": GRPC.format(pod=pod, service=service), "values": "0+600x60"} for pod, service in others]

    played(
        tmp_path, [*scraped("payments-b", "checkout-a"), *counted("grpc", a=600), *more],
        [shares(a=1, b=0)], True,
    )  # fmt: skip


def test_a_pod_that_is_down_is_not_missed(tmp_path: Path) -> None:
    down = {"series": 'up{namespace="shop", pod="payments-c"}', "values": "0+0x60"}

    played(
        tmp_path, [*scraped("payments-a", "payments-b"), down, *counted("grpc", a=600, b=600)], [of_service(PODS, 2)],
        False,
    )  # fmt: skip


def test_silence_has_no_shares(tmp_path: Path) -> None:
    played(tmp_path, scraped("payments-a", "payments-b"), [value(SHARE), value(PEAK), of_service(CALLS, 0)], False)
