"""What a strategy costs: the proxies' memory and CPU by the kubelet's own figures, and none where none can be had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fakes import Answer, FakeClock, FakeRun, failure, tools
from worlds import CONFIG, installation, listed, pod

from lbdemo.cluster.trial.costs import after_load, before_load, megabytes, proxy_costs
from lbdemo.cluster.trial.usage import PROXIES, Usage, add_up, read_usage
from lbdemo.cluster.trial.verify import Installation
from lbdemo.config import ISTIO_NAMESPACE, UpConfig
from lbdemo.kube.records.pods import Container
from lbdemo.records import Costs
from lbdemo.tools.kubectl import Kubectl

AT = 1_767_323_045.0  # 2026-01-02T03:04:05Z
NONE_CAN_BE_HAD = failure('Error from server (Forbidden): nodes "node-1" is forbidden: User "ann" cannot get')
NO_PROXIES = Costs()
CONTAINER = Container("discovery", "pilot")


def container(name: str = "istio-proxy", memory: int = 30_000_000, cpu: float = 1.5, second: int = 5) -> dict[str, Any]:
    return {
        "name": name,
        "cpu": {"time": f"2026-01-02T03:04:{second:02}Z", "usageCoreNanoSeconds": int(cpu * 1e9)},
        "memory": {"time": "2026-01-02T03:04:59Z", "workingSetBytes": memory},
    }


def stats(*containers: dict[str, Any], namespace: str = "lbdemo") -> dict[str, Any]:
    return {"podRef": {"name": "p", "namespace": namespace}, "containers": list(containers)}


def summary(*pods: dict[str, Any]) -> dict[str, Any]:
    return {"node": {}, "pods": list(pods)}


def ask(node: str = "node-1") -> str:
    return f"kubectl get --raw /api/v1/nodes/{node}/proxy/stats/summary"


def kubelet(run: FakeRun, *answers: dict[str, Any], node: str = "node-1") -> FakeRun:
    for answer in answers:
        run.on(ask(node), answer=answer)
    return run


def config(strategy: str) -> UpConfig:
    return replace(CONFIG, strategy=strategy)


# The kubelet's figures


def test_the_named_containers_of_the_namespace_are_added_up() -> None:
    pods = [
        stats(container(second=9), container("echo", 99)),
        stats(container("envoy", 20_000_000, 0.25, second=7)),
        stats(container(memory=7), namespace="shop"),
    ]

    assert add_up(pods, "lbdemo", PROXIES) == Usage(2, 50_000_000, 1.75, AT + 2)


def test_a_container_that_was_not_measured_yet_does_not_count() -> None:
    new = {"name": "envoy", "cpu": {"time": "2026-01-02T03:04:05Z"}}
    silent = {"name": "envoy", "cpu": {"time": "2026-01-02T03:04:06Z"}, "memory": {}}

    assert add_up([stats(new), {"podRef": {}}], "lbdemo", PROXIES) == Usage(0, 0, 0.0, 0.0)
    assert add_up([stats(silent), {"podRef": {}, "containers": None}], "lbdemo", PROXIES) == Usage(1, 0, 0.0, AT + 1)


def test_every_node_is_asked_once() -> None:
    run = kubelet(FakeRun(), summary(stats(container())), node="a")

    with kubelet(run, summary(stats(container())), node="b"):
        found = read_usage(Kubectl(run), {"b", "a"}, "lbdemo", PROXIES)

    assert found is not None
    assert found.containers == 2


@pytest.mark.parametrize(
    "answer",
    [NONE_CAN_BE_HAD, "no JSON", summary({"podRef": "p"}), summary(stats({"name": "envoy", "cpu": {}, "memory": {}}))],
    ids=["forbidden", "garbled", "other words", "no time"],
)
def test_a_kubelet_that_cannot_be_asked_means_no_figures_at_all(answer: Answer) -> None:
    run = kubelet(FakeRun(), summary(stats(container())), node="a").on(ask("b"), answer=answer)

    with run:
        assert read_usage(Kubectl(run), {"a", "b"}, "lbdemo", PROXIES) is None


@pytest.mark.parametrize("answer", [{}, {"pods": None}])
def test_a_node_without_pods_uses_nothing(answer: dict[str, Any]) -> None:
    with kubelet(FakeRun(), answer) as run:
        assert read_usage(Kubectl(run), {"node-1"}, "lbdemo", PROXIES) == Usage(0, 0, 0.0, 0.0)


# Figures for the scoreboard


BEFORE = Usage(2, 40_000_000, 10.0, at=100.0)
AFTER = Usage(2, 51_260_000, 10.5, at=120.0)


def test_cpu_is_that_of_the_calls_between_the_two_readings() -> None:
    """0.5 s for 4 calls (99 and 121 s lie outside, 100 and 120 do not): 125 s for a thousand."""
    calls = [99.0, 100.0, 105.0, 110.0, 120.0, 121.0]

    assert proxy_costs(BEFORE, AFTER, calls) == Costs(
        proxies=2, proxy_memory_mb=51.3, proxy_cpu_ms_per_1000_calls=125_000.0
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, AFTER),
        (replace(BEFORE, containers=1), AFTER),
        (replace(BEFORE, cpu_seconds=10.5), AFTER),
        (replace(BEFORE, cpu_seconds=11.0), AFTER),
        (replace(BEFORE, at=115.0), AFTER),
    ],
    ids=["not read before", "another number of proxies", "no CPU used", "a proxy restarted", "no call between"],
)
def test_cpu_is_unknown_where_two_readings_cannot_be_compared(before: Usage | None, after: Usage) -> None:
    assert proxy_costs(before, after, [105.0, 110.0]) == Costs(
        proxies=2, proxy_memory_mb=51.3, proxy_cpu_ms_per_1000_calls=None
    )


@pytest.mark.parametrize(
    ("after", "note"),
    [
        (None, "the kubelet's figures cannot be had (nodes/proxy)"),
        (Usage(0, 0, 0.0, 0.0), "no proxy is among the kubelet's figures"),
    ],
)
def test_without_a_reading_there_is_a_note_and_no_figure(after: Usage | None, note: str) -> None:
    assert proxy_costs(BEFORE, after, [105.0]) == Costs(
        proxies=None, proxy_memory_mb=None, proxy_cpu_ms_per_1000_calls=None, note=note
    )


@pytest.mark.parametrize(("size", "shown"), [(0, 0.0), (49_999, 0.0), (51_260_000, 51.3), (1_500_000_000, 1500.0)])
def test_memory_is_shown_in_megabytes(size: int, shown: float) -> None:
    assert megabytes(size) == shown


# Around the load


def installed(strategy: str, *nodes: str) -> Installation:
    """A server, a proxy in a pod of its own, and the client, on these nodes."""
    there = installation(strategy, servers=1)
    server, proxy, client = (replace(there.client, node=node) for node in nodes)
    return replace(there, servers=(server,), proxies=(proxy,), client=client)


@pytest.mark.parametrize("strategy", ["clusterip", "headless", "xds"])
def test_a_strategy_without_proxies_is_not_measured_before(strategy: str) -> None:
    with FakeRun() as run:
        assert before_load(Kubectl(run), config(strategy), installation(strategy)) is None


@pytest.mark.parametrize("strategy", ["clusterip", "headless"])
def test_a_strategy_without_proxies_costs_nothing(strategy: str) -> None:
    with FakeRun() as run:
        found = after_load(tools(run), config(strategy), installation(strategy), None, [AT])

    assert found == NO_PROXIES


def test_the_one_envoy_is_read_before_and_after() -> None:
    run = kubelet(
        FakeRun(),
        summary(stats(container("envoy", cpu=1.0, second=5))),
        summary(stats(container("envoy", 30_000_000, cpu=1.2, second=25))),
    )
    with run:
        before = before_load(Kubectl(run), config("envoy"), installation("envoy"))
        found = after_load(tools(run), config("envoy"), installation("envoy"), before, [AT + 1, AT + 2])

    assert found == Costs(proxies=1, proxy_memory_mb=30.0, proxy_cpu_ms_per_1000_calls=100_000.0)


def test_every_node_with_a_pod_of_ours_is_read() -> None:
    there = installed("envoy", "a", "b", "c")
    run = kubelet(FakeRun(), summary(), node="a")
    kubelet(run, summary(stats(container("envoy"))), node="b")

    with kubelet(run, summary(), node="c"):
        found = before_load(Kubectl(run), config("envoy"), there)

    assert found is not None
    assert found.containers == 1


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleeping takes no time here, and is noted; the clock moves 10 s at each look."""
    seconds: list[float] = []
    monkeypatch.setattr("time.sleep", seconds.append)
    monkeypatch.setattr("time.monotonic", FakeClock(step=10))
    return seconds


def test_sidecars_that_the_kubelet_does_not_know_yet_are_waited_for(slept: list[float]) -> None:
    """Two servers and a client have three."""
    sidecars = [stats(container())] * 3

    with kubelet(FakeRun(), summary(*sidecars[:2]), summary(*sidecars)) as run:
        found = before_load(Kubectl(run), config("istio"), installation("istio"))

    assert found is not None
    assert (found.containers, len(slept)) == (3, 1)


def test_figures_from_before_the_last_call_are_waited_out(slept: list[float]) -> None:
    early = [stats(container("envoy", 1_000_000, second=second)) for second in (24, 25)]
    late = stats(container("envoy", 2_000_000, second=26))

    with kubelet(FakeRun(), summary(early[0]), summary(early[1]), summary(late)) as run:
        found = after_load(tools(run), config("envoy"), installation("envoy"), None, [AT + 20, AT + 1])

    assert (found.proxy_memory_mb, len(slept)) == (2.0, 2)


def test_as_many_proxies_are_awaited_as_there_were_before(slept: list[float]) -> None:
    one = stats(container("envoy", 1_000_000, second=26))

    with kubelet(FakeRun(), summary(one), summary(one, one)) as run:
        found = after_load(tools(run), config("envoy"), installation("envoy"), Usage(2, 0, 0.0, AT), [AT + 20])

    assert (found.proxies, len(slept)) == (2, 1)


def test_after_25_s_the_latest_figures_have_to_do(slept: list[float]) -> None:
    """Looks at 20, 30 and 40 s of a time that began at 10."""
    answers = [summary(stats(container("envoy", size * 1_000_000, second=5))) for size in (1, 2, 3)]

    with kubelet(FakeRun(), *answers) as run:
        found = after_load(tools(run), config("envoy"), installation("envoy"), None, [AT + 20])

    assert (found.proxy_memory_mb, len(slept)) == (3.0, 2)


def istiod_uses(run: FakeRun, *containers: dict[str, Any]) -> FakeRun:
    daemon = pod("istiod-1", "istiod", container=CONTAINER)
    run.on("kubectl get pods -A -l app=istiod", answer=listed([replace(daemon, node="node-9")], ISTIO_NAMESPACE))
    return kubelet(run, summary(stats(*containers, namespace=ISTIO_NAMESPACE)), node="node-9")


def test_sidecars_are_read_and_the_control_plane_beside_them() -> None:
    """Two servers and a client: three sidecars."""
    sidecars = [stats(container(cpu=n, second=20)) for n in (1.0, 2.0, 3.0)]
    run = istiod_uses(kubelet(FakeRun(), summary(*sidecars)), container("discovery", 88_000_000), container("x", 1))

    with run:
        found = after_load(tools(run), config("istio"), installation("istio"), Usage(3, 0, 5.0, AT), [AT + 1])

    assert found == Costs(None, 3, 90.0, 1_000_000.0, 88.0)


def test_xds_costs_its_control_plane_only() -> None:
    with istiod_uses(FakeRun(), container("discovery", 88_000_000)) as run:
        found = after_load(tools(run), config("xds"), installation("xds"), None, [AT])

    assert found == Costs(control_plane_memory_mb=88.0)


def test_a_control_plane_that_was_not_measured_is_unknown() -> None:
    with istiod_uses(FakeRun(), container("other")) as run:
        found = after_load(tools(run), config("xds"), installation("xds"), None, [AT])

    assert found == Costs(control_plane_memory_mb=None)


def test_who_may_not_ask_the_kubelet_is_not_kept_waiting() -> None:
    run = FakeRun().on(ask(), answer=NONE_CAN_BE_HAD).on(ask(), answer=NONE_CAN_BE_HAD)

    with run:
        before = before_load(Kubectl(run), config("envoy"), installation("envoy"))
        found = after_load(tools(run), config("envoy"), installation("envoy"), before, [AT])

    assert before is None
    assert found.note == "the kubelet's figures cannot be had (nodes/proxy)"
