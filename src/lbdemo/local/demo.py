"""Plays the acts one after another, and judges each."""

from __future__ import annotations

import asyncio
import os
import platform
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

from lbdemo.local import traces
from lbdemo.local.acts import SLOW_MS, Act, Route
from lbdemo.local.certificates import HOST, certificates, check_available
from lbdemo.local.envoy import HOW_TO_GET, find_envoy
from lbdemo.local.guards import interruptible, same_signals, without_proxies
from lbdemo.local.lesson import lesson
from lbdemo.local.pace import Calls, Pace, choose, median_call, probe
from lbdemo.local.price import ROUNDS, Rounds, Way, priced
from lbdemo.local.stage import Secure, Stage, stage
from lbdemo.measure import Expectation, judge
from lbdemo.records import Result, Sample, Tally

if TYPE_CHECKING:
    from pathlib import Path

    from lbdemo.local.options import DemoOptions

Sink = Callable[[Sample], None]

CONNECT_LIMIT = 5.0


class Audience(Protocol):
    """Who looks on: is told what goes on, and gets the samples of each act as they come."""

    def say(self, text: str) -> None:
        """One line on what happens."""

    def watch(self, title: str, calls: int, servers: Sequence[str]) -> AbstractContextManager[Sink]:
        """Opens for one act of so many calls; the sink takes each sample."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it: the results, what was skipped, what could not be played, each with the reason, and where."""

    results: tuple[Result, ...]
    skipped: tuple[tuple[str, str], ...]
    environment: dict[str, str]
    broken: tuple[tuple[str, str], ...] = ()


def play(options: DemoOptions, audience: Audience, rounds: int = ROUNDS) -> Played:
    """Starts everything, plays the acts, ends everything. What TLS costs is told from so many `rounds` each way.

    Acts that need Envoy are skipped where there is none, and broken where it does not start. Raises KeyboardInterrupt
    on Ctrl-C and SIGTERM, after all has ended; ProgramFailedError or NotReadyError when something else does not start.
    """
    if options.tls:
        check_available()
    if options.trace:
        traces.check_available()
    envoy = find_envoy()
    acts = [act for act in options.acts if envoy or act.route is not Route.ENVOY]
    skipped = tuple((act.name, HOW_TO_GET) for act in options.acts if act not in acts)
    audience.say(f"starting {options.servers} servers{', a TCP proxy and Envoy' if envoy else ' and a TCP proxy'}")
    with (
        interruptible(), without_proxies(os.environ), certificates(options.tls) as papers,
        stage(options.servers, acts, envoy, papers, trace=options.trace) as scene, traces.telling(scene.collector),
    ):  # fmt: skip
        broken = [act for act in acts if act.route is Route.ENVOY and scene.no_envoy]
        pace = paced(scene, options)
        audience.say(pace.told(acts))
        results = tuple(perform(act, scene, pace, audience) for act in acts if act not in broken)
        results = priced(results, raced(scene, scene.secure, pace, audience, rounds)) if scene.secure else results
        environment = surroundings(scene, acts, pace, envoy)
    failures = tuple((act.name, scene.no_envoy) for act in broken)
    return Played(lesson(results, scene.slow_server), skipped, environment, failures)


def paced(scene: Stage, options: DemoOptions) -> Pace:
    """The pace that was told, or one well below what this machine holds now by the longest way there is."""
    longest = Calls(scene.longest_way, policy=scene.longest_policy, trace=options.trace)
    return choose(options, 0.0 if options.rate else probe(longest))


def raced(scene: Stage, secure: Secure, pace: Pace, audience: Audience, rounds: int) -> Rounds:
    """Short runs without and with TLS, in turns."""
    audience.say("short runs without and with TLS, in turns")
    ways = {"plain": Calls(scene.servers_target), "secure": Calls(secure.target, secure.tls, HOST)}
    found = [{name: (median_call(way, pace.rate), probe(way)) for name, way in ways.items()} for _ in range(rounds)]
    return Rounds(**{name: Way(*zip(*(each[name] for each in found), strict=True)) for name in ways})


def perform(act: Act, scene: Stage, pace: Pace, audience: Audience) -> Result:
    """Plays one act."""
    if act.slow:
        scene.make_slow(SLOW_MS)
    audience.say(f"{act.name}: {act.title}")
    run, answers, tally, begun = f"demo-{uuid.uuid4().hex[:12]}", Counter[str](), Tally(), time.time()
    expected = Expectation(act.outcome, servers=tuple(scene.servers), fingerprint=act.fingerprint, looks=pace.looks)
    with audience.watch(act.name, pace.calls, list(scene.servers)) as show:

        def sink(sample: Sample) -> None:
            tally.add(sample)
            if sample.ok:
                answers[sample.server] += 1
            show(sample)

        following = call(act, scene, pace, run, sink)
        verdict = judge(tally.summary().counts, expected)
        if verdict.second_block_helps:
            call(act, scene, pace, run, lambda sample: sink(replace(sample, seq=sample.seq + following)), gate=False)
            verdict = judge(tally.summary().counts, expected, look=2)
    scene.check()  # of a server, proxy or Envoy that has died on the way, no verdict could tell
    summary = tally.summary()
    name, witness = scene.witness(act, run, answers, summary.failed + summary.gate_errors)
    result = Result(act.name, act.title, summary, verdict, witness, name)
    return traces.proven(scene.collector, act, run, result, begun) if scene.collector else result


def call(act: Act, scene: Stage, pace: Pace, run: str, sink: Sink, *, gate: bool = True) -> int:
    """Makes the calls, at fixed times, and returns the number that follows the last one's.

    Raises KeyboardInterrupt when a signal stops them.
    """
    from lbdemo.echo.load import loop_for, run_until_signal
    from lbdemo.echo.options import LoadOptions

    rate = pace.of(act)
    load = LoadOptions(
        target=scene.target(act), interval=1 / rate, count=pace.calls,
        policy=act.channel_policy, servers=len(scene.servers) if gate else 0, run=run, wait=CONNECT_LIMIT,
        tls=scene.secure.tls if scene.secure and act.tls else None, authority=HOST if act.tls else "",
        trace=scene.collector is not None,
    )  # fmt: skip
    with same_signals(), asyncio.Runner(loop_factory=lambda: loop_for(load.interval)) as runner:
        report, stopped = runner.run(run_until_signal(load, sink))
    if stopped is not None:
        raise KeyboardInterrupt
    return report.summary.sent + report.summary.gate_calls


def surroundings(scene: Stage, acts: Sequence[Act], pace: Pace, envoy: Path | None) -> dict[str, str]:
    """Where it was measured, and with what."""
    return {
        "servers": str(len(scene.servers)),
        "planned_calls": str(pace.calls),
        "rate": f"{' and '.join(dict.fromkeys(f'{pace.of(act):.0f}' for act in acts))} calls/s",
        **({"closed_loop": f"{pace.limit:.0f} calls/s"} if pace.limit else {}),
        "envoy": scene.envoy.version if scene.envoy else ("not used" if envoy else "none"),
        "grpcio": version("grpcio"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
    }
