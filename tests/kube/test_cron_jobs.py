"""Of a CronJob's commands only what they restart is read."""

from __future__ import annotations

from typing import Any

import pytest

from lbdemo.kube.records.workloads import parse_cron_job


def job(*args: str, **spec: Any) -> dict[str, Any]:
    pod = {"containers": [{"command": ["sh", "-c"], "args": list(args)}]}
    told = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}, **spec}
    return {"kind": "CronJob", "metadata": {"namespace": "shop", "name": "nightly"}, "spec": told}


@pytest.mark.parametrize(
    ("said", "restarts"),
    [
        ("kubectl rollout restart deployment/checkout", ("deployment/checkout",)),
        ("kubectl -n shop rollout restart deploy checkout && echo done", ("deployment/checkout",)),
        ("kubectl rollout restart -n shop deployment checkout", ("deployment/checkout",)),
        ("kubectl rollout restart --namespace=shop deployments.apps/checkout", ("deployment/checkout",)),
        ("kubectl rollout restart sts/ledger; kubectl rollout restart ds/agent", ("statefulset/ledger",
                                                                                  "daemonset/agent")),
        ("kubectl rollout status deployment/checkout", ()),
        ("backup --token=hunter2", ()),
    ],
)  # fmt: skip
def test_what_its_commands_restart(said: str, restarts: tuple[str, ...]) -> None:
    assert parse_cron_job(job(said)).restarts == restarts


def test_when_it_runs_and_that_it_does_not() -> None:
    assert (parse_cron_job(job()).schedule, parse_cron_job(job()).suspended) == ("0 3 * * *", False)
    assert parse_cron_job(job(suspend=True)).suspended
