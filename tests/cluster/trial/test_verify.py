"""`verify` counts what the client in the pod says, asks the servers for theirs, and explains only what is innocent."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fakes import Answer, FakeRun, FakeStreams, asking, failure, tools
from worlds import CONFIG, OURS, announced, converged, inside, installation, listed, pod, stats_of

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Observed
from lbdemo.cluster.trial.block import Collected, collect
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.cluster.trial.verify import (
    changes,
    command,
    expectation,
    planned,
    read_installation,
    verify,
)
from lbdemo.cluster.trial.witness import own_counts, second_witness
from lbdemo.errors import InputError, NotReadyError, OperationFailedError, ProgramFailedError
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.measure import Outcome, plan_calls
from lbdemo.records import Sample, Tally, Witness, encode
from lbdemo.tools.kubectl import Kubectl

PLACE = CONFIG.place
CLIENT = ["lbdemo", "client", "--run", "r1"]
STREAM = inside("client-1", "client --run r1")
END = inside("client-1", "peer end --run r1")
PODS = f"kubectl get pods {OURS}"


def line(server: str = "echo-1", code: str = "OK", *, gate: bool = False, seq: int = 0) -> str:
    return encode(Sample(seq, 100.0, 100.0, 0.001, server, code, gate)) + "\n"


def turns(calls: int, *servers: str) -> str:
    return "".join(line(servers[n % len(servers)], seq=n) for n in range(calls))


def ending(found: Pod) -> Pod:
    return replace(found, meta=replace(found.meta, deleting=True))


def restarted(found: Pod, restarts: int = 1) -> Pod:
    return replace(found, containers=tuple(replace(c, restarts=restarts) for c in found.containers))


def server(name: str) -> Pod:
    return pod(name, labels.SERVER)


def proxy(name: str) -> Pod:
    found = server(name)
    return replace(found, meta=replace(found.meta, labels={**found.meta.labels, "app.kubernetes.io/name": "envoy"}))


def named(*pods: Pod) -> dict[str, Pod]:
    return {found.name: found for found in pods}


# What is installed


def seen(world: Observed) -> FakeRun:
    """A cluster that answers what `read_installation` asks."""
    return announced(FakeRun(), world)


def with_pods(world: Observed, *pods: Pod) -> Observed:
    client = [found for found in world.objects.pods if labels.release(found) == labels.CLIENT]
    return replace(world, objects=replace(world.objects, pods=(*pods, *client)))


@pytest.mark.parametrize(
    ("strategy", "target", "policy"),
    [
        ("clusterip", "echo-server.lbdemo.svc:8080", "pick_first"),
        ("pool", "echo-server.lbdemo.svc:8080", "pick_first"),
        ("headless", "dns:///echo-server-headless.lbdemo.svc:8080", "round_robin"),
        ("envoy", "echo-server-envoy.lbdemo.svc:8080", "pick_first"),
        ("istio", "echo-server.lbdemo.svc:8080", "pick_first"),
        ("xds", "xds:///echo-server.lbdemo.svc.cluster.local:8080", "pick_first"),
    ],
)
def test_the_client_is_told_the_way_of_the_installed_strategy(strategy: str, target: str, policy: str) -> None:
    with seen(converged(replace(CONFIG, strategy=strategy))) as run:
        found = read_installation(asking(run), PLACE)

    assert (found.strategy.name, found.target, found.channel_policy) == (strategy, target, policy)
    assert (found.client.name, found.names) == ("echo-client-abc-1", ("echo-server-abc-1", "echo-server-abc-2"))


def test_servers_are_the_ready_pods_of_the_newest_rollout() -> None:
    starting = pod("b-starting", labels.SERVER, container=Container("echo", "", waiting="ContainerCreating"))
    older = pod("c-older", labels.SERVER, hash_="old")
    there = (server("z"), starting, older, proxy("echo-server-envoy-1"))
    world = with_pods(converged(), *there, ending(server("d-ending")), server("a"))

    with seen(world) as run:
        assert read_installation(asking(run), PLACE).names == ("a", "z")


def test_the_installed_policy_is_what_is_verified() -> None:
    world = converged(replace(CONFIG, strategy="envoy", lb_policy="least-request"))
    server_release = replace(world.releases[labels.SERVER], policy="least-request")

    with seen(replace(world, releases={**world.releases, labels.SERVER: server_release})) as run:
        assert read_installation(asking(run), PLACE).lb_policy == "least-request"


@pytest.mark.parametrize("missing", [(labels.SERVER,), (labels.CLIENT,), (labels.SERVER, labels.CLIENT)])
def test_without_both_releases_nothing_is_installed(missing: Sequence[str]) -> None:
    world = converged()
    there = {name: release for name, release in world.releases.items() if name not in missing}

    with (
        seen(replace(world, releases=there)) as run,
        pytest.raises(InputError, match="not installed in namespace lbdemo") as error,
    ):
        read_installation(asking(run), PLACE)

    assert "lbdemo up" in error.value.hint


def test_a_strategy_of_another_lbdemo_is_refused() -> None:
    world = converged()
    newer = replace(world.releases[labels.SERVER], strategy="ambient")

    with (
        seen(replace(world, releases={**world.releases, labels.SERVER: newer})) as run,
        pytest.raises(InputError, match="'ambient' is unknown"),
    ):
        read_installation(asking(run), PLACE)


@pytest.mark.parametrize(
    ("pods", "state"),
    [
        ((), "0 of an older rollout"),
        ((ending(server("a")),), "0 of an older rollout"),
        ((pod("a", labels.SERVER, hash_="old"), pod("b", labels.SERVER, hash_="old")), "2 of an older rollout"),
    ],
    ids=["none", "terminating", "older"],
)
def test_servers_that_are_not_there_are_not_ready(pods: tuple[Pod, ...], state: str) -> None:
    with (
        seen(with_pods(converged(), *pods)) as run,
        pytest.raises(NotReadyError, match="no pod of echo-server is ready") as error,
    ):
        read_installation(asking(run), PLACE)

    assert error.value.last_state == state


def test_servers_of_which_some_are_missing_are_not_judged_by_the_others() -> None:
    starting = pod("b", labels.SERVER, container=Container("echo", "", waiting="ContainerCreating"))

    with (
        seen(with_pods(converged(), server("a"), starting)) as run,
        pytest.raises(NotReadyError, match="echo-server is not complete: 1 of 2 pods are ready"),
    ):
        read_installation(asking(run), PLACE)


# What is asked, and expected


def test_a_proxy_that_is_not_ready_is_told_before_all_calls_fail() -> None:
    waiting = pod("echo-server-envoy-1", labels.SERVER, container=Container("envoy", "e", waiting="ErrImagePull"))
    proxy = replace(
        waiting, meta=replace(waiting.meta, labels={**waiting.meta.labels, "app.kubernetes.io/name": "envoy"})
    )
    world = converged(replace(CONFIG, strategy="envoy"))
    world = replace(world, objects=replace(world.objects, pods=(*world.objects.pods, proxy)))

    with pytest.raises(NotReadyError, match="no proxy is ready: echo-server-envoy-1"):
        read_installation(asking(seen(world)), PLACE)


def test_the_clients_command_says_all_that_was_asked() -> None:
    options = VerifyOptions(rate=250.5, concurrency=8, connections=2, timeout=0.75)

    assert command(installation(servers=3), options, 1234, "r1") == [
        "lbdemo", "client", "--target", "echo-server.lbdemo.svc.cluster.local:8080", "--policy", "pick_first",
        "--servers", "3", "--count", "1234", "--rate", "250.5", "--concurrency", "8", "--connections", "2",
        "--timeout", "0.75", "--wait", "10", "--run", "r1", "--format", "json", "--settle", "12",
        "--names", "echo-1,echo-2,echo-3",
    ]  # fmt: skip


def test_who_expects_one_server_does_not_wait_for_the_others() -> None:
    assert "--settle" not in command(installation("clusterip"), VerifyOptions(), 100, "r1")


@pytest.mark.parametrize(
    ("strategy", "policy", "options", "outcome", "fingerprint"),
    [
        ("clusterip", "round-robin", VerifyOptions(), Outcome.PINNED, "sticky"),
        ("envoy", "round-robin", VerifyOptions(), Outcome.BALANCED, "round robin"),
        ("envoy", "least-request", VerifyOptions(), Outcome.BALANCED, "least request"),
        ("envoy", "round-robin", VerifyOptions(connections=2), Outcome.BALANCED, ""),
        ("envoy", "least-request", VerifyOptions(connections=2), Outcome.BALANCED, "least request"),
        ("envoy", "round-robin", VerifyOptions(expect="balanced"), Outcome.BALANCED, "round robin"),
        ("clusterip", "round-robin", VerifyOptions(expect="balanced"), Outcome.BALANCED, ""),
        ("envoy", "round-robin", VerifyOptions(expect="pinned"), Outcome.PINNED, ""),
    ],
)
def test_what_is_expected_is_the_strategys_promise_or_the_persons_word(
    strategy: str, policy: str, options: VerifyOptions, outcome: Outcome, fingerprint: str
) -> None:
    found = expectation(installation(strategy, lb_policy=policy), options)

    assert (found.outcome, found.fingerprint, found.servers) == (outcome, fingerprint, ("echo-1", "echo-2"))


def test_how_strictly_it_is_judged_is_what_was_asked() -> None:
    found = expectation(installation(), VerifyOptions(tolerance=0.1, alpha=0.01))

    assert (found.tolerance, found.alpha) == (0.1, 0.01)


# The client in its pod


def collected(run: FakeRun, sink: Callable[[Sample], None] | None = None) -> tuple[Tally, Mapping[str, int]]:
    found = Collected()
    collect(Kubectl(run), PLACE, installation().client.name, CLIENT, sink, found)
    return found.tally, found.answers


def test_the_clients_lines_are_counted_and_handed_on() -> None:
    handed: list[Sample] = []
    said = line("echo-1", gate=True) + line("echo-1") + line("echo-2") + line("", "UNAVAILABLE") + "warning: noise\n"

    with FakeStreams().on_stream(STREAM, pieces=[said.encode()]) as run:
        tally, answers = collected(run, handed.append)

    summary = tally.summary()
    assert (summary.sent, summary.answered, summary.gate_calls, summary.unknown_lines) == (3, 2, 1, 1)
    assert answers == {"echo-1": 2, "echo-2": 1}, "the gate's answers count for the servers, too"
    assert len(handed) == 4


def test_a_client_whose_calls_all_failed_ends_with_1_and_that_is_an_answer() -> None:
    said = line("", "UNAVAILABLE") * 3
    ended = failure("3 calls failed\ncommand terminated with exit code 1", code=1)
    run = FakeStreams().on_stream(STREAM, pieces=[said.encode(), ended])

    with run:
        tally, answers = collected(run)

    assert tally.summary().failed == 3
    assert not answers
    assert not run.called(END), "it has ended by itself"


@pytest.mark.parametrize(
    ("said", "code"),
    [("", 1), (line(), 1), (line(gate=True), 1), (line(), 2), (line(), 137), ("", 137)],
    ids=["1 and no line", "1 after an answer", "1 after the gate", "2", "137", "silent 137"],
)
def test_a_client_that_failed_is_an_error_and_its_run_is_ended(said: str, code: int) -> None:
    broken = failure("command terminated", "kubectl", "exec", code=code)
    run = FakeStreams().on_stream(STREAM, pieces=[said.encode(), broken] if said else [broken])
    run.on(END)

    with run, pytest.raises(ProgramFailedError) as error:
        collected(run)

    assert error.value.code == code


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("answer", ["", failure("pod not found")], ids=["ended", "pod gone"])
def test_an_interrupted_run_is_ended_in_its_pod(answer: str | ProgramFailedError) -> None:
    run = FakeStreams().on_stream(STREAM, pieces=[line().encode(), interrupt])
    run.on(END, answer=answer)

    with run, pytest.raises(KeyboardInterrupt):
        collected(run)

    assert run.called(END)


def test_a_sink_that_fails_ends_the_run_too() -> None:
    def full(_: Sample) -> None:
        raise OSError("No space left on device")

    run = FakeStreams().on_stream(STREAM, pieces=[line().encode()])
    with run.on(END), pytest.raises(OSError, match="No space"):
        collected(run, full)


# The second witness


def test_a_server_is_asked_at_its_own_address_for_this_run_only() -> None:
    asked = "kubectl -n lbdemo exec echo-1 -c echo -- lbdemo peer stats --target 127.0.0.1:8081 --run r1"

    with FakeRun().on(asked, answer={"server": "echo-1", "answered": 7, "failed": 1}) as run:
        assert own_counts(Kubectl(run), PLACE, server("echo-1"), "r1") == (7, None)


@pytest.mark.parametrize(
    "answer", [failure("container not found"), "no JSON", {"failed": 1}, {"answered": "7"}, {"answered": None}]
)
def test_a_count_that_cannot_be_had_is_none(answer: str | dict[str, Any] | ProgramFailedError) -> None:
    with FakeRun().on(stats_of("echo-1", "r1"), answer=answer) as run:
        assert own_counts(Kubectl(run), PLACE, server("echo-1"), "r1") == (None, None)


def test_a_pod_that_is_gone_is_not_asked() -> None:
    with FakeRun() as run:
        assert own_counts(Kubectl(run), PLACE, None, "r1") == (None, None)


GONE = "the pod ended during the run, and its count with it"
RESTARTED = "the container restarted during the run and began to count anew"
ENDING = "the pod is ending and could not be asked"
FAILED = "3 calls failed at the client; a server may have answered some of them"
A = server("a")


def witnesses(
    before: Sequence[Pod],
    after: Mapping[str, Pod],
    answers: Mapping[str, int],
    own: Mapping[str, int | None],
    failed: int = 0,
) -> list[Witness]:
    """Each pod of `own` is asked once; None is a pod that cannot answer."""
    run = FakeRun()
    for name, count in own.items():
        answer: Answer = failure("container not found") if count is None else {"answered": count}
        run.on(stats_of(name, "r1"), answer=answer)
    with run:
        return list(second_witness(Kubectl(run), PLACE, before, after, answers, "r1", failed)[0])


@pytest.mark.parametrize(
    ("before", "after", "own", "failed", "note"),
    [
        (A, A, 5, 0, ""),
        (A, restarted(A), 5, 0, RESTARTED),
        (A, restarted(A), None, 3, RESTARTED),
        (restarted(A), restarted(A), 5, 0, ""),
        (None, restarted(A), 5, 0, ""),
        (A, ending(A), None, 3, ENDING),
        (A, ending(A), 5, 0, ""),
        (A, A, None, 3, ""),
        (A, A, 5, 3, FAILED),
    ],
    ids=["nothing happened", "restarted", "restarted, silent", "restarted before", "new, restarted",
         "ending", "ending, answered", "silent for no reason", "calls failed"],
)  # fmt: skip
def test_only_an_innocent_difference_is_explained(
    before: Pod | None, after: Pod, own: int | None, failed: int, note: str
) -> None:
    found = witnesses([before] if before else [], named(after), {"a": 4}, {"a": own}, failed)

    assert found == [Witness("a", 4, own, note)]


def test_the_count_of_a_pod_that_ended_went_with_it() -> None:
    assert witnesses([A], {}, {"a": 4}, {}) == [Witness("a", 4, None, GONE)]


def test_counts_that_agree_need_no_note() -> None:
    after = named(A, restarted(server("b")))

    found = witnesses([A, server("b")], after, {"a": 4, "b": 6}, {"a": 4, "b": 6})

    assert found == [Witness("a", 4, 4), Witness("b", 6, 6)]


def test_counts_that_differ_contradict_without_a_reason() -> None:
    found = witnesses([A, server("b")], named(A, restarted(server("b"))), {"a": 4, "b": 6}, {"a": 5, "b": 2})

    assert found == [Witness("a", 4, 5), Witness("b", 6, 2, RESTARTED)]
    assert [witness.agrees for witness in found] == [False, True]


@pytest.mark.parametrize(
    ("own", "agree"),
    [
        ({"a": 5, "b": 6}, True),
        ({"a": 5, "b": 8}, True),
        ({"a": 6, "b": 8}, False),
        ({"a": 3, "b": 7}, False),
        ({"a": 3, "b": 6}, False),
    ],
    ids=["one more", "three more", "more than failed", "one more, one fewer", "fewer"],
)
def test_failed_calls_explain_only_that_servers_count_so_many_more(own: dict[str, int], agree: bool) -> None:
    found = witnesses([A, server("b")], named(A, server("b")), {"a": 4, "b": 6}, own, failed=3)

    assert all(witness.agrees for witness in found) is agree


def test_a_server_that_answered_nothing_is_asked_all_the_same() -> None:
    found = witnesses([A, server("b")], named(A, server("b")), {"a": 4}, {"a": 4, "b": 0})

    assert found == [Witness("a", 4, 4), Witness("b", 0, 0)]


def test_a_server_that_came_up_is_a_witness_if_it_was_called() -> None:
    after = named(A, server("called"), server("idle"))

    found = witnesses([A], after, {"a": 4, "called": 1}, {"a": 4, "called": 1, "idle": 0})

    assert found == [Witness("a", 4, 4), Witness("called", 1, 1)]


def test_a_server_that_came_and_went_is_told_with_the_reason() -> None:
    assert witnesses([A], named(A), {"a": 4, "brief": 3}, {"a": 4})[1] == Witness("brief", 3, None, GONE)


def test_calls_that_only_a_new_server_knows_of_are_a_contradiction() -> None:
    assert witnesses([A], named(A, server("new")), {"a": 4}, {"a": 4, "new": 2})[1] == Witness("new", 0, 2)


def test_proxies_clients_and_nameless_answers_are_no_witnesses() -> None:
    after = named(A, server("echo-server-envoy-1"), pod("client-1", labels.CLIENT))

    assert witnesses([A], after, {"a": 4, "": 2}, {"a": 4}) == [Witness("a", 4, 4)]


def test_pods_that_came_or_went_are_told() -> None:
    before = [server("stays"), server("gone"), server("ending")]
    starting = pod("starting", labels.SERVER, container=Container("echo", "", waiting="ContainerCreating"))
    after = named(
        server("stays"), ending(server("ending")), server("new"), proxy("x-envoy-1"), starting, pod("c", labels.CLIENT)
    )

    assert changes(before, after) == (
        "ending went away during the run.", "gone went away during the run.", "new came up during the run.",
    )  # fmt: skip
    assert changes([server("stays")], named(server("stays"))) == ()


# All of it


def block(count: int, servers: int = 2, *, gate: bool = True, settle: bool = True) -> str:
    """What the client in its pod is run with for so many calls."""
    names = ",".join(f"echo-{number + 1}" for number in range(servers))
    first = f" --servers {servers}" if gate else ""
    last = f" --settle 12 --names {names}" if gate and settle else ""
    return inside(
        "client-1",
        f"client --target echo-server.lbdemo.svc.cluster.local:8080 --policy pick_first{first} --count {count}"
        f" --rate 500 --concurrency 0 --connections 1 --timeout 5 --wait 10 --run <run> --format json{last}",
    )


def cluster(said: str, own: Mapping[str, int], asked: str) -> FakeRun:
    """A client that says this when it is asked so, and servers that counted so many calls."""
    pods = [server(name) for name in own]
    run = FakeRun().on(asked, answer=said)
    run.on(PODS, answer=listed(pods))
    for name, count in own.items():
        run.on(stats_of(name), answer={"answered": count})
    return run


def option(argv: Sequence[str], name: str) -> str:
    return argv[argv.index(name) + 1]


def test_an_even_spread_that_the_servers_confirm_is_as_expected() -> None:
    with cluster(turns(2000, "echo-1", "echo-2"), {"echo-1": 1000, "echo-2": 1000}, block(2000)) as run:
        result = verify(tools(run), PLACE, VerifyOptions(calls=2000), installation=installation("envoy"))

    assert result.ok
    assert result.verdict.outcome is Outcome.BALANCED
    assert (result.name, result.witness_name, result.notes) == ("envoy", "each server's own counter", ())
    assert result.extra == {"planned_calls": 2000, "lb_policy": "round-robin"}


def test_the_servers_are_asked_for_the_run_that_the_client_made() -> None:
    with cluster(turns(10, "echo-1", "echo-2"), {"echo-1": 5, "echo-2": 5}, block(10)) as run:
        verify(tools(run), PLACE, VerifyOptions(calls=10), installation=installation())

    client, _, *stats = run.calls
    assert len(stats) == 2
    assert {option(argv, "--run") for argv in stats} == {option(client, "--run")}


def test_two_runs_are_told_apart() -> None:
    asked = block(1, servers=1)

    with cluster(line(), {"echo-1": 1}, asked) as first, cluster(line(), {"echo-1": 1}, asked) as second:
        for run in (first, second):
            verify(tools(run), PLACE, VerifyOptions(calls=1), installation=installation(servers=1))

    assert option(first.calls[0], "--run") != option(second.calls[0], "--run")


def test_a_server_that_counted_otherwise_contradicts_the_client() -> None:
    with cluster(turns(2000, "echo-1", "echo-2"), {"echo-1": 1000, "echo-2": 999}, block(2000)) as run:
        result = verify(tools(run), PLACE, VerifyOptions(calls=2000), installation=installation("envoy"))

    assert result.verdict.as_expected
    assert not result.ok


def test_one_server_that_answers_all_is_what_clusterip_promises_and_envoy_does_not() -> None:
    for strategy, promised in (("clusterip", True), ("envoy", False)):
        with cluster(line() * 200, {"echo-1": 200, "echo-2": 0}, block(200, settle=not promised)) as run:
            result = verify(tools(run), PLACE, VerifyOptions(calls=200), installation=installation(strategy))

        assert result.verdict.outcome is Outcome.PINNED
        assert result.ok is promised


def test_a_pod_that_ended_meanwhile_is_explained_and_told() -> None:
    with cluster(turns(20, "echo-1", "echo-2"), {"echo-1": 10}, block(20)) as run:
        result = verify(tools(run), PLACE, VerifyOptions(calls=20), installation=installation())

    assert result.witness[1] == Witness("echo-2", 10, None, GONE)
    assert result.notes == ("echo-2 went away during the run.",)


def test_without_a_number_as_many_calls_are_made_as_it_takes() -> None:
    calls = plan_calls(3, tolerance=0.5, alpha=0.009)  # a tenth of alpha is kept for a second block
    names = ("echo-1", "echo-2", "echo-3")
    with cluster(turns(calls, *names), dict.fromkeys(names, calls // 3), block(calls, 3)) as run:
        result = verify(
            tools(run), PLACE, VerifyOptions(tolerance=0.5, alpha=0.01), installation=installation("envoy", servers=3)
        )

    assert option(run.calls[0], "--count") == str(result.extra["planned_calls"]) == str(calls)


def even(calls: int, *names: str, share: float = 0.5) -> str:
    """Calls drawn at random, numbered."""
    rng = random.Random(7)
    return "".join(
        f"{encode(Sample(seq, seq * 0.002, seq * 0.002, 0.001, names[rng.random() > share], 'OK'))}\n"
        for seq in range(calls)
    )


def test_a_second_block_that_was_planned_follows_a_first_that_cannot_tell() -> None:
    asked = VerifyOptions(tolerance=0.5)
    calls = planned(installation("headless"), asked)
    first, second = even(calls, "echo-1", "echo-2", share=0.62), even(calls, "echo-1", "echo-2", share=0.5)
    run = FakeRun().on(block(calls), answer=first).on(block(calls, gate=False), answer=second)
    run.on(PODS, answer=listed([server("echo-1"), server("echo-2")]))
    for name in ("echo-1", "echo-2"):
        run.on(stats_of(name), answer={"answered": (first + second).count(name)})
    kept: list[Sample] = []

    with run:
        result = verify(tools(run), PLACE, asked, kept.append, installation("headless"))

    assert (result.verdict.look, result.verdict.looks, result.summary.sent) == (2, 2, 2 * calls)
    assert (result.summary.missing, result.summary.repeated) == (0, 0)
    assert result.verdict.look_alpha == pytest.approx(0.0001)
    assert len(kept) == 2 * calls
    assert all(witness.agrees for witness in result.witness)


def test_who_says_how_many_calls_to_make_gets_no_second_block() -> None:
    said = even(100, "echo-1", "echo-2")
    with cluster(said, {name: said.count(name) for name in ("echo-1", "echo-2")}, block(100)) as run:
        result = verify(tools(run), PLACE, VerifyOptions(calls=100), installation=installation("envoy"))

    assert (result.verdict.outcome, result.verdict.looks) == (Outcome.INCONCLUSIVE, 1)


def test_what_reached_the_servers_settles_whom_failed_calls_were_for() -> None:
    slow = "".join(
        f"{encode(Sample(seq, due := seq * 0.002, due, 0.5, '' if seq % 2 else 'echo-1', code))}\n"
        for seq in range(2000)
        for code in ["DEADLINE_EXCEEDED" if seq % 2 else "OK"]
    )
    run = FakeRun().on(block(2000), answer=slow)
    run.on(PODS, answer=listed([server("echo-1"), server("echo-2")]))
    run.on(stats_of("echo-1"), answer={"answered": 1000, "received": 1000})
    run.on(stats_of("echo-2"), answer={"answered": 0, "received": 1000})

    with run:
        result = verify(tools(run), PLACE, VerifyOptions(calls=2000, errors=1.0), installation=installation("envoy"))

    assert result.verdict.outcome is Outcome.BALANCED


def test_the_part_that_may_fail_and_the_weights_are_what_was_asked() -> None:
    asked = VerifyOptions(errors=0.05, weights=(("echo-1", 80.0), ("echo-2", 20.0)))

    found = expectation(installation("envoy"), asked)

    assert (found.max_error_ratio, found.weights, found.looks) == (0.05, asked.weights, 2)


@pytest.mark.parametrize("said", [line() * 9, line() * 8 + line(gate=True) * 2], ids=["too few", "gate apart"])
def test_a_run_that_broke_off_is_not_judged(said: str) -> None:
    with (
        FakeRun().on(block(10), answer=said) as run,
        pytest.raises(OperationFailedError, match=r"the run broke off: [89] of 10 calls were made"),
    ):
        verify(tools(run), PLACE, VerifyOptions(calls=10), installation=installation())


def test_lines_that_cannot_be_read_are_calls_all_the_same() -> None:
    with cluster(line() * 9 + "garbled\n", {"echo-1": 9}, block(10, servers=1)) as run:
        result = verify(tools(run), PLACE, VerifyOptions(calls=10), installation=installation(servers=1))

    assert (result.summary.sent, result.summary.unknown_lines) == (9, 1)


def test_a_strategy_without_policies_names_none() -> None:
    with cluster(line(), {"echo-1": 1}, block(1, servers=1, settle=False)) as run:
        result = verify(tools(run), PLACE, VerifyOptions(calls=1), installation=installation("clusterip", 1))

    assert result.extra["lb_policy"] == ""


@pytest.mark.parametrize("said", ["", line(gate=True), "Traceback: not JSON\n"], ids=["silent", "gate only", "noise"])
def test_a_client_that_sent_no_call_is_an_error(said: str) -> None:
    with (
        FakeRun().on(block(10), answer=said) as run,
        pytest.raises(OperationFailedError, match="sent no call") as error,
    ):
        verify(tools(run), PLACE, VerifyOptions(calls=10), installation=installation())

    assert "lbdemo logs client" in error.value.hint


def test_what_is_installed_is_looked_up_when_it_is_not_given() -> None:
    with seen(Observed(None)) as run, pytest.raises(InputError, match="not installed"):
        verify(tools(run), PLACE, VerifyOptions())
