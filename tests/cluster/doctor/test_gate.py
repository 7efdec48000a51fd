"""What stops a command before it begins, and what does not."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeRun, tools
from silence import Silence
from worlds import CONFIG

from lbdemo.cluster.doctor.asked import Asked
from lbdemo.cluster.doctor.checks import CHECKS
from lbdemo.cluster.doctor.gate import GATES, error_of, patience, stop_unfit
from lbdemo.cluster.doctor.results import Result, failed
from lbdemo.cluster.install.fitness import fitness, fitness_of
from lbdemo.errors import MissingProgramError, OperationFailedError
from lbdemo.tools.kubectl import Context

HERE = Context("kind-a", "https://127.0.0.1:6443")
UP = Asked("up", HERE, "shop", "clusterip")
HOOK: dict[str, Any] = {
    "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "corp"},
    "webhooks": [{"name": "corp.example.com", "clientConfig": {"service": {"namespace": "corp", "name": "gate"}},
                  "rules": [{"resources": ["pods"], "operations": ["CREATE"]}]}],
}  # fmt: skip


def gate(server: FakeApi, asked: Asked = UP) -> None:
    stop_unfit(tools(FakeRun(), api=server.api()), asked)


def test_a_fit_cluster_lets_everybody_go_on() -> None:
    with FakeApi() as server:
        gate(server)


def test_a_webhook_that_would_refuse_our_pods_stops_up_with_the_command_that_removes_it() -> None:
    with FakeApi().add(HOOK) as server, pytest.raises(OperationFailedError, match="corp/gate, which is not there") as e:
        gate(server)

    assert "kubectl delete validatingwebhookconfiguration/corp" in e.value.hint


def test_who_may_not_see_webhooks_is_not_stopped() -> None:
    with FakeApi().add(HOOK).forbid("list", "*") as server:
        gate(server)


def test_a_server_that_is_away_stops_diagnose() -> None:
    with (
        FakeApi().proxy_says("dial tcp: connection refused") as server,
        pytest.raises(OperationFailedError, match="the API server does not answer"),
    ):
        gate(server, replace(UP, command="diagnose"))


def test_a_server_that_takes_questions_and_never_answers_stops_diagnose_soon() -> None:
    begun = time.monotonic()
    with Silence() as api, pytest.raises(OperationFailedError, match=r"timed out: no answer in 0\.3 s") as caught:
        stop_unfit(tools(FakeRun(), api=api), replace(UP, command="diagnose"), 0.3)

    assert time.monotonic() - begun < 3
    assert caught.value.exit_code == 5
    assert "--request-timeout" in caught.value.hint
    assert patience("diagnose") <= 5


def test_the_error_that_a_check_saw_keeps_its_exit_code() -> None:
    cause = MissingProgramError("no Docker daemon answers", "start Docker")

    assert error_of(Result("daemon", "docker", "why", failed("no", "start", cause))) is cause


def test_a_gate_names_checks_that_there_are_and_that_fit_the_command() -> None:
    for command, names in GATES.items():
        known = {check.name for check in CHECKS if command in check.commands}
        assert set(names) <= known


def test_what_the_doctor_is_asked_follows_from_command_and_strategy() -> None:
    assert fitness("up", HERE, "shop") == Asked("up", HERE, "shop")
    assert fitness("up", HERE, "shop", "istio") == Asked("up", HERE, "shop", "istio", mesh=True, sidecars=True)
    assert fitness("up", HERE, "shop", "xds").proxyless
    assert fitness("compare", HERE, "shop").namespace == "shop-clusterip"


def test_own_resources_are_known_by_what_is_set() -> None:
    assert not fitness_of("up", HERE, CONFIG).own_resources
    assert fitness_of("up", HERE, replace(CONFIG, sets=("resources.limits.cpu=1",))).own_resources
    assert not fitness_of("up", HERE, replace(CONFIG, sets=("nodeSelector.a=b",))).own_resources
