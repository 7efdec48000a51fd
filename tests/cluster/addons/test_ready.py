"""The wait for add-ons names each that does not come; one hides no other."""

from __future__ import annotations

from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeRun, tools

from lbdemo.cluster.addons.ready import AwaitAddons, Wanted
from lbdemo.cluster.kernel import labels
from lbdemo.errors import NotReadyError

NAMES = ("kiali", "jaeger")
WAIT = AwaitAddons("lbdemo", NAMES, "", 60.0, addons=tuple(Wanted(name, (name,)) for name in NAMES))


def objects(name: str, *, waiting: str = "") -> list[dict[str, Any]]:
    """A deployment, its ReplicaSet and its pod: ready, or with an image that cannot be had."""
    marks = {labels.PART_OF: "lbdemo", labels.ADDON: name}
    hashed = {**marks, "pod-template-hash": "abc"}
    note = {"deployment.kubernetes.io/revision": "1"}
    meta = {"namespace": "lbdemo", "annotations": note}
    ready = 0 if waiting else 1
    status = {"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": ready, "replicas": 1}
    state = {"waiting": {"reason": waiting, "message": "manifest unknown"}} if waiting else {"running": {}}
    return [
        {"kind": "Deployment", "metadata": {**meta, "name": name, "labels": marks, "generation": 1},
         "spec": {"replicas": 1}, "status": status},
        {"kind": "ReplicaSet", "metadata": {**meta, "name": f"{name}-abc", "labels": hashed}},
        {"kind": "Pod", "metadata": {"namespace": "lbdemo", "name": f"{name}-abc-1", "labels": hashed},
         "spec": {"containers": [{"name": name}]}, "status": {"containerStatuses": [{"name": name, "state": state}]}},
    ]  # fmt: skip


def noted(run: FakeRun, *names: str) -> FakeRun:
    for name in names:
        run.on(f"kubectl -n lbdemo label --overwrite deployment/{name} lbdemo/generation=1")
    return run


def test_all_that_come_are_noted_as_they_were_left() -> None:
    api = FakeApi().add(*objects("kiali"), *objects("jaeger"))
    with api, noted(FakeRun(), *NAMES) as run:
        WAIT.run(tools(run, api=api.api()), lambda _: None)


def test_each_that_does_not_come_is_named_with_the_reason_and_the_others_are_not() -> None:
    api = FakeApi().add(*objects("kiali", waiting="ErrImagePull"), *objects("jaeger"))
    with api, noted(FakeRun(), "jaeger") as run, pytest.raises(NotReadyError) as late:
        WAIT.run(tools(run, api=api.api()), lambda _: None)

    assert late.value.message.splitlines() == [
        "kiali of the add-ons not ready: ",
        "  kiali: pod kiali-abc-1, container kiali: ErrImagePull: manifest unknown",
    ]
    assert "--addons-from FOLDER" in late.value.hint


def test_what_they_are_doing_is_told_in_one_line_without_the_details() -> None:
    told: list[str] = []
    api = FakeApi().add(*objects("kiali", waiting="ErrImagePull"), *objects("jaeger", waiting="ErrImagePull"))
    with api, pytest.raises(NotReadyError, match="kiali and jaeger of the add-ons not ready"):
        WAIT.run(tools(FakeRun(), api=api.api()), told.append)

    assert not any("manifest unknown" in line for line in told)
