"""A container that is added to look: what it asks for, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from diagnose import shops
from fake_api import FakeApi
from fakes import FakeRun

from lbdemo.diagnose.collect.asked import Means
from lbdemo.diagnose.collect.exec_looks import running
from lbdemo.diagnose.collect.probe import READY, Probed, probed, specification
from lbdemo.kube.answers import Why
from lbdemo.kube.kinds import PODS
from lbdemo.tools.kubectl import Kubectl

POD = {
    "kind": "Pod", "metadata": {"name": "payments-a", "namespace": "shop"},
    "spec": {"containers": [{"name": "app", "image": "app:1"}]},
    "status": {"phase": "Running", "containerStatuses": [{"name": "app", "state": {"running": {}}}]},
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi().add(POD) as fake:
        yield fake


def tried(server: FakeApi, then: Callable[[dict[str, Any]], dict[str, Any]]) -> Probed:
    """Adds a probe; while it is waited for, the kubelet says of it what `then` makes of its specification."""
    time = [0.0]

    def wait(seconds: float) -> None:
        time[0] += seconds
        found = server.there(PODS, "payments-a", "shop")
        assert found
        added = found["spec"]["ephemeralContainers"][-1]
        server.put(PODS, {**found, "status": {**found["status"], "ephemeralContainerStatuses": [then(added)]}})

    with FakeRun() as run:
        means = Means(server.api(), Kubectl(run))
        return probed(means, [shops.pod("payments-a", "10.0.0.1")], "probe:1", lambda: time[0], wait)


def test_a_probe_that_runs_is_one_more_container_to_look_with(server: FakeApi) -> None:
    found = tried(server, lambda added: {"name": added["name"], "state": {"running": {}}})

    (pod,) = found.pods
    assert found.unseen == ()
    assert [container.name.rpartition("-")[0] for container in running(pod)] == ["", "lbdemo-probe"]
    assert server.asked.count("PATCH /api/v1/namespaces/shop/pods/payments-a/ephemeralcontainers") == 1


def test_it_asks_for_nothing_that_a_restricted_pod_security_refuses() -> None:
    security = specification("probe:1", "x")["securityContext"]

    assert security == {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True,
        "runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "why", "words"),
    [
        ({"waiting": {"reason": "ErrImagePull", "message": "no such image"}}, Why.REFUSED, "no such image"),
        ({"terminated": {"exitCode": 127, "message": "no python3"}}, Why.REFUSED, "exit code 127"),
        ({"waiting": {"reason": "ContainerCreating"}}, Why.TIMED_OUT, "ContainerCreating"),
    ],
)
def test_one_that_does_not_run_says_why(server: FakeApi, state: dict[str, Any], why: Why, words: str) -> None:
    found = tried(server, lambda added: {"name": added["name"], "state": state})

    (unseen,) = found.unseen
    assert (found.pods, unseen.why) == ((), why)
    assert words in unseen.detail
    assert READY < 120


def test_who_may_not_is_told_the_right(server: FakeApi) -> None:
    server.forbid("patch", "pods/ephemeralcontainers")

    (unseen,) = tried(server, lambda added: {"name": added["name"]}).unseen

    assert (unseen.why, str(unseen.right)) == (Why.FORBIDDEN, "patch pods/ephemeralcontainers in namespace shop")


def test_what_it_does_is_said_before_it_is_done(server: FakeApi) -> None:
    said: list[str] = []
    server.forbid("patch", "pods/ephemeralcontainers")
    with FakeRun() as run:
        probed(Means(server.api(), Kubectl(run), said.append), [shops.pod("payments-a")], "probe:1")

    assert said == ["adding a container of probe:1 to 1 pod: it stays in its specification until it ends"]
