"""`compare`: one strategy after another in a namespace of its own, and everything removed again whatever happens."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeClock, FakeReporter, FakeRun, failure, tools
from worlds import CONFIG, converged, documents, istio_documents, istiod, listed

from lbdemo.cluster.install.hold import hold
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.lock import LockLostError
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.trial.compare import Compared, CompareTools, Comparison, compare
from lbdemo.cluster.trial.drills import DRILLS, Drill, DrillRun
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import InputError, LbdemoError, NotReadyError, ProgramFailedError
from lbdemo.kube.kinds import LEASES, Kind
from lbdemo.kube.records.meta import Meta, parse_meta
from lbdemo.measure.verdict import Outcome
from lbdemo.records import Costs, Drilled, Sample, encode
from lbdemo.records.drills import Kill
from lbdemo.tools.kubectl import Context

ALL = tuple(STRATEGIES)
QUESTION = VerifyOptions(calls=200, tolerance=0.5)
FORBIDDEN = failure('Error from server (Forbidden): nodes "node-1" is forbidden: User "ann" cannot get')


def space(strategy: str) -> str:
    return f"lbdemo-{strategy}"


class Server(FakeApi):
    """Tells the cluster's story of the namespaces that are deleted."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self.cluster = cluster

    def put(self, kind: Kind[Any], document: dict[str, Any]) -> dict[str, Any]:
        """A namespace that is made anew has what `up` installs there."""
        name = document["metadata"]["name"]
        if kind.name == "Namespace" and name in self.cluster.worlds and not self.there(kind, name):
            self.add(*documents(self.cluster.worlds[name], name))
            marks = {labels.PART_OF: "lbdemo"}
            self.add({"kind": "ConfigMap", "metadata": {"name": labels.INVENTORY, "namespace": name, "labels": marks}})
        return super().put(kind, document)

    def uninstall(self, release: str, namespace: str) -> None:
        """What Helm takes away."""
        for key, item in list(self.objects.items()):
            helms = item["metadata"].get("labels", {}).get("name") == release
            if key[1] == namespace and (helms or key[2].startswith(release) or key[0].endswith("istio.io")):
                del self.objects[key]

    def remove(self, kind: Kind[Any], name: str, namespace: str = "") -> None:
        super().remove(kind, name, namespace)
        if kind.name == "Namespace":
            for key in [key for key in self.objects if key[1] == name]:
                del self.objects[key]
            self.cluster.did(f"delete namespace/{name}")


class Cluster:
    """Every strategy is installed as `up` wants it; what is removed is gone. `story` tells what was done to it."""

    def __init__(self, comparison: Comparison, istio: Istio | None = None, *, istio_comes_later: bool = False) -> None:
        self.worlds = {space(name): converged(comparison.config(name), istio) for name in comparison.strategies}
        self.api = Server(self)
        for name, world in self.worlds.items():
            self.make(name, {**(world.namespace.labels if world.namespace else {}), labels.RUN: "an earlier one"})
        self.istio = istio or Istio()
        if istio:
            self.make(ISTIO_NAMESPACE, labels.OURS)
        self.api.add(*istio_documents(self.istio))
        for place, world in self.worlds.items():
            self.api.add(*listed(world.istio.policies, place)["items"])
        if istio_comes_later:
            empty = {"kind": "List", "metadata": {"resourceVersion": "1"}, "items": []}
            for resource in ("deployments.apps", "mutatingwebhookconfigurations.admissionregistration.k8s.io"):
                self.api.once("list", resource, lambda handler: handler.json(empty))
        self.refusals: dict[str, ProgramFailedError] = {}  # by what the story would tell
        self.kubelet: list[object] = []  # its answers; without any, this user may not ask
        self.installed: dict[str, str] = {}  # by release, the values
        self.story: list[str] = []
        self.meets: dict[str, Callable[[], object]] = {}  # by what the story tells, what is waited for then

    @property
    def namespaces(self) -> dict[str, Meta]:
        """Those that are there."""
        found = (parse_meta(item) for key, item in list(self.api.objects.items()) if key[0] == "namespaces")
        return {meta.name: meta for meta in found}

    def make(self, name: str, marks: Mapping[str, str]) -> None:
        """Makes a namespace, or another one in its place."""
        self.api.add({"kind": "Namespace", "metadata": {"name": name, "labels": dict(marks)}})

    def told(self, *verbs: str) -> list[str]:
        return [event for event in self.story if event.startswith(verbs)]

    def answer(self, argv: Sequence[str], stdin: str) -> object:
        """What a program says; whoever leaves out a word of a command that stands here asks for nothing known."""
        match argv:
            case ["kubectl", "get", "--raw", _]:
                if not self.kubelet:
                    raise FORBIDDEN
                return self.kubelet.pop(0)
            case ["kubectl", "-n", place, "exec", name, "-c", "echo", "--", "lbdemo", *command]:
                return self._exec(place, name, command)
            case ["kubectl", "label", "--overwrite", what, *changes]:
                return self.did(f"label {what} {' '.join(changes)}")
            case ["helm", "uninstall", release, "--ignore-not-found", "--wait", "--timeout", _, "-n", place]:
                self.api.uninstall(release, place)
                return self.did(f"uninstall {release} {place}")
            case ["helm", "upgrade", "--install", release, *_, "-n", place]:
                self.installed[release] = stdin
                return self.did(f"install {release} {place}")
            case ["helm", "version", "--short"]:
                return "v3.18.0"
        raise AssertionError(f"unannounced call: {list(argv)}")

    def did(self, event: str) -> str:
        self.story.append(event)
        self.meets.get(event, lambda: None)()
        if event in self.refusals:
            raise self.refusals[event]
        return ""

    def _exec(self, place: str, name: str, command: Sequence[str]) -> object:
        match command:
            case ["client", *_]:
                self.did(f"calls {place}")
                calls = int(command[command.index("--count") + 1])
                pool = 4 if place == space("pool") else 1
                return "".join(
                    encode(Sample(n, 1.0, 1.0, 0.001, who, "OK", connection=n % pool)) + "\n"
                    for n, who in self._who(place, calls)
                )
            case ["peer", "stats", "--target", "127.0.0.1:8081", "--run", _]:
                return {"answered": sum(who == name for _, who in self._who(place, QUESTION.calls))}
            case ["peer", "end", "--run", _]:
                return self.did(f"end {place}")
        raise AssertionError(f"unannounced command in pod {name}: {list(command)}")

    def _who(self, place: str, calls: int) -> Iterable[tuple[int, str]]:
        servers = [found.name for found in self.worlds[place].pods(labels.SERVER)]
        pinned = next(STRATEGIES[name].outcome is Outcome.PINNED for name in STRATEGIES if space(name) == place)
        turns = (0, 0, 0, 1) if place == space("pool") else (0,) if pinned else (0, 1)
        return ((n, servers[turns[n % len(turns)]]) for n in range(calls))


class Terminal(FakeRun):
    """The programs of one Tools on the cluster. Once one was interrupted, the clean-up must not use them any more."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self._cluster = cluster
        self.cancelled = False

    def run(self, argv: Sequence[str], *, stdin: str = "", timeout: float | None = None) -> str:  # noqa: ARG002
        assert not self.cancelled or "end" in argv, "these tools were stopped"
        found = self._cluster.answer(argv, stdin)
        return found if isinstance(found, str) else json.dumps(found)


@dataclass
class Session:
    """A comparison under way: the terminals that were opened, the calls that were seen."""

    cluster: Cluster
    sink: Callable[[Sample], None] = lambda _: None
    terminals: list[Terminal] = field(default_factory=list)
    reporter: FakeReporter = field(default_factory=FakeReporter)

    def fresh(self) -> Tools:
        self.terminals.append(Terminal(self.cluster))
        return tools(self.terminals[-1], FakeClock(step=0.01), self.cluster.api.api())

    def watch(self, sample: Sample) -> None:
        try:
            self.sink(sample)
        except BaseException:
            for terminal in self.terminals:
                terminal.cancelled = True
            raise

    def run(self, comparison: Comparison) -> Compared:
        with self.cluster.api:
            means = CompareTools(
                self.fresh(), self.fresh, Context("lbdemo", "https://127.0.0.1"), self.reporter, self.watch
            )
            return compare(comparison, means)


def comparison(*wanted: str, drills: tuple[str, ...] = (), keep: bool = False) -> Comparison:
    return Comparison(replace(CONFIG), wanted, drills, QUESTION, keep)


def cluster_for(asked: Comparison, istio: Istio | None = None, **further: bool) -> Cluster:
    return Cluster(asked, istio, **further)


def removed(*strategies: str) -> list[str]:
    """Namespaces are cleaned side by side: in the order of the alphabet."""
    return sorted(
        event
        for name in strategies
        for event in (
            f"uninstall echo-client {space(name)}", f"uninstall echo-server {space(name)}",
            f"delete namespace/{space(name)}",
        )
    )  # fmt: skip


AddDrill = Callable[[Drill], None]


@pytest.fixture
def a_drill(monkeypatch: pytest.MonkeyPatch) -> AddDrill:
    """Adds a drill to the table, as a file of its own would: real ones take minutes."""
    return lambda drill: monkeypatch.setitem(DRILLS, "trial", drill)


# What is asked


def test_strategies_are_run_in_the_tables_order_with_the_negative_control_first() -> None:
    assert comparison("xds", "clusterip", "headless").strategies == ("clusterip", "headless", "xds")
    assert comparison().strategies == ALL
    assert ALL[0] == "clusterip"


def test_each_strategy_has_a_namespace_of_its_own_and_the_policy_it_can_have() -> None:
    asked = Comparison(replace(CONFIG, lb_policy="least-request", replicas=3))

    found = {name: asked.config(name) for name in ALL}

    assert {name: config.place.namespace for name, config in found.items()} == {name: space(name) for name in ALL}
    assert {name for name, config in found.items() if config.lb_policy == "least-request"} == {"envoy", "istio"}
    assert all(config.strategy == name and config.replicas == 3 for name, config in found.items())


# A comparison without trouble


def test_all_strategies_are_measured_judged_and_removed() -> None:
    asked = comparison()
    cluster = cluster_for(asked, istiod())

    compared = Session(cluster).run(asked)

    assert [result.name for result in compared.results] == list(ALL)
    assert all(result.ok for result in compared.results)
    assert (compared.skipped, compared.left) == ((), ())
    assert cluster.told("calls") == [f"calls {space(name)}" for name in ALL]
    assert sorted(cluster.told("uninstall", "delete")) == removed(*ALL)


def test_nothing_is_removed_before_everything_is_measured() -> None:
    asked = comparison("clusterip", "headless")
    cluster = cluster_for(asked)

    Session(cluster).run(asked)

    assert cluster.story[:2] == ["calls lbdemo-clusterip", "calls lbdemo-headless"]
    assert sorted(cluster.story[2:]) == removed("clusterip", "headless")


def test_namespaces_are_removed_side_by_side_and_each_step_names_its_own() -> None:
    asked = comparison("clusterip", "headless")
    cluster, both = cluster_for(asked), threading.Barrier(2, timeout=20)
    cluster.meets = {f"uninstall echo-client {space(name)}": both.wait for name in asked.strategies}
    session = Session(cluster)

    assert session.run(asked).left == ()

    steps = [key for what, key in session.reporter.events if what == "finished" and key.startswith("echo-client in")]
    assert sorted(steps) == ["echo-client in lbdemo-clusterip", "echo-client in lbdemo-headless"]
    assert ("finished", "namespace/lbdemo-headless") in session.reporter.events


def test_what_is_to_be_kept_stays() -> None:
    asked = comparison("clusterip", "headless", keep=True)
    cluster = cluster_for(asked)

    compared = Session(cluster).run(asked)

    assert len(compared.results) == 2
    assert cluster.told("uninstall", "delete") == []
    assert set(cluster.namespaces) == {"lbdemo-clusterip", "lbdemo-headless"}


def test_a_result_has_the_time_of_its_set_up_and_its_costs() -> None:
    asked = comparison("clusterip", "envoy")

    plain, proxied = Session(cluster_for(asked)).run(asked).results

    assert plain.extra["planned_calls"] == 200
    assert plain.costs is not None
    assert proxied.costs is not None
    assert isinstance(plain.costs.setup_s, float)
    assert (plain.costs, plain.drills) == (Costs(plain.costs.setup_s), ())
    assert (proxied.costs.proxies, proxied.costs.proxy_memory_mb) == (None, None)
    assert "nodes/proxy" in proxied.costs.note


def envoy_used(cpu: float, second: int) -> object:
    container = {
        "name": "envoy",
        "cpu": {"time": f"1970-01-01T00:00:0{second}Z", "usageCoreNanoSeconds": cpu * 1e9},
        "memory": {"workingSetBytes": 30_000_000},
    }
    return {"pods": [{"podRef": {"namespace": "lbdemo-envoy"}, "containers": [container]}]}


def test_the_cpu_of_the_proxies_is_that_of_the_measured_calls() -> None:
    """200 calls at second 1, for 0.1 s of CPU."""
    asked = comparison("envoy")
    cluster = cluster_for(asked)
    cluster.kubelet = [envoy_used(1.0, second=1), envoy_used(1.1, second=2)]

    (result,) = Session(cluster).run(asked).results

    assert result.costs is not None
    assert result.costs.proxy_cpu_ms_per_1000_calls == 500.0


def test_every_call_reaches_the_one_who_watches() -> None:
    seen: list[Sample] = []
    asked = comparison("clusterip")

    Session(cluster_for(asked), sink=seen.append).run(asked)

    assert len(seen) == 200


# Istio


def istio_events(cluster: Cluster) -> list[str]:
    return [event for event in cluster.story if event.endswith(ISTIO_NAMESPACE)]


def test_an_istio_that_came_with_the_comparison_goes_last() -> None:
    asked = comparison("clusterip", "istio")
    cluster = cluster_for(asked, istiod(), istio_comes_later=True)

    Session(cluster).run(asked)

    gone = [f"uninstall {name} {ISTIO_NAMESPACE}" for name in ("istiod", "istio-base")]
    istios = [*gone, f"delete namespace/{ISTIO_NAMESPACE}"]
    story = cluster.told("uninstall", "delete")
    assert sorted(event for event in story if event not in istios) == removed("clusterip", "istio")
    assert [event for event in story if event in istios] == istios
    assert story.index(gone[0]) > story.index("uninstall echo-server lbdemo-istio"), "nothing of ours needs it then"


@pytest.mark.parametrize("ours", [True, False])
def test_an_istio_that_was_there_before_stays(ours: bool) -> None:
    asked = comparison("clusterip", "istio")
    cluster = cluster_for(asked, istiod(ours=ours))

    assert Session(cluster).run(asked).left == ()
    assert istio_events(cluster) == []
    assert sorted(cluster.told("delete")) == ["delete namespace/lbdemo-clusterip", "delete namespace/lbdemo-istio"]


def test_an_istio_that_others_use_meanwhile_stays_and_that_is_told() -> None:
    asked = comparison("istio")
    cluster = cluster_for(asked, istiod(), istio_comes_later=True)
    marks = {"security.istio.io/tlsMode": "istio"}
    cluster.api.add({"kind": "Pod", "metadata": {"name": "shop-1", "namespace": "shop", "labels": marks}})

    compared = Session(cluster).run(asked)

    assert compared.left == ("Istio: pods in shop still use it",)
    assert istio_events(cluster) == []


# What cannot be run


REFUSED = "namespace lbdemo-headless exists, and lbdemo did not make it (choose others with --namespace PREFIX)"


def with_a_foreign_namespace(asked: Comparison) -> Cluster:
    """The namespace for headless is somebody else's."""
    cluster = cluster_for(asked, istiod())
    cluster.make("lbdemo-headless", {})
    cluster.worlds.pop("lbdemo-headless", None)
    return cluster


def test_a_namespace_that_somebody_made_with_up_is_refused_and_stays() -> None:
    asked = comparison("clusterip", "headless")
    cluster = cluster_for(asked)
    cluster.make("lbdemo-headless", labels.OURS)

    compared = Session(cluster).run(asked)

    assert "was made by `lbdemo up`, not by a comparison" in dict(compared.broken)["headless"]
    assert sorted(cluster.told("uninstall", "delete")) == removed("clusterip")


def test_all_that_is_done_in_a_namespace_is_done_under_its_lock() -> None:
    asked = comparison("clusterip")
    cluster = cluster_for(asked)
    held: list[bool] = []

    def look(_: Sample) -> None:
        held.append(("leases.coordination.k8s.io", "lbdemo-clusterip", labels.LOCK) in cluster.api.objects)

    Session(cluster, sink=look).run(asked)

    assert held == [True] * 200


def test_a_namespace_whose_lock_was_lost_is_left_to_who_has_it() -> None:
    asked = comparison("clusterip", "headless")
    cluster = cluster_for(asked)
    lease = {"metadata": {"name": labels.LOCK, "namespace": "lbdemo-headless"}, "spec": {"holderIdentity": "bob@pc"}}

    def lose(_: Sample) -> None:
        if "calls lbdemo-headless" in cluster.story:
            cluster.api.put(LEASES, dict(lease))
            threading.Event().wait(20)

    with pytest.raises(LockLostError, match="bob@pc has it now"):
        Session(cluster, sink=lose).run(asked)

    assert sorted(cluster.told("uninstall", "delete")) == removed("clusterip")
    assert "lbdemo-headless" in cluster.namespaces


def test_what_the_cluster_cannot_run_is_skipped_with_its_reason() -> None:
    asked = comparison()
    cluster = with_a_foreign_namespace(asked)

    compared = Session(cluster).run(asked)

    assert (compared.skipped, compared.broken) == ((("headless", REFUSED),), ())
    assert [result.name for result in compared.results] == [name for name in ALL if name != "headless"]
    assert "lbdemo-headless" in cluster.namespaces, "it is not ours"


def test_what_was_installed_and_could_not_be_measured_is_broken() -> None:
    asked = comparison()
    cluster = cluster_for(asked, istiod())
    cluster.refusals["calls lbdemo-envoy"] = failure("container not found", code=137)

    compared = Session(cluster).run(asked)

    assert (compared.skipped, compared.broken) == (
        (),
        (("envoy", "kubectl failed with exit code 137 | container not found"),),
    )
    assert len(compared.results) == len(ALL) - 1


def test_what_was_asked_for_by_name_and_cannot_be_run_is_broken() -> None:
    asked = comparison("clusterip", "headless", "envoy")
    cluster = with_a_foreign_namespace(asked)

    compared = Session(cluster).run(asked)

    assert (compared.skipped, compared.broken) == ((), (("headless", REFUSED),))
    assert [result.name for result in compared.results] == ["clusterip", "envoy"]
    assert sorted(cluster.told("uninstall", "delete")) == removed("clusterip", "envoy")


def test_without_any_result_the_first_failure_is_raised_after_the_clean_up() -> None:
    asked = comparison("headless", "envoy")
    cluster = with_a_foreign_namespace(asked)
    cluster.refusals["calls lbdemo-envoy"] = failure("container not found", code=137)

    with pytest.raises(InputError, match="namespace lbdemo-headless exists"):
        Session(cluster).run(asked)

    assert sorted(cluster.told("uninstall", "delete")) == removed("envoy")


# Ends before the end


@pytest.mark.parametrize("end", [KeyboardInterrupt(), RuntimeError("a bug of ours")], ids=["Ctrl-C", "bug"])
@pytest.mark.parametrize("wanted", [(), ("clusterip", "headless", "envoy")], ids=["all", "by name"])
def test_what_was_begun_is_removed_whatever_ends_it(end: BaseException, wanted: tuple[str, ...]) -> None:
    asked = comparison(*wanted)
    cluster = cluster_for(asked)

    def stop(_: Sample) -> None:
        if "calls lbdemo-headless" in cluster.story:
            raise end

    with pytest.raises(type(end)):
        Session(cluster, sink=stop).run(asked)

    begun = asked.strategies[: asked.strategies.index("headless") + 1]
    assert cluster.told("calls", "end") == [*(f"calls lbdemo-{name}" for name in begun), "end lbdemo-headless"]
    assert sorted(cluster.told("uninstall", "delete")) == removed(*begun)


def test_a_namespace_that_was_just_made_is_removed_when_that_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = comparison("clusterip", "headless")
    cluster = cluster_for(asked)

    del cluster.api.objects["namespaces", "", "lbdemo-headless"]

    def held_and_interrupted(of: Tools, name: str, *more: Any, **named: Any) -> Any:
        made = hold(of, name, *more, **named)
        if name == "lbdemo-headless":
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr("lbdemo.cluster.trial.namespaces.hold", held_and_interrupted)

    with pytest.raises(KeyboardInterrupt):
        Session(cluster).run(asked)

    assert "delete namespace/lbdemo-headless" in cluster.told("delete")
    assert "lbdemo-headless" not in cluster.namespaces


def test_an_interrupted_comparison_keeps_what_is_to_be_kept() -> None:
    def stop(_: Sample) -> None:
        raise KeyboardInterrupt

    asked = comparison("clusterip", keep=True)
    cluster = cluster_for(asked)

    with pytest.raises(KeyboardInterrupt):
        Session(cluster, sink=stop).run(asked)

    assert cluster.told("uninstall", "delete") == []


def test_a_clean_up_that_fails_leaves_the_others_to_be_cleaned_and_is_told() -> None:
    asked = comparison("clusterip", "headless")
    cluster = cluster_for(asked)
    cluster.refusals["uninstall echo-client lbdemo-clusterip"] = failure("Error: timed out", "helm", "uninstall")

    compared = Session(cluster).run(asked)

    assert len(compared.results) == 2
    (left,) = compared.left
    assert left.startswith("namespace lbdemo-clusterip: helm failed with exit code 1")
    assert cluster.told("delete") == ["delete namespace/lbdemo-headless"]


@pytest.mark.parametrize("end", [KeyboardInterrupt(), failure("container not found", code=137)])
def test_what_could_not_be_removed_is_told_also_where_there_is_no_result(end: BaseException) -> None:
    asked = comparison("clusterip")
    cluster = cluster_for(asked)
    cluster.refusals["uninstall echo-client lbdemo-clusterip"] = failure("Error: timed out", "helm", "uninstall")

    def stop(_: Sample) -> None:
        raise end

    session = Session(cluster, sink=stop)
    with pytest.raises((KeyboardInterrupt, LbdemoError)):
        session.run(asked)

    (left,) = [key for what, key in session.reporter.events if what == "failed" and key.startswith("namespace ")]
    assert left.startswith("namespace lbdemo-clusterip: helm failed with exit code 1")


# Drills


def test_a_drill_that_went_as_promised_is_part_of_the_result(a_drill: AddDrill) -> None:
    a_drill(lambda _: Drilled("kill", Kill(9, 0, 0.0, 0.1), "none fails", as_expected=True))
    asked = comparison("clusterip", drills=("trial",))
    session = Session(cluster_for(asked))

    (result,) = session.run(asked).results

    assert result.drills == (Drilled("kill", Kill(9, 0, 0.0, 0.1), "none fails", as_expected=True),)
    assert (result.ok, result.promises_kept, result.notes) == (True, True, ())
    assert ("finished", "clusterip trial") in session.reporter.events


def test_a_drill_that_broke_its_promise_spoils_the_result_and_says_why(a_drill: AddDrill) -> None:
    a_drill(lambda _: Drilled("kill", Kill(9, 3, 1.0, 0.1), "none fails", as_expected=False))
    asked = comparison("clusterip", drills=("trial",))

    (result,) = Session(cluster_for(asked)).run(asked).results

    assert (result.verdict.as_expected, result.promises_kept, result.ok) == (True, False, False)
    assert result.notes == (
        "Drill kill: calls 9, failed 3, last_trouble_s 1.00, longest_gap_s 0.10, where none fails.",
    )


def test_a_drill_knows_what_is_installed_and_what_it_says_is_shown(a_drill: AddDrill) -> None:
    runs: list[DrillRun] = []

    def look_around(run: DrillRun) -> Drilled[Any]:
        runs.append(run)
        run.say("scaling")
        return Drilled("kill", Kill(9, 0, 0.0, 0.1), "", as_expected=True)

    a_drill(look_around)
    asked = comparison("headless", drills=("trial",))
    session = Session(cluster_for(asked))
    session.run(asked)

    assert [(s.place.namespace, s.installation.strategy.name, len(s.installation.servers)) for s in runs] == [
        ("lbdemo-headless", "headless", 2)
    ]
    assert session.reporter.events[:3] == [
        ("started", "headless trial"), ("progress", "scaling"), ("finished", "headless trial"),
    ]  # fmt: skip


def test_what_a_drill_changed_is_put_right(a_drill: AddDrill) -> None:
    asked = comparison("clusterip", drills=("trial",))
    cluster = cluster_for(asked)
    injected = {**labels.OURS, labels.INJECTION: "enabled"}

    def meddle(_: DrillRun) -> Drilled[Any]:
        cluster.make("lbdemo-clusterip", injected)
        return Drilled("kill", Kill(9, 0, 0.0, 0.1), "", as_expected=True)

    a_drill(meddle)
    Session(cluster).run(asked)

    assert cluster.told("label") == ["label namespace/lbdemo-clusterip istio-injection-"]


def test_what_cannot_be_put_right_is_told_and_the_next_drill_goes_on(a_drill: AddDrill) -> None:
    asked = comparison("clusterip", drills=("trial", "trial"))
    cluster = cluster_for(asked)
    refusal = "label namespace/lbdemo-clusterip istio-injection-"
    injected = {**labels.OURS, labels.INJECTION: "enabled"}

    def meddle(_: DrillRun) -> Drilled[Any]:
        if refusal not in cluster.refusals:
            cluster.make("lbdemo-clusterip", injected)
            cluster.refusals[refusal] = failure("Error: boom", "kubectl", "label")
        else:
            del cluster.refusals[refusal]
        return Drilled("kill", Kill(9, 0, 0.0, 0.1), "", as_expected=True)

    a_drill(meddle)
    (result,) = Session(cluster).run(asked).results

    assert result.notes == (
        "After drill trial the strategy could not be put right: kubectl failed with exit code 1 | Error: boom.",
    )
    assert result.drills[0].figures == Kill(9, 0, 0.0, 0.1), "what was measured is kept"
    assert len(cluster.told("label")) == 2, "the second drill's repair is not stopped by the first one's failure"


def test_a_drill_may_have_outlier_detection_installed(a_drill: AddDrill) -> None:
    def switch(run: DrillRun) -> Drilled[Any]:
        run.set_outlier(True)
        raise AssertionError("it could not be installed")

    a_drill(switch)
    asked = comparison("envoy", drills=("trial",))
    cluster = cluster_for(asked)
    cluster.refusals["install echo-server lbdemo-envoy"] = failure("Error: boom", "helm", "upgrade")

    (result,) = Session(cluster).run(asked).results

    assert result.notes == ("Drill trial could not be completed: helm failed with exit code 1 | Error: boom.",)
    balancing = json.loads(cluster.installed["echo-server"])["balancing"]
    assert balancing["outlierDetection"]["enabled"] is True


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotReadyError("4 pods did not come in 60 s", "812 calls"), "4 pods did not come in 60 s: 812 calls"),
        (
            NotReadyError("echo-server cannot become ready", "it ends\n  | starting\n  | no such option", "look there"),
            "echo-server cannot become ready: it ends | no such option (look there)",
        ),
        (failure("Error: boom", "helm", "upgrade"), "helm failed with exit code 1 | Error: boom"),
    ],
    ids=["late", "crashed", "program"],
)
def test_a_drill_that_fails_leaves_the_measurement_and_says_why(
    a_drill: AddDrill, error: LbdemoError, reason: str
) -> None:
    def fail(_: DrillRun) -> Drilled[Any]:
        raise error

    a_drill(fail)
    asked = comparison("clusterip", drills=("trial",))
    session = Session(cluster_for(asked))

    (result,) = session.run(asked).results

    assert result.notes == (f"Drill trial could not be completed: {reason}.",)
    assert (result.verdict.as_expected, result.promises_kept, result.drills) == (True, False, ())
    assert ("failed", "clusterip trial") in session.reporter.events


@pytest.mark.parametrize(
    ("strategy", "wanted", "age"),
    [("clusterip", None, 0.0), ("headless", None, 5.0), ("headless", 30.0, 30.0), ("headless", 0.0, 0.0)],
)
def test_a_drill_knows_how_long_connections_live(
    a_drill: AddDrill, strategy: str, wanted: float | None, age: float
) -> None:
    ages: list[float] = []

    def look(run: DrillRun) -> Drilled[Any]:
        ages.append(run.installation.connection_age)
        return Drilled("kill", Kill(9, 0, 0.0, 0.1), "", as_expected=True)

    a_drill(look)
    asked = replace(comparison(strategy, drills=("trial",)), base=replace(CONFIG, max_connection_age=wanted))
    Session(cluster_for(asked)).run(asked)

    assert ages == [age]


def test_the_negative_control_can_be_run_everywhere_so_its_failure_is_one() -> None:
    asked = comparison()
    cluster = cluster_for(asked, istiod())
    cluster.make(space("clusterip"), {})

    compared = Session(cluster).run(asked)

    assert "exists, and lbdemo did not make it" in dict(compared.broken)["clusterip"]
    assert "clusterip" not in dict(compared.skipped)
