"""A pod that will never start is told by its own reason; what heals by waiting is waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeClock, FakeRun, failure, tools
from worlds import converged, deployment, pod, replica_set

from lbdemo.cluster.istio.sidecars import sidecar
from lbdemo.cluster.kernel.objects import Objects
from lbdemo.cluster.kernel.readiness import PATIENCE, complete, problems, progress
from lbdemo.cluster.kernel.waiting import await_rollout, hopeless
from lbdemo.errors import NotReadyError
from lbdemo.kube.records.meta import Condition
from lbdemo.kube.records.pods import Container, Pod, parse_pod


def world(*pods: Pod) -> Objects:
    return Objects(pods, (deployment("echo-server", 2),), replica_sets=(replica_set("echo-server"),))


def waits(reason: str, message: str = "", **more: object) -> Container:
    return replace(Container("echo", "i", waiting=reason, message=message), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "reason", ["ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "RunContainerError"]
)
def test_hopeless_reasons_are_told_at_once(reason: str) -> None:
    found = problems(world(pod("echo-server-abc-1", "echo-server", container=waits(reason, "why"))))

    assert [(p.reason, p.message, p.patience) for p in found] == [(reason, "why", 0.0)]


def test_a_crash_loop_is_told_with_its_exit_code() -> None:
    crashed = waits("CrashLoopBackOff", exit_code=3, exit_reason="Error", restarts=2)

    found = problems(world(pod("echo-server-abc-1", "echo-server", container=crashed)))

    assert "exit code 3 (Error), 2 restarts" in str(found[0])


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff"])
@pytest.mark.parametrize(
    ("message", "patience"),
    [("x: not found", 0.0), ("no match for platform", 0.0), ("i/o timeout", PATIENCE.pull),
     ("401 Unauthorized", PATIENCE.pull), ("Back-off pulling image", PATIENCE.pull)],
)  # fmt: skip
def test_a_failed_pull_gets_a_second_try_only_if_that_can_help(reason: str, message: str, patience: float) -> None:
    found = problems(world(pod("echo-server-abc-1", "echo-server", container=waits(reason, message))))

    assert found[0].patience == patience


@pytest.mark.parametrize(("restarts", "patience"), [(0, PATIENCE.crash), (1, PATIENCE.crash), (2, 0.0)])
def test_a_crash_is_final_when_the_kubelet_backs_off_for_the_second_time(restarts: int, patience: float) -> None:
    crashed = waits("CrashLoopBackOff", exit_code=1, restarts=restarts)

    found = problems(world(pod("echo-server-abc-1", "echo-server", container=crashed)))

    assert found[0].patience == patience


def test_starting_is_no_problem() -> None:
    assert problems(world(pod("echo-server-abc-1", "echo-server", container=waits("ContainerCreating")))) == []


def test_broken_pods_of_an_older_rollout_do_not_count() -> None:
    old = pod("echo-server-old-1", "echo-server", hash_="old", container=waits("CrashLoopBackOff"))
    objects = replace(world(old), replica_sets=(replica_set("echo-server", "old", "0"), replica_set("echo-server")))

    assert problems(objects) == []


def test_no_node_and_no_quota_are_told_after_a_while() -> None:
    waiting = pod("echo-server-abc-1", "echo-server", container=waits(""))
    homeless = replace(waiting, conditions=(Condition("PodScheduled", "False", "Unschedulable", "0/1 nodes"),))
    refused = replace(
        deployment("echo-server", 2),
        conditions=(Condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota"),),
    )

    found = problems(replace(world(homeless), deployments=(refused,)))

    assert {p.reason for p in found} == {"Unschedulable", "FailedCreate"}
    assert {p.reason: p.patience for p in found} == {
        "Unschedulable": PATIENCE.scheduling, "FailedCreate": PATIENCE.creation,
    }  # fmt: skip


def test_only_new_pods_count_as_ready() -> None:
    rolling = replace(deployment("echo-server", 2), total=4, available=4, updated=2)
    objects = replace(world(pod("echo-server-old-1", "echo-server", hash_="old")), deployments=(rolling,))

    assert progress(objects) == "echo-server 0/2 ready, 2 old to go"
    assert not complete(objects, ["echo-server"])


def test_a_rollout_is_complete_when_every_named_deployment_is() -> None:
    objects = converged().objects

    assert complete(objects, ["echo-server", "echo-client"])
    assert not complete(objects, ["echo-server", "nobody"])


def listed(*items: dict[str, object]) -> dict[str, object]:
    return {"items": list(items)}


def raw_deployment(*, ready: bool) -> dict[str, object]:
    count = 1 if ready else 0
    return {
        "kind": "Deployment",
        "metadata": {"name": "d", "generation": 1, "annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": count},
    }


def raw_pod(reason: str, message: str) -> dict[str, object]:
    return {
        "kind": "Pod",
        "metadata": {"name": "d-h-1", "labels": {"pod-template-hash": "h"}},
        "spec": {"containers": [{"name": "echo", "image": "i"}]},
        "status": {
            "containerStatuses": [{"name": "echo", "state": {"waiting": {"reason": reason, "message": message}}}]
        },
    }


SET: dict[str, object] = {
    "kind": "ReplicaSet",
    "metadata": {
        "name": "d-h",
        "labels": {"pod-template-hash": "h"},
        "annotations": {"deployment.kubernetes.io/revision": "1"},
    },
}


def test_waiting_ends_when_the_rollout_is_over() -> None:
    with FakeRun().on("rollout", always=True).on("get", answer=listed(raw_deployment(ready=False))) as run:
        run.on("get", answer=listed(raw_deployment(ready=True)))
        said: list[str] = []

        await_rollout(tools(run), "ns", ["d"], "s", 60, said.append)

    assert said == ["d 0/1 ready"]


def test_waiting_ends_at_once_when_a_pod_cannot_start() -> None:
    items = listed(raw_deployment(ready=False), SET, raw_pod("ImagePullBackOff", "image not found"))

    with (
        FakeRun().on("rollout", always=True).on("get", answer=items) as run,
        pytest.raises(NotReadyError, match="image not found") as caught,
    ):
        await_rollout(tools(run), "ns", ["d"], "s", 60, lambda _: None)

    assert "--registry" in caught.value.hint


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull"])
@pytest.mark.parametrize(
    ("container", "option"), [("echo", "--registry"), ("envoy", "--envoy-image"), ("istio-proxy", "--istio-values")]
)
def test_the_hint_says_where_the_missing_image_comes_from(reason: str, container: str, option: str) -> None:
    waiting = waits(reason, "image not found", name=container)
    (problem, *_) = problems(world(pod("echo-server-abc-1", "echo-server", container=waiting)))

    error = hopeless(tools(FakeRun()), "ns", ["d"], problem)

    assert option in error.hint


def test_waiting_has_an_end_and_tells_the_last_state() -> None:
    waiting = listed(raw_deployment(ready=False))
    run = FakeRun().on("rollout", always=True).on("deployments,replicasets,pods", answer=waiting, always=True)
    run.on("events", answer=listed(), always=True)

    with pytest.raises(NotReadyError, match="d 0/1 ready"):
        await_rollout(tools(run, FakeClock(step=20)), "ns", ["d"], "s", 60, lambda _: None)


def test_a_pull_that_backs_off_is_final_when_a_second_try_must_have_failed_too() -> None:
    items = listed(raw_deployment(ready=False), SET, raw_pod("ImagePullBackOff", "i/o timeout"))
    run = FakeRun().on("rollout", always=True).on("deployments,replicasets,pods", answer=items, always=True)
    run.on("events", answer=listed(), always=True)
    clock = FakeClock(step=1)

    with pytest.raises(NotReadyError, match="cannot become ready"):
        await_rollout(tools(run, clock), "ns", ["d"], "s", 300, lambda _: None)

    assert PATIENCE.pull <= clock.now < PATIENCE.pull + 10


def unscheduled() -> dict[str, object]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    return {**raw_pod("", ""), "status": {"conditions": [condition]}}


@pytest.mark.parametrize("said", ["TriggeredScaleUp", "Nominated", "NotTriggerScaleUp", ""])
def test_an_autoscaler_that_makes_a_node_is_believed(said: str) -> None:
    items = listed(raw_deployment(ready=False), SET, unscheduled())
    about = {"kind": "Pod", "name": "d-h-1"}
    events = listed({"kind": "Event", "involvedObject": about, "reason": said, "message": "pod triggered scale-up"})
    run = FakeRun().on("rollout", always=True).on("deployments,replicasets,pods", answer=items, always=True)
    run.on("events", "involvedObject.name=d-h-1", answer=events if said else listed(), always=True)
    run.on("events", "type=Warning", answer=listed(), always=True)
    clock = FakeClock(step=1)

    with pytest.raises(NotReadyError) as caught:
        await_rollout(tools(run, clock), "ns", ["d"], "s", 100, lambda _: None)

    comes = said in {"TriggeredScaleUp", "Nominated"}
    assert ("not ready after 100 s" in caught.value.message) is comes, "as long as --timeout, and no longer"
    assert (clock.now >= 100) is comes
    assert clock.now >= PATIENCE.scheduling
    assert "0/3 nodes" in caught.value.message


def warning(pod: str, message: str, minute: int) -> dict[str, object]:
    about = {"kind": "Pod", "name": pod}
    return {
        "kind": "Event", "involvedObject": about, "reason": "Unhealthy", "message": message,
        "lastTimestamp": f"2026-01-02T03:{minute:02}:00Z",
    }  # fmt: skip


def test_a_pod_that_runs_and_does_not_become_ready_is_told_with_the_newest_warning_about_it() -> None:
    items = listed(raw_deployment(ready=False), SET, raw_pod("", ""))
    events = listed(
        warning("d-h-1", "Readiness probe failed:\nservice unhealthy", 5),
        warning("d-h-1", "Readiness probe failed: older", 4),
        warning("other-1", "of another pod", 6),
    )
    run = FakeRun().on("rollout", always=True).on("deployments,replicasets,pods", answer=items, always=True)
    run.on("events", "--field-selector", "type=Warning", answer=events, always=True)

    with pytest.raises(NotReadyError) as caught:
        await_rollout(tools(run, FakeClock(step=20)), "ns", ["d"], "s", 60, lambda _: None)

    assert caught.value.message.endswith("pod d-h-1: Unhealthy: Readiness probe failed: service unhealthy")


def test_events_that_may_not_be_read_keep_nobody_from_waiting() -> None:
    items = listed(raw_deployment(ready=False), SET, raw_pod("", ""))
    run = FakeRun().on("rollout", always=True).on("deployments,replicasets,pods", answer=items, always=True)
    run.on("events", answer=failure("Error from server (Forbidden): events is forbidden"), always=True)

    with pytest.raises(NotReadyError, match="d 0/1 ready"):
        await_rollout(tools(run, FakeClock(step=20)), "ns", ["d"], "s", 60, lambda _: None)


def test_a_native_sidecar_is_found_among_the_init_containers() -> None:
    document = {
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {
            "initContainers": [{"name": "istio-proxy", "restartPolicy": "Always"}],
            "containers": [{"name": "echo"}],
        },
    }

    assert sidecar(parse_pod(document)) is not None
