"""`verify`: the gate and the block, sent from inside the client's pod, judged here, with a second witness.

Never through `kubectl port-forward`, which bypasses Services and the mesh.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.install.strategies.base import Strategy
from lbdemo.cluster.install.strategies.promises import Setup
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Observed, observe_namespace
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.trial.block import Collected, Sink, collect
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.cluster.trial.witness import second_witness
from lbdemo.config import Place
from lbdemo.durations import span
from lbdemo.errors import InputError, NotReadyError, OperationFailedError
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS
from lbdemo.kube.records.pods import Pod
from lbdemo.measure import Expectation, Outcome, judge, plan_calls
from lbdemo.measure.fingerprint import LEAST_REQUEST
from lbdemo.records import Result
from lbdemo.tools.kubectl import Kubectl

BROKEN_OFF = "run it again; `lbdemo status` shows whether the client's pod is well"
NAME_LABEL = "app.kubernetes.io/name"  # "echo" is a server or the client
PROXY = "envoy"
CONTAINER = "echo"  # the client's or the server's own
SETTLE = 12.0  # seconds that name servers and proxies get at most to learn of all servers: CoreDNS keeps answers for 5
WITNESS = "each server's own counter"


@dataclass(frozen=True, slots=True)
class Installation:
    """What is installed: the strategy, the pod that calls, the pods that should answer, and how they are called."""

    strategy: Strategy
    lb_policy: str
    client: Pod
    servers: tuple[Pod, ...]
    target: str
    channel_policy: str
    proxies: tuple[Pod, ...] = ()  # what stands before the servers, in pods of its own
    connections: int = 1  # the client's
    connection_age: float = 0.0  # seconds after which the servers close connections; 0: never
    otlp: str = ""  # where client and servers send spans (HOST:PORT); "" for nowhere

    @property
    def names(self) -> tuple[str, ...]:
        """The servers' names, as they sign their answers."""
        return tuple(sorted(pod.name for pod in self.servers))

    @property
    def setup(self) -> Setup:
        """What the strategy's promises depend on."""
        return Setup(len(self.servers), self.lb_policy, self.connections, self.connection_age)


def read_installation(api: Api, place: Place) -> Installation:
    """Reads off the cluster what there is to verify. Raises InputError when nothing is installed, NotReadyError
    when it is not ready."""
    seen = observe_namespace(api, place.namespace, lenient=True)
    release = seen.releases.get(labels.SERVER)
    if release is None or labels.CLIENT not in seen.releases:
        raise InputError(f"lbdemo is not installed in namespace {place.namespace}", "install it with `lbdemo up`")
    strategy = STRATEGIES.get(release.strategy)
    if strategy is None:
        raise InputError(f"strategy {release.strategy!r} is unknown to this lbdemo", "run `lbdemo up` again")
    proxies = tuple(pod for pod in seen.pods(labels.SERVER) if pod.meta.labels.get(NAME_LABEL) == PROXY)
    if proxies and not any(pod.ready for pod in proxies):
        raise NotReadyError("no proxy is ready", ", ".join(pod.name for pod in proxies), "`lbdemo status`, `lbdemo up`")
    client, servers = _ready(seen, labels.CLIENT)[0], _ready(seen, labels.SERVER)
    return Installation(
        strategy=strategy,
        lb_policy=release.policy or "round-robin",
        client=client,
        servers=servers,
        target=_setting(client, "target"),
        channel_policy=_setting(client, "policy", "pick_first"),
        proxies=proxies,
        connections=int(_setting(client, "connections", "1")),
        connection_age=span(_setting(servers[0], "max-connection-age", "0")),
        otlp=_variable(client, "OTEL_EXPORTER_OTLP_ENDPOINT").partition("://")[2].rstrip("/"),
    )


def _setting(pod: Pod, option: str, default: str = "") -> str:
    """An option of the program in the pod, as it runs: from its arguments, else from its variable. Raises InputError
    when there is neither, nor a default."""
    main = pod.container(CONTAINER)
    args = [word for arg in main.args for word in arg.split("=", 1)] if main else []
    given = dict(pairwise(args)).get(f"--{option}") or _variable(pod, f"LBDEMO_{option.replace('-', '_').upper()}")
    if not given and not default:
        raise InputError(f"pod {pod.name} does not say its --{option}", "`lbdemo up` installs it anew")
    return given or default


def _variable(pod: Pod, name: str) -> str:
    """A variable of the program in the pod; "" where it has none."""
    main = pod.container(CONTAINER)
    return main.env.get(name, "") if main else ""


def _ready(seen: Observed, release: str) -> tuple[Pod, ...]:
    newest = seen.objects.newest_hashes()
    pods = [p for p in seen.pods(release) if p.ready and p.meta.labels.get(NAME_LABEL) == "echo"]
    current = tuple(p for p in pods if p.meta.labels.get("pod-template-hash") in newest)
    if not current:
        raise NotReadyError(f"no pod of {release} is ready", f"{len(pods)} of an older rollout", "`lbdemo up`")
    deployment = seen.deployment(release)
    if deployment is not None and len(current) < deployment.replicas:  # those that answer would seem to be all
        state = f"{len(current)} of {deployment.replicas} pods are ready"
        raise NotReadyError(f"{release} is not complete", state, "`lbdemo status` shows why; `lbdemo up` waits for it")
    return current


def expectation(installation: Installation, options: VerifyOptions) -> Expectation:
    """What the installed strategy promises, or what the person expects instead."""
    told = Outcome(options.expect.upper().replace("-", " ")) if options.expect else None
    strategy = installation.strategy
    outcome = told or strategy.outcome
    promised = strategy.fingerprint(installation.lb_policy) if outcome is strategy.outcome else ""
    if (options.connections or installation.connections) > 1 and promised != LEAST_REQUEST:
        promised = ""  # several connections take turns each for itself: the sum is not exact; less for the slow adds up
    return Expectation(
        outcome=outcome,
        servers=installation.names,
        tolerance=options.tolerance,
        alpha=options.alpha,
        fingerprint=promised,
        max_error_ratio=options.errors,
        weights=options.weights,
        looks=options.looks,
    )


def planned(installation: Installation, options: VerifyOptions) -> int:
    """How many calls a block has."""
    alpha = Expectation(alpha=options.alpha, looks=options.looks).alpha_at(1)
    return options.calls or plan_calls(len(installation.servers), options.tolerance, alpha)


def command(
    installation: Installation, options: VerifyOptions, calls: int, run: str, *, gate: bool = True,
    traced: bool = False,
) -> list[str]:  # fmt: skip
    """What is run inside the client's pod; without the gate it calls whoever is there.

    Only what is to be `traced` tells spans, wherever they are sent: they would cost what is measured.
    """
    settle = gate and installation.strategy.outcome is Outcome.BALANCED
    connections = options.connections or installation.connections
    return [
        "lbdemo", "client", "--target", installation.target, "--policy", installation.channel_policy,
        *(["--servers", str(len(installation.servers))] if gate else []),
        "--count", str(calls), "--rate", f"{options.rate:g}",
        "--concurrency", str(options.concurrency), "--connections", str(connections),
        "--timeout", f"{options.timeout:g}", "--wait", "10", "--run", run, "--format", "json",
        *(["--retry"] if options.retry else []),
        *(["--trace" if traced else "--no-trace"] if installation.otlp else []),
        *(["--settle", f"{SETTLE:g}", "--names", ",".join(installation.names)] if settle else []),
    ]  # fmt: skip


def verify(
    tools: Tools,
    place: Place,
    options: VerifyOptions,
    sink: Sink | None = None,
    installation: Installation | None = None,
) -> Result:
    """Sends the calls, counts them by the answering pod's own word, asks the servers for their count, and judges."""
    kubectl = tools.kubectl
    installation = installation or read_installation(tools.api, place)
    expected = expectation(installation, options)
    calls = planned(installation, options)
    run = Run(kubectl, place, installation, options, uuid.uuid4().hex[:12], calls)
    counted = run.block(Collected(), sink, gate=True)
    summary = counted.tally.summary()
    if judge(summary.counts, expected).second_block_helps:
        counted = run.block(counted, sink, gate=False)
        summary = counted.tally.summary()
    after = {pod.name: pod for pod in need(tools.api.list(PODS, place.namespace, selector=labels.OF_RELEASES))}
    failed = summary.failed + summary.gate_errors
    witness, received = second_witness(kubectl, place, installation.servers, after, counted.answers, run.name, failed)
    counts = summary.counts if summary.gate_errors else replace(summary.counts, received=counted.block_of(received))
    return Result(
        name=installation.strategy.name,
        title=installation.strategy.summary,
        summary=summary,
        verdict=judge(counts, expected, look=2 if counted.blocks > 1 else 1),
        witness=witness,
        witness_name=WITNESS,
        notes=changes(installation.servers, after),
        extra={"planned_calls": calls, "lb_policy": installation.lb_policy if installation.strategy.policies else ""},
    )


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the client in its pod: a block of so many calls, or two."""

    kubectl: Kubectl
    place: Place
    installation: Installation
    options: VerifyOptions
    name: str
    calls: int

    def block(self, so_far: Collected, sink: Sink | None, *, gate: bool) -> Collected:
        """Makes a block of calls. Raises OperationFailedError when not all of them were made."""
        before = so_far.tally.summary().sent
        argv = command(self.installation, self.options, self.calls, self.name, gate=gate)
        collect(self.kubectl, self.place, self.installation.client.name, argv, sink, so_far)
        summary = so_far.tally.summary()
        if not summary.sent:
            raise OperationFailedError("the client in the pod sent no call", "`lbdemo logs client` shows what it says")
        sent = summary.sent - before
        if sent + summary.unknown_lines < self.calls:
            raise OperationFailedError(f"the run broke off: {sent} of {self.calls} calls were made", BROKEN_OFF)
        so_far.blocks += 1
        return so_far


def changes(before: Iterable[Pod], after: Mapping[str, Pod]) -> tuple[str, ...]:
    """Sentences on pods that came or went during the run."""
    known = {pod.name for pod in before}
    alive = {name: pod for name, pod in after.items() if labels.release(pod) == labels.SERVER and not pod.meta.deleting}
    gone = sorted(known - alive.keys())
    new = sorted(
        name for name in alive.keys() - known if alive[name].ready and alive[name].meta.labels.get(NAME_LABEL) == "echo"
    )
    said = [f"{name} went away during the run." for name in gone]
    return tuple(said + [f"{name} came up during the run." for name in new])
