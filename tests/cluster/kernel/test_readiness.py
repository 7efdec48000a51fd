"""A pod that will never start is told by its own reason; what heals by waiting is waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fake_api import FakeApi
from fake_api_http import Handler
from fakes import FakeClock, FakeRun, tools
from worlds import converged, deployment, pod, replica_set

from lbdemo.cluster.istio.sidecars import sidecar
from lbdemo.cluster.kernel.objects import Objects
from lbdemo.cluster.kernel.readiness import PATIENCE, complete, problems, progress
from lbdemo.cluster.kernel.waiting import await_rollout, hopeless
from lbdemo.errors import NotReadyError
from lbdemo.kube.kinds import PODS
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


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def wait(server: FakeApi, step: float = 20, timeout: float = 60, clock: FakeClock | None = None) -> list[str]:
    """Waits for deployment d; returns what was said meanwhile. The clock moves by `step` at each look."""
    said: list[str] = []
    await_rollout(tools(FakeRun(), clock or FakeClock(step), server.api()), "ns", ["d"], "app=d", timeout, said.append)
    return said


def raw_deployment(*, ready: bool) -> dict[str, object]:
    count = 1 if ready else 0
    return {
        "kind": "Deployment",
        "metadata": {
            "name": "d",
            "namespace": "ns",
            "labels": {"app": "d"},
            "generation": 1,
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        },
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": count},
    }


def raw_pod(reason: str, message: str) -> dict[str, object]:
    return {
        "kind": "Pod",
        "metadata": {"name": "d-h-1", "namespace": "ns", "labels": {"pod-template-hash": "h", "app": "d"}},
        "spec": {"containers": [{"name": "echo", "image": "i"}]},
        "status": {
            "containerStatuses": [{"name": "echo", "state": {"waiting": {"reason": reason, "message": message}}}]
        },
    }


SET: dict[str, object] = {
    "kind": "ReplicaSet",
    "metadata": {
        "name": "d-h",
        "namespace": "ns",
        "labels": {"pod-template-hash": "h", "app": "d"},
        "annotations": {"deployment.kubernetes.io/revision": "1"},
    },
}


def test_waiting_ends_as_soon_as_the_rollout_is_over(server: FakeApi) -> None:
    server.add(raw_deployment(ready=False))
    threading.Timer(0.1, lambda: server.add(raw_deployment(ready=True))).start()

    assert wait(server, step=0) == ["d 0/1 ready"]

    assert sum("watch=true" in line for line in server.asked) == 1


def test_who_may_not_watch_looks_now_and_then(server: FakeApi) -> None:
    server.add(raw_deployment(ready=False)).forbid("watch", "deployments.apps")

    def becomes_ready(handler: Handler) -> None:
        server.add(raw_deployment(ready=True))
        handler.do_list(PODS)

    server.once("list", "pods", becomes_ready)

    assert wait(server, step=0) == ["d 0/1 ready"]


def test_waiting_ends_at_once_when_a_pod_cannot_start(server: FakeApi) -> None:
    server.add(raw_deployment(ready=False), SET, raw_pod("ImagePullBackOff", "image not found"))

    with pytest.raises(NotReadyError, match="image not found") as caught:
        wait(server)

    assert "--registry" in caught.value.hint


def test_what_a_crashed_container_said_last_is_told(server: FakeApi) -> None:
    server.add(raw_deployment(ready=False), SET, raw_pod("CrashLoopBackOff", ""))
    server.on_stream("d-h-1", {"previous": "true", "tailLines": "5"}, pieces=[b"no such file\n"])

    with pytest.raises(NotReadyError, match=r"\| no such file"):
        wait(quick(server), timeout=600)


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull"])
@pytest.mark.parametrize(
    ("container", "option"), [("echo", "--registry"), ("envoy", "--envoy-image"), ("istio-proxy", "--istio-values")]
)
def test_the_hint_says_where_the_missing_image_comes_from(reason: str, container: str, option: str) -> None:
    waiting = waits(reason, "image not found", name=container)
    (problem, *_) = problems(world(pod("echo-server-abc-1", "echo-server", container=waiting)))

    error = hopeless(tools(FakeRun()), "ns", ["d"], problem)

    assert option in error.hint


def test_waiting_has_an_end_and_tells_the_last_state(server: FakeApi) -> None:
    server.add(raw_deployment(ready=False))

    with pytest.raises(NotReadyError, match="d 0/1 ready"):
        wait(quick(server))


def quick(server: FakeApi) -> FakeApi:
    """Its watches end at once."""
    for _ in range(400):
        server.on_stream("deployments")
    return server


def test_a_pull_that_backs_off_is_final_when_a_second_try_must_have_failed_too(server: FakeApi) -> None:
    server.add(raw_deployment(ready=False), SET, raw_pod("ImagePullBackOff", "i/o timeout"))
    clock = FakeClock(step=1)

    with pytest.raises(NotReadyError, match="cannot become ready"):
        wait(quick(server), timeout=300, clock=clock)

    assert PATIENCE.pull <= clock.now < PATIENCE.pull + 10


def unscheduled() -> dict[str, object]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    return {**raw_pod("", ""), "status": {"conditions": [condition]}}


@pytest.mark.parametrize("said", ["TriggeredScaleUp", "Nominated", "NotTriggerScaleUp", ""])
def test_an_autoscaler_that_makes_a_node_is_believed(server: FakeApi, said: str) -> None:
    server.add(raw_deployment(ready=False), SET, unscheduled())
    if said:
        server.add(event("d-h-1", said, "pod triggered scale-up", 1))
    clock = FakeClock(step=1)

    with pytest.raises(NotReadyError) as caught:
        wait(quick(server), timeout=100, clock=clock)

    comes = said in {"TriggeredScaleUp", "Nominated"}
    assert ("not ready after 100 s" in caught.value.message) is comes, "as long as --timeout, and no longer"
    assert (clock.now >= 100) is comes
    assert clock.now >= PATIENCE.scheduling
    assert "0/3 nodes" in caught.value.message


def event(pod: str, reason: str, message: str, minute: int, *, type_: str = "Normal") -> dict[str, object]:
    return {
        "kind": "Event", "metadata": {"name": f"{pod}.{minute}", "namespace": "ns"}, "type": type_,
        "involvedObject": {"kind": "Pod", "name": pod}, "reason": reason, "message": message,
        "lastTimestamp": f"2026-01-02T03:{minute:02}:00Z",
    }  # fmt: skip


def warning(pod: str, message: str, minute: int) -> dict[str, object]:
    return event(pod, "Unhealthy", message, minute, type_="Warning")


def test_a_pod_that_runs_and_does_not_become_ready_is_told_with_the_newest_warning_about_it(server: FakeApi) -> None:
    server.add(
        raw_deployment(ready=False), SET, raw_pod("", ""),
        warning("d-h-1", "Readiness probe failed:\nservice unhealthy", 5),
        warning("d-h-1", "Readiness probe failed: older", 4),
        event("d-h-1", "Started", "no warning", 6),
    )  # fmt: skip

    with pytest.raises(NotReadyError) as caught:
        wait(quick(server))

    assert caught.value.message.endswith("pod d-h-1: Unhealthy: Readiness probe failed: service unhealthy")


def test_other_peoples_events_are_not_fetched(server: FakeApi) -> None:
    server.add(*(warning(f"other-{number}", "x" * 1000, 1) for number in range(100)))
    server.add(raw_deployment(ready=False), SET, raw_pod("", ""))

    with pytest.raises(NotReadyError):
        wait(quick(server))

    assert server.sent < 50_000


def test_events_that_may_not_be_read_keep_nobody_from_waiting(server: FakeApi) -> None:
    server.add(raw_deployment(ready=False), SET, raw_pod("", "")).forbid("list", "events")

    with pytest.raises(NotReadyError, match="d 0/1 ready"):
        wait(quick(server))


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
