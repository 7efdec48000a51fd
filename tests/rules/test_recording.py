"""What the rules say, without Prometheus."""

from __future__ import annotations

import re

import pytest
import yaml
from echo_server import told

from lbdemo.cli.main import load
from lbdemo.durations import seconds
from lbdemo.promql import span
from lbdemo.rules.origins import ORIGINS
from lbdemo.rules.recording import ALERT, calls_for


def printed(*arguments: str) -> str:
    code, out, err = told("rules", "--service", "payments", "-n", "shop", *arguments)
    assert code == 0, err
    return out


def test_the_command_offers_the_counters_that_there_are() -> None:
    [offered] = [option.help for option in load("rules").params if option.name == "counters"]

    assert f"Whose counters: {', '.join(ORIGINS)};" in offered


@pytest.mark.parametrize(("peak", "calls"), [(1.5, 100), (2.0, 25), (1.2, 626)])
def test_the_nearer_to_fair_the_more_calls_an_alert_takes(peak: float, calls: int) -> None:
    assert calls_for(peak) == calls


@pytest.mark.parametrize("text", ["1ms", "1500ms", "90s", "5m", "2h"])
def test_durations_are_written_as_they_are_read(text: str) -> None:
    assert span(seconds(text)) == text


def test_each_rule_is_of_this_service_only() -> None:
    rules = yaml.safe_load(printed())["groups"][0]["rules"]

    assert [rule["labels"]["service"] for rule in rules if "record" in rule] == ["payments"] * 6
    used = [name for rule in rules for name in re.findall(r"lbdemo_\w+:\w+:\w+[^ ]*", rule["expr"])]
    assert used
    assert all('{namespace="shop",' in name for name in used), "another service's would be taken along"


def test_an_operators_object_holds_the_same_groups() -> None:
    found = yaml.safe_load(printed("-o", "prometheusrule"))

    assert (found["kind"], found["metadata"]) == ("PrometheusRule", {"name": "lbdemo-payments", "namespace": "shop"})
    assert found["spec"] == yaml.safe_load(printed())


def test_counters_and_pods_may_be_named() -> None:
    text = printed("--counters", "grpc", "--pods", r'pay"\d+')

    assert "istio_requests_total" not in text
    assert yaml.safe_load(text)["groups"][0]["rules"][0]["expr"].count(r'pod=~"pay\"\\d+"') == 2


def test_the_alert_is_as_patient_as_one_is_told() -> None:
    alert = yaml.safe_load(printed("--alert-after", "30m", "--peak", "2", "--window", "10m"))["groups"][0]["rules"][-1]

    assert (alert["alert"], alert["for"]) == (ALERT, "30m")
    assert "> 2 and" in alert["expr"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--service", "payments"], "in which namespace"),
        (["--service", "Payments", "-n", "shop"], "cannot be a Service's name"),
        (["--service", "payments", "-n", "shop", "--pods", "("], "no regular expression"),
        (["--service", "payments", "-n", "shop", "--window", "10s"], "shorter than 60 s"),
        (["--service", "payments", "-n", "shop", "--peak", "1"], "not above 1"),
        (["--service", "payments", "-n", "shop", "--counters", "nginx"], "--counters 'nginx' is unknown"),
    ],
)
def test_what_makes_no_rules_is_refused(arguments: list[str], said: str) -> None:
    code, out, err = told("rules", *arguments)

    assert (code, out) == (2, "")
    assert said in err
