"""The drills, played against a load whose calls and time are made up: what they do, measure and hold for a promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest
from fakes import FakeClock, FakeRun, asking, failure
from worlds import CONFIG, ECHO_SERVERS, OURS, deployment, inside, installation, listed, pod

from lbdemo.cluster.install.strategies.promises import Promises
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.trial.drills import (
    DEFAULT,
    DRILLS,
    Drill,
    DrillRun,
    kill,
    rolling_restart,
    scale_up,
    sick,
    slow,
)
from lbdemo.cluster.trial.drills.base import RATE
from lbdemo.cluster.trial.drills.faults import faulty
from lbdemo.cluster.trial.load import Load
from lbdemo.errors import NotReadyError, OperationFailedError, ProgramFailedError
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.records.workloads import Deployment
from lbdemo.records import Sample
from lbdemo.records.drills import Kill, Restart, RollingRestart, Sick, Slow
from lbdemo.tools.kubectl import Kubectl

Plot = Callable[[int], tuple[str, str, float]]  # a call's number -> who answers, how, after how many seconds
SERVERS = ("echo-1", "echo-2", "echo-3")
VICTIM = "echo-2"  # who answers most in every plot
MARK = 150  # the newest call after 1.5 s, when the drills begin
NOW = 1_700_000_000.0

LOOK = f"kubectl get pods {ECHO_SERVERS}"
ALL_PODS = f"kubectl get pods {OURS}"
ROLLOUT = "kubectl get deployments echo-server -n lbdemo"
RESTART = "kubectl -n lbdemo rollout restart deployment/echo-server"
CRASH = inside(VICTIM, "peer crash --target 127.0.0.1:8081")
DELETE = f"kubectl -n lbdemo delete pod/{VICTIM} --grace-period=0 --force --wait=false"


class PlayedLoad(Load):
    """Calls 10 ms apart, answered as the plot says; its time passes only while somebody waits."""

    def __init__(self, plot: Plot) -> None:
        self.samples: list[Sample] = []
        self._plot = plot

    def _play(self, calls: int) -> None:
        for number in range(len(self.samples), len(self.samples) + calls):
            server, code, latency = self._plot(number)
            sent = NOW + number / RATE
            self.samples.append(Sample(number, sent, sent, latency, server, code))

    def __enter__(self) -> PlayedLoad:
        self._play(1)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def since(self, mark: float) -> list[Sample]:
        """They are in their order already: sorting them at every look would take long."""
        return self.samples[round((mark - NOW) * RATE) + 1 :]

    def wait(self, seconds: float) -> None:
        self._play(round(seconds * RATE))

    def wait_until(self, true: Callable[[], bool], timeout: float, awaited: str = "") -> bool:
        end = len(self.samples) + timeout * RATE
        while not true():
            if len(self.samples) >= end:
                if awaited:
                    raise NotReadyError(f"{awaited} did not come", "")
                return False
            self._play(50)
        return True


@dataclass(frozen=True)
class PlayedRun(DrillRun):
    """A run whose loads are played, one after another."""

    plots: list[Plot] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    asked: list[tuple[int, bool, float]] = field(default_factory=list)

    def load(self, limit: float, *, connections: int = 0, retry: bool = False, timeout: float = 2.0) -> Load:
        self.limits.append(limit)
        self.asked.append((connections, retry, timeout))
        return PlayedLoad(self.plots.pop(0))


def played(
    run: FakeRun,
    *plots: Plot,
    strategy: str = "envoy",
    lb_policy: str = "round-robin",
    age: float = 0.0,
    outlier: list[bool] | None = None,
) -> PlayedRun:
    there = replace(installation(strategy, len(SERVERS), lb_policy), connection_age=age)
    switched = [] if outlier is None else outlier
    return PlayedRun(
        Kubectl(run), asking(run), CONFIG.place, there, lambda _: None, switched.append, FakeClock(20.0),
        lambda _: None, list(plots),
    )  # fmt: skip


def turns(number: int) -> tuple[str, str, float]:
    """All servers in turn, the victim one call ahead."""
    return SERVERS[(number + 1) % 3], "OK", 0.001


def dead(number: int) -> tuple[str, str, float]:
    """The victim answers nothing after the mark."""
    return turns(number) if number <= MARK else ("echo-1", "OK", 0.001)


def failing(first: int, last: int, plot: Plot = turns, *, mark: int = MARK) -> Plot:
    """The plot, where nobody answers the calls from `first` to `last` after the mark."""
    return lambda n: ("", "UNAVAILABLE", 0.001) if mark + first <= n <= mark + last else plot(n)


def ready(*names: str) -> dict[str, Any]:
    found: list[Pod] = [pod(name, labels.SERVER) for name in names]
    return listed(found)


def approx(value: float) -> Any:
    return pytest.approx(value, abs=1e-5)


# The run


def test_servers_are_the_ready_echo_pods() -> None:
    going = pod("going", labels.SERVER)
    pods = [pod("a", labels.SERVER), replace(going, meta=replace(going.meta, deleting=True))]

    with FakeRun().on(LOOK, answer=listed(pods)) as run:
        assert [found.name for found in played(run).servers()] == ["a"]


def test_every_drill_has_a_promise_of_every_strategy() -> None:
    promised = {field.name.replace("_", "-") for field in fields(Promises)}

    assert set(DEFAULT) <= set(DRILLS)
    assert promised == set(DRILLS)


# A pod made slow or sick


def fault(pod_: str, delay: str = "0", unavailable: str = "0") -> str:
    return inside(pod_, f"peer fault --target 127.0.0.1:8081 --delay-ms {delay} --unavailable {unavailable}")


def test_a_faulty_pod_is_well_again_afterwards() -> None:
    run = FakeRun().on(fault("a", "200", "0.5"))

    with faulty(played(run), "a", delay_ms=200, unavailable=0.5):
        assert run.called(fault("a", "200", "0.5"))
        run.on(fault("a"))

    assert run.called(fault("a"))


def test_a_faulty_pod_is_well_again_after_an_error_and_one_that_is_gone_is_no_error() -> None:
    run = FakeRun().on(fault("a", unavailable="1")).on(fault("a"), answer=failure("pods not found"))

    with run, pytest.raises(OperationFailedError, match="meanwhile"), faulty(played(run), "a", unavailable=1.0):
        raise OperationFailedError("meanwhile")


def test_a_pod_that_cannot_be_made_faulty_is_an_error() -> None:
    with (
        FakeRun().on(fault("a", unavailable="1"), answer=failure("the server did not answer")) as run,
        pytest.raises(ProgramFailedError),
        faulty(played(run), "a", unavailable=1.0),
    ):
        raise AssertionError("it is not faulty")


# Kill


def killing(*there: dict[str, Any]) -> FakeRun:
    run = FakeRun().on(CRASH).on(DELETE)
    for pods in there or (ready(*SERVERS),):
        run.on(LOOK, answer=pods)
    return run


def test_the_pod_that_answers_most_is_killed_without_grace() -> None:
    with killing() as run:
        kill.drill(played(run, turns))

    assert [run.called(line) for line in (CRASH, DELETE)] == [True, True]


def test_a_kill_counts_what_failed_and_how_long() -> None:
    with killing() as run:
        found = kill.drill(played(run, failing(11, 20, dead)))

    assert found.figures == Kill(1200, 10, last_trouble_s=approx(0.2), longest_gap_s=approx(0.11))
    assert found.as_expected


@pytest.mark.parametrize(
    ("plot", "seconds", "as_expected"),
    [(dead, 0.0, True), (failing(999, 999, dead), 9.99, True), (failing(1001, 1001, dead), 10.01, False),
     (turns, 12.0, False)],
    ids=["at once", "an error within 10 s", "an error later", "still answering"],
)  # fmt: skip
def test_a_killed_pod_must_be_left_alone_within_10_s(plot: Plot, seconds: float, as_expected: bool) -> None:
    with killing() as run:
        found = kill.drill(played(run, plot))

    assert found.figures.last_trouble_s == pytest.approx(seconds, abs=1e-5)
    assert found.as_expected is as_expected


def test_after_a_kill_the_successor_is_awaited_under_load() -> None:
    with killing(ready("echo-1", "echo-3"), ready("echo-1", "echo-3"), ready("echo-1", "echo-3", "echo-4")) as run:
        found = kill.drill(played(run, failing(1, 1)))

    assert found.figures.calls == 1200 + 2 * 50


def test_a_successor_that_does_not_come_is_an_error() -> None:
    run = FakeRun().on(CRASH).on(DELETE).on(LOOK, answer=ready("echo-1"), always=True)

    with run, pytest.raises(NotReadyError, match="the successor"):
        kill.drill(played(run, turns))


# Rolling restart


def rollout(*, complete: bool, pods: tuple[str, ...]) -> dict[str, Any]:
    """The server's deployment and pods; the client's rollout is never over, and does not matter."""
    server, client = deployment(labels.SERVER, 3), replace(deployment(labels.CLIENT, 1), updated=0)
    found: list[Deployment | Pod] = [server if complete else replace(server, updated=2), client]
    return listed([*found, *(pod(name, labels.SERVER) for name in pods)])


def restarting(*looks: dict[str, Any]) -> FakeRun:
    """Two restarts, one without and one with retries; each takes these looks."""
    run = FakeRun()
    for _ in range(2):
        run.on(LOOK, answer=ready("old-1", "old-2"))
        run.on(RESTART)
        for look in looks:
            run.on(ROLLOUT, answer=look)
            if look["items"][0]["status"]["updatedReplicas"] == len(SERVERS):  # only then pods are looked at
                run.on(ALL_PODS, answer=look)
    return run


def test_a_rollout_is_over_when_the_last_old_pod_is_gone() -> None:
    run = restarting(
        rollout(complete=False, pods=("new-1",)),
        rollout(complete=True, pods=("new-1", "new-2", "old-2")),
        rollout(complete=True, pods=("new-1", "new-2")),
    )

    with run:
        there = played(run, turns, turns)
        found = rolling_restart.drill(there)

    once = Restart(300, 0, attempts=300, longest_gap_s=approx(0.01), rollout_s=approx(1.0))
    assert found.figures == RollingRestart(without_retries=once, with_retries=once)
    assert found.as_expected
    assert found.expected.endswith("(100 RPC/s through 100 connections)")
    assert there.asked == [(100, False, 5.0), (100, True, 5.0)]


@pytest.mark.parametrize(("call", "failed"), [(0, 0), (1, 1)], ids=["before", "after"])
def test_one_call_lost_in_spite_of_retries_is_one_too_many(call: int, failed: int) -> None:
    with restarting(rollout(complete=True, pods=("new-1",))) as run:
        found = rolling_restart.drill(played(run, turns, failing(call, call, mark=100)))

    assert (found.figures.without_retries.failed, found.figures.with_retries.failed) == (0, failed)
    assert found.as_expected is (failed == 0)


def test_what_is_lost_without_retries_is_told_and_no_broken_promise() -> None:
    with restarting(rollout(complete=True, pods=("new-1",))) as run:
        found = rolling_restart.drill(played(run, failing(1, 3, mark=100), turns))

    assert (found.figures.without_retries.failed, found.figures.with_retries.failed) == (3, 0)
    assert found.as_expected


def test_a_rollout_that_hangs_is_an_error() -> None:
    run = FakeRun().on(LOOK, answer=ready("old-1")).on(RESTART)
    run.on(ROLLOUT, answer=rollout(complete=False, pods=()), always=True)

    with run, pytest.raises(NotReadyError, match="the rollout's end"):
        rolling_restart.drill(played(run, turns))


# Scale up


OLD, ALL = ("echo-1", "echo-2"), ("echo-1", "echo-2", "new-1", "new-2")


def scale(replicas: int | str) -> str:
    return f"kubectl -n lbdemo scale deployment/echo-server --replicas={replicas}"


def scaling(*after: dict[str, Any]) -> FakeRun:
    """3 pods are 2, then 4 (which takes the looks `after`), then 3 again."""
    run = FakeRun().on(scale(2)).on(scale(4)).on(scale(3))
    for look in (ready(*OLD, "echo-3"), ready(*OLD), ready(*OLD), *after, ready(*ALL), ready(*ALL)):
        run.on(LOOK, answer=look)
    return run


def found_after(calls: int) -> Plot:
    """The new pods take part as soon as so many calls were made."""
    return lambda n: (ALL[n % 4] if n >= calls else OLD[n % 2], "OK", 0.001)


BEGUN = 1 + 150  # calls until the scale-up: one, 1.5 s


def test_pods_are_scaled_down_up_and_back() -> None:
    with scaling() as run:
        scale_up.drill(played(run, found_after(0)))

    replicas = [argv[-1] for argv in run.calls if "scale" in argv]
    assert replicas == ["--replicas=2", "--replicas=4", "--replicas=3"]


def test_the_load_begins_when_no_server_is_on_its_way_out() -> None:
    going = replace(pod("echo-3", labels.SERVER), meta=replace(pod("echo-3", labels.SERVER).meta, deleting=True))
    leaving = listed([*(pod(name, labels.SERVER) for name in OLD), going])
    run = FakeRun().on(LOOK, answer=leaving).on(LOOK, answer=ready(*OLD))

    with run:
        played(run).settle(2, 60)


def test_the_original_number_of_pods_comes_back_after_an_error() -> None:
    run = FakeRun().on(scale(2)).on(LOOK, answer=ready("a"), always=True)

    with run.on(scale(3)), pytest.raises(NotReadyError, match="2 pods"):
        scale_up.drill(played(run, turns))

    assert run.calls[-1][-1] == "--replicas=3"


def test_a_scale_up_is_timed_from_the_command() -> None:
    """Ready after two ticks (1 s), the first call 2.5 s later, even as soon as they take part."""
    run = scaling(ready(*OLD), ready(*OLD, "new-1"))

    with run:
        found = scale_up.drill(played(run, found_after(BEGUN - 1 + 350)))

    assert found.figures.pods_ready_s == pytest.approx(1.0, abs=1e-5)
    assert found.figures.first_call_s == pytest.approx(3.5, abs=0.021), "the first that is a new pod's turn"
    assert found.figures.even_again_s == pytest.approx(3.5, abs=0.041), "the first that each has had its turn"
    assert found.figures.failed == 0


def test_evenness_begins_with_what_new_pods_take_part_in() -> None:
    """One call goes to a new pod, the rest follow 3 s later."""
    late = found_after(BEGUN + 400)
    first = BEGUN - 1 + 100

    with scaling() as run:
        found = scale_up.drill(played(run, lambda n: ("new-1", "OK", 0.001) if n == first else late(n)))

    assert found.figures.first_call_s == pytest.approx(1.0, abs=1e-5)
    assert found.figures.even_again_s == pytest.approx(4.025, abs=0.02)


@pytest.mark.parametrize(
    ("strategy", "age", "seconds", "as_expected"),
    [
        ("clusterip", 0, None, True), ("clusterip", 0, 5, False), ("headless", 0, None, True),
        ("headless", 10, None, False), ("headless", 10, 15, True), ("headless", 10, 17, False),
        ("headless", 30, 37, True), ("headless", 30, 39, False), ("clusterip", 30, 37, True),
        ("envoy", 0, None, False), ("envoy", 0, 14, True), ("envoy", 0, 16, False),
        ("istio", 0, 14, True), ("xds", 0, 14, True), ("xds", 0, 16, False),
    ],
)  # fmt: skip
def test_new_pods_are_found_soon_where_that_was_promised(
    strategy: str, age: float, seconds: int | None, as_expected: bool
) -> None:
    plot = found_after(1_000_000 if seconds is None else BEGUN + seconds * 100)

    with scaling() as run:
        found = scale_up.drill(played(run, plot, strategy=strategy, age=age))

    assert (found.figures.first_call_s is None) is (seconds is None)
    assert (found.figures.even_again_s is None) is (seconds is None)
    assert found.as_expected is as_expected


def test_new_pods_that_never_get_their_share_are_not_as_promised() -> None:
    with scaling() as run:
        found = scale_up.drill(played(run, lambda n: ("new-1", "OK", 0.001) if n % 50 == 0 else turns(n)))

    assert found.figures.first_call_s is not None
    assert (found.figures.even_again_s, found.as_expected) == (None, False)


@pytest.mark.parametrize(
    ("strategy", "age", "expected"),
    [
        ("clusterip", 0.0, "never"), ("clusterip", 10.0, "as chance has it"), ("headless", 0.0, "never"),
        ("headless", 10.0, "maximum age"), ("envoy", 0.0, "DNS refresh, within 15 s"), ("xds", 0.0, "istiod"),
    ],
)  # fmt: skip
def test_a_strategys_promise_is_told(strategy: str, age: float, expected: str) -> None:
    with scaling() as run:
        assert expected in scale_up.drill(played(run, found_after(0), strategy=strategy, age=age)).expected


def test_soon_counts_from_when_the_pods_are_ready() -> None:
    """Ready after 4 ticks (2 s): 16.5 s after the command is 14.5 s after that."""
    with scaling(*[ready(*OLD)] * 4) as run:
        assert scale_up.drill(played(run, found_after(BEGUN + 1650))).as_expected


# Slow


SLOW_TURNS: Plot = lambda n: (SERVERS[(n + 1) % 3], "OK", 0.201 if n > MARK and n % 3 == 0 else 0.001)  # noqa: E731


def avoided(number: int) -> tuple[str, str, float]:
    """From the mark on the victim gets every tenth call only."""
    if number <= MARK:
        return turns(number)
    return (VICTIM, "OK", 0.201) if number % 10 == 0 else (SERVERS[number % 2 * 2], "OK", 0.001)


def a_little_less(number: int) -> tuple[str, str, float]:
    """From the mark on the victim gets a quarter of the calls: less than its part, and not beyond chance."""
    if number <= MARK:
        return turns(number)
    return (VICTIM, "OK", 0.201) if number % 4 == 0 else (SERVERS[number % 2 * 2], "OK", 0.001)


def all_slow(number: int) -> tuple[str, str, float]:
    return VICTIM, "OK", 0.201 if number > MARK else 0.001


def slowing() -> FakeRun:
    return FakeRun().on(fault(VICTIM, "200")).on(fault(VICTIM))


def test_a_slow_pod_shows_in_its_share_and_in_the_tail() -> None:
    with slowing() as run:
        found = slow.drill(played(run, SLOW_TURNS))

    assert found.figures.slow_pod_share == pytest.approx(1 / 3)
    assert found.figures.p50_ms == pytest.approx(1.0, rel=0.01)
    assert found.figures.p90_ms == pytest.approx(201.0, rel=0.01)
    assert found.figures.p99_ms == pytest.approx(201.0, rel=0.01)
    assert found.figures.failed == 0


@pytest.mark.parametrize(
    ("strategy", "lb_policy", "plot", "expected", "as_expected"),
    [
        ("clusterip", "round-robin", all_slow, "all calls are as slow", True),
        ("clusterip", "round-robin", SLOW_TURNS, "all calls are as slow", False),
        ("headless", "round-robin", SLOW_TURNS, "even", True),
        ("envoy", "round-robin", avoided, "even", False),
        ("envoy", "round-robin", turns, "even", False),
        ("envoy", "least-request", avoided, "drawn at random", True),
        ("envoy", "least-request", SLOW_TURNS, "drawn at random", False),
        ("envoy", "least-request", a_little_less, "drawn at random", False),
        ("xds", "least-request", SLOW_TURNS, "even", True),
    ],
    ids=[
        "pinned",
        "not pinned",
        "round robin",
        "not even",
        "not slow",
        "avoided",
        "not avoided",
        "chance",
        "no policies",
    ],
)
def test_what_a_policy_promises_of_a_slow_pod(
    strategy: str, lb_policy: str, plot: Plot, expected: str, as_expected: bool
) -> None:
    with slowing() as run:
        found = slow.drill(played(run, plot, strategy=strategy, lb_policy=lb_policy))

    assert expected in found.expected
    assert found.as_expected is as_expected


def test_a_load_without_any_answer_has_no_share() -> None:
    with slowing() as run:
        found = slow.drill(played(run, failing(1, 10_000)))

    what_a_user_sees = 1.0  # ms: they fail at once
    assert found.figures == Slow(0, None, what_a_user_sees, what_a_user_sees, what_a_user_sees, failed=900)
    assert "slow_pod_share unknown" in found.told()
    assert not found.as_expected


# Sick


def share(percent: int) -> Plot:
    """The victim answers so many of a hundred calls with an error, once it is sick."""
    return lambda n: (VICTIM, "UNAVAILABLE", 0.001) if n > MARK and n % 100 < percent else turns(n)


def sickening(times: int = 1) -> FakeRun:
    run = FakeRun()
    for _ in range(times):
        run.on(fault(VICTIM, unavailable="1")).on(fault(VICTIM))
    return run


def test_only_calls_after_the_settling_and_before_the_recovery_count() -> None:
    """3 s until outlier detection may have noticed, then 6 s: 600 calls, of which 60 fail."""
    settled = MARK + 300
    plot: Plot = lambda n: ("", "UNAVAILABLE", 0.001) if MARK < n <= settled + 60 else turns(n)  # noqa: E731

    with sickening() as run:
        found = sick.drill(played(run, plot, strategy="headless"))

    assert found.figures == Sick(approx(0.1), None)


@pytest.mark.parametrize(
    ("strategy", "percent", "as_expected"),
    [
        ("clusterip", 100, True), ("clusterip", 80, False), ("clusterip", 0, False),
        ("headless", 33, True), ("headless", 10, False), ("headless", 50, False),
        ("xds", 33, True), ("xds", 0, True), ("xds", 50, False),
    ],
)  # fmt: skip
def test_what_a_strategy_without_detection_promises_of_a_sick_pod(
    strategy: str, percent: int, as_expected: bool
) -> None:
    switched: list[bool] = []

    with sickening() as run:
        found = sick.drill(played(run, share(percent), strategy=strategy, outlier=switched))

    assert found.figures == Sick(approx(percent / 100), None)
    assert found.as_expected is as_expected
    assert switched == []


@pytest.mark.parametrize(
    ("strategy", "without", "detected", "as_expected"),
    [
        ("envoy", 33, 2, True), ("envoy", 33, 50, False), ("envoy", 0, 0, False), ("envoy", 60, 0, False),
        ("istio", 0, 0, True), ("istio", 0, 4, True), ("istio", 0, 10, False), ("istio", 50, 0, False),
    ],
)  # fmt: skip
def test_what_a_strategy_with_detection_promises_of_a_sick_pod(
    strategy: str, without: int, detected: int, as_expected: bool
) -> None:
    switched: list[bool] = []

    with sickening(times=2) as run:
        found = sick.drill(played(run, share(without), share(detected), strategy=strategy, outlier=switched))

    assert found.figures == Sick(approx(without / 100), approx(detected / 100))
    assert found.as_expected is as_expected
    assert switched == [True, False]


def test_outlier_detection_is_switched_off_after_an_error() -> None:
    switched: list[bool] = []
    run = sickening().on(fault(VICTIM, unavailable="1"), answer=failure("the server did not answer"))

    with run, pytest.raises(ProgramFailedError):
        sick.drill(played(run, turns, turns, outlier=switched))

    assert switched == [True, False]


# All of them


@pytest.mark.parametrize("name", DRILLS)
def test_a_drills_name_is_its_name_in_the_table(name: str) -> None:
    run = FakeRun().on(ROLLOUT, answer=rollout(complete=True, pods=()), always=True)
    for line in (CRASH, DELETE, RESTART, fault("<pod>", "<ms>", "<part>"), scale("<pods>")):
        run.on(line, always=True)
    for names in (OLD, OLD, ALL):
        run.on(LOOK, answer=ready(*names))
    run.on(LOOK, answer=ready(*ALL), always=True).on(ALL_PODS, answer=ready(), always=True)
    drill: Drill = DRILLS[name]

    assert drill(played(run, turns, turns)).name == name
