"""`lbdemo verify`: is it balanced? Measured from inside the cluster, judged, with an exit code."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from lbdemo.cli import options, output

if TYPE_CHECKING:
    from lbdemo.cluster.trial.options import VerifyOptions
    from lbdemo.cluster.trial.verify import Installation
    from lbdemo.records import Report, Sample


def verify(
    ctx: typer.Context,
    calls: Annotated[int, typer.Option(min=0, metavar="N", help="RPCs to judge (0: as many as it takes).")] = 0,
    tolerance: output.Tolerance = 0.2,
    alpha: output.Alpha = 0.001,
    expect: output.Expect = "",
    rate: Annotated[float, typer.Option(min=1, metavar="RPC/S", help="RPCs a second (at fixed times).")] = 500.0,
    concurrency: Annotated[
        int, typer.Option(min=0, max=1000, metavar="N", show_default="all that are due", help="RPCs in flight at most.")
    ] = 0,
    connections: Annotated[
        int, typer.Option(min=0, max=100, metavar="N", help="The client's connections (0: as it is installed).")
    ] = 0,
    timeout: Annotated[
        str, typer.Option("--deadline", "--timeout", metavar="DURATION", help="The deadline of each RPC.")
    ] = "5s",
    errors: Annotated[
        float, typer.Option(min=0, max=1, metavar="RATIO", help="The part of the RPCs that may fail.")
    ] = 0.0,
    weight: output.Weight = None,
    save: output.Save = "",
    as_json: options.AsJson = False,
    junit: output.Junit = "",
    html: output.Html = "",
) -> int:
    """Sends RPCs through the cluster and judges them. Exits with 0: as promised, 1: not, 7: they cannot tell."""
    from lbdemo.cluster.trial.options import VerifyOptions
    from lbdemo.config import check_rate
    from lbdemo.durations import seconds

    output.check_writable(save, junit, html)
    told = output.outcome(expect)
    wanted = VerifyOptions(
        calls, tolerance, alpha, told, check_rate(rate), concurrency, connections, seconds(timeout),
        errors=errors, weights=output.weights(weight),
    )  # fmt: skip
    report = measured(ctx.obj, wanted, Path(save) if save else None)
    return output.give(report, as_json=as_json, junit=junit, html=html)


def measured(globals_: options.Globals, wanted: VerifyOptions, save: Path | None) -> Report:
    """Runs it, with live bars on a terminal; saves the calls as they come."""
    from lbdemo import __version__
    from lbdemo.cli.session import session
    from lbdemo.config import Place
    from lbdemo.records import Report

    started = output.now()
    with session(globals_, live=False) as here:
        from lbdemo.cluster.trial.verify import expectation, planned, read_installation
        from lbdemo.cluster.trial.verify import verify as ask

        place = Place(globals_.context, globals_.namespace)
        installation = read_installation(here.tools.api, place)
        where = environment(installation, here.context.name, globals_.namespace)
        asked = expectation(installation, wanted)
        calls = planned(installation, wanted)
        with (
            recorded(save, installation, started, where, asked, calls) as (file, keep),
            output.bars(installation.strategy.name) as show,
        ):
            result = ask(here.tools, place, wanted, both(keep, show), installation)
            if file is not None:
                from lbdemo.records.recording import end

                print(end(result), file=file)
    return Report("verify", __version__, started, (result,), where)


def environment(installation: Installation, context: str, namespace: str) -> dict[str, str]:
    """Where it was measured."""
    return {
        "context": context,
        "namespace": namespace,
        "strategy": installation.strategy.name,
        "lb_policy": installation.lb_policy,
        "servers": str(len(installation.servers)),
        "target": installation.target,
    }


def both(first: Callable[[Sample], None], second: Callable[[Sample], None]) -> Callable[[Sample], None]:
    """One sink that feeds two."""

    def sink(sample: Sample) -> None:
        first(sample)
        second(sample)

    return sink


@contextlib.contextmanager
def recorded(
    path: Path | None, installation: Installation, started: str, where: dict[str, str], asked: object, calls: int
) -> Iterator[tuple[TextIO | None, Callable[[Sample], None]]]:
    """A file that keeps every call, and the function that puts one there."""
    from lbdemo.measure import Expectation
    from lbdemo.records import encode
    from lbdemo.records.recording import begin

    if path is None or not isinstance(asked, Expectation):
        yield None, lambda _: None
        return
    with path.open("w", encoding="utf-8") as file:
        print(begin(installation.strategy.name, installation.strategy.summary, started, where, asked, calls), file=file)
        yield file, lambda sample: print(encode(sample), file=file)
        sys.stdout.flush()
