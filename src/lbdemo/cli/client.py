"""`lbdemo client`: calls the echo servers and says of each call who answered, and when."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import errors
from lbdemo.cli.lines import LineFormat, Lines, printable
from lbdemo.cli.traces import Trace, traces
from lbdemo.durations import span

if TYPE_CHECKING:
    from signal import Signals

    from lbdemo.echo.options import LoadOptions
    from lbdemo.echo.until import LoadReport
    from lbdemo.records import Summary


class Policy(StrEnum):
    """gRPC's own load-balancing policies."""

    pick_first = "pick_first"
    round_robin = "round_robin"


class Arrivals(StrEnum):
    """When calls are due."""

    grid = "grid"
    poisson = "poisson"


class Stream(StrEnum):
    """Streams in place of single calls."""

    watch = "watch"
    chat = "chat"


def client(
    ctx: typer.Context,
    target: Annotated[
        str, typer.Option(metavar="TARGET", help="HOST:PORT, dns:///HOST:PORT or xds:///HOST:PORT.")
    ] = "localhost:8080",
    message: Annotated[str, typer.Option(metavar="TEXT", help="What to send.")] = "hello",
    interval: Annotated[
        float | None,
        typer.Option(
            parser=span, metavar="DURATION", show_default="1s", help="A call is due every so often; 0: at once."
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(metavar="RPC/S", help="RPCs a second (in place of --interval; 0: as fast as it goes)."),
    ] = None,
    count: Annotated[int, typer.Option(metavar="N", help="Calls to send; 0: until stopped.")] = 0,
    timeout: Annotated[
        float,
        typer.Option(
            "--deadline",
            "--timeout",
            parser=span,
            metavar="DURATION",
            show_default="5s",
            help="The deadline of each RPC.",
        ),
    ] = 5,
    arrivals: Annotated[
        Arrivals, typer.Option(help="A call every so often, or at random so often on average, as from many callers.")
    ] = Arrivals.grid,
    concurrency: Annotated[
        int,
        typer.Option(
            metavar="N",
            show_default="all that are due",
            help="RPCs in flight at most (others leave late; with --rate 0: so many loops).",
        ),
    ] = 0,
    connections: Annotated[int, typer.Option(metavar="N", help="The client's connections (they take turns).")] = 1,
    policy: Annotated[Policy, typer.Option(help="gRPC's own load balancing.")] = Policy.pick_first,
    servers: Annotated[
        int, typer.Option(metavar="N", help="First call until so many servers were seen; --count begins after that.")
    ] = 0,
    run: Annotated[str, typer.Option(metavar="ID", help="A run's name (by which servers count its calls).")] = "",
    wait: Annotated[
        float,
        typer.Option(parser=span, metavar="DURATION", help="Wait so long for a connection before the first call."),
    ] = 0,
    settle: Annotated[
        float,
        typer.Option(
            parser=span, metavar="DURATION", help="Try new connections so long until all --servers were seen."
        ),
    ] = 0,
    names: Annotated[
        str, typer.Option(metavar="NAME,...", help="Who the --servers are: settling ends when just these answer.")
    ] = "",
    retry: Annotated[
        bool,
        typer.Option(
            "--retry", help="Let gRPC try a call again that ends as UNAVAILABLE or CANCELLED, 5 times in all."
        ),
    ] = False,
    stream: Annotated[
        Stream | None,
        typer.Option(
            show_default="single calls",
            help="Open streams: one that is answered every so often (watch), or each message of which is (chat).",
        ),
    ] = None,
    stream_every: Annotated[
        float | None,
        typer.Option(parser=span, metavar="DURATION", show_default="1s", help="Between two messages of a stream."),
    ] = None,
    stream_length: Annotated[
        float | None,
        typer.Option(
            parser=span, metavar="DURATION", show_default="10s", help="End a stream after so long (0: one answer)."
        ),
    ] = None,
    processes: Annotated[
        int, typer.Option(metavar="N", help="Share the calls among so many processes, where cores are free.")
    ] = 1,
    tls: Annotated[bool, typer.Option("--tls", help="Call with TLS.")] = False,
    ca: Annotated[
        str, typer.Option(metavar="FILE", help="Who signs servers' certificates, in PEM.", show_default="gRPC's list")
    ] = "",
    cert: Annotated[str, typer.Option(metavar="FILE", help="The client's own certificate, in PEM.")] = "",
    key: Annotated[str, typer.Option(metavar="FILE", help="Its key, in PEM.")] = "",
    authority: Annotated[
        str, typer.Option(metavar="NAME", help="Who is called, where that is not the target's name.")
    ] = "",
    metrics: Annotated[
        str,
        typer.Option(metavar="HOST:PORT", show_default="off", help="Tell Prometheus here, over HTTP, of all calls."),
    ] = "",
    trace: Trace = None,
    format: Annotated[  # noqa: A002 - the option's name
        LineFormat, typer.Option(help="JSON lines or readable ones; auto: readable on a terminal.")
    ] = LineFormat.auto,
) -> int:
    """Calls echo servers and writes one line a call; a summary goes to stderr at the end.

    A call that fails is a line with its status code. The exit code is 1 when no call at all was answered. A stream
    is one call, and one line at its end: --interval, --rate, --count and --concurrency are then about streams.
    """
    import asyncio
    from signal import Signals

    from lbdemo.cli.main import given
    from lbdemo.echo import options
    from lbdemo.echo.grid import loop_for
    from lbdemo.echo.tls import client_tls
    from lbdemo.echo.tracing import CLIENT

    if given(ctx, "interval") != given(ctx, "rate"):  # the command line has precedence over the environment
        interval, rate = (interval, None) if given(ctx, "interval") else (None, rate)

    chosen = options.LoadOptions(
        target,
        message,
        options.pace(interval, rate),
        count,
        timeout,
        concurrency,
        connections,
        policy,
        servers,
        run,
        wait,
        settle,
        tuple(filter(None, names.split(","))),
        retry,
        arrivals,
        client_tls(tls, ca, cert, key),
        authority,
        **options.streams(stream, stream_every, stream_length),
    )
    received = list[Signals]()
    lines = Lines(format, lambda: bool(received))
    with traces(CLIENT, trace, tell=lines.tell) as traced:
        chosen = replace(chosen, trace=traced)
        lines.begin(chosen, processes)
        with asyncio.Runner(loop_factory=lambda: loop_for(chosen.interval)) as runner:
            report, signal = runner.run(made(chosen, processes, lines, received, metrics))
        lines.end()
    for line in closing_words(report, "stream" if chosen.stream else "call"):
        print(line, file=sys.stderr)
    return exit_code(report.summary, signal)


async def made(
    options: LoadOptions, processes: int, lines: Lines, received: list[Signals], metrics: str = ""
) -> tuple[LoadReport, Signals | None]:
    """The load, made by this process or by several that it starts; never by both: gRPC does not like to be forked.

    Raises InputError for `metrics` of several: each would have counted a part only.
    """
    if metrics and processes > 1:
        raise errors.InputError("--metrics and --processes contradict each other", "give one of them")
    if metrics:
        return await made_and_told(options, lines, received, metrics)
    if processes > 1:
        from lbdemo.echo.team import run_team
        from lbdemo.echo.until import until_signal

        return await until_signal(lambda stop: run_team(options, processes, lines.add, stop, lines.write), received)
    from lbdemo.echo.load import run_until_signal

    return await run_until_signal(options, lines.add, received, lines.write)


async def made_and_told(
    options: LoadOptions, lines: Lines, received: list[Signals], metrics: str
) -> tuple[LoadReport, Signals | None]:
    """The load, while Prometheus is told of it at the address `metrics`, which goes to stderr."""
    from lbdemo.echo.address import parse_address
    from lbdemo.echo.client_metrics import client_metrics, metered
    from lbdemo.echo.load import run_until_signal
    from lbdemo.echo.metrics import exposed

    counted = client_metrics(options.target)
    with exposed(counted, parse_address(metrics)) as address:
        print(f"metrics on {address}", file=sys.stderr, flush=True)
        return await run_until_signal(options, lines.add, received, lines.write, metered(counted))


def exit_code(summary: Summary, signal: int | None) -> int:
    """130 after Ctrl-C, 0 after SIGTERM, otherwise 1 when calls were made and none was answered."""
    import signal as signals

    if signal is not None:
        return errors.INTERRUPTED if signal == signals.SIGINT else errors.OK
    return errors.OK if summary.answered or not summary.sent else errors.ANSWER_IS_NO


def closing_words(report: LoadReport, noun: str = "call") -> list[str]:
    """The summary in a few lines: calls, errors, tail, each server's part, and whether the schedule was kept.

    A `noun` of "stream" says that calls were streams.
    """
    from lbdemo.words import count, duration, number

    summary = report.summary
    if not summary.sent:
        before = f"{count(summary.gate_calls, noun)} before that showed {count(len(summary.gate_servers), 'server')}"
        failed = f", {number(summary.gate_errors)} of them failed" if summary.gate_errors else ""
        return [f"no {noun} was counted; {before}{failed}" if summary.gate_calls else f"no {noun} was made"]
    pace = f" ({summary.calls_per_second:.0f} RPC/s)" if summary.calls_per_second and noun == "call" else ""
    lines = [f"{count(summary.sent, noun)} in {duration(summary.seconds)}{pace}, {failures(summary)}"]
    if summary.latency:
        tail = summary.latency
        told = {"p50": tail.p50, "p90": tail.p90, "p99": tail.p99, "max": tail.max}
        shown = [f"{name} {'≥ ' * (name in tail.at_least)}{duration(v)}" for name, v in told.items() if v is not None]
        lines.append(f"latency{'' if noun == 'call' else ' of first answers'}: {', '.join(shown)}")
    lines += parts(summary, noun)
    lines += [f"first {code}: {printable(reason)}" for code, reason in report.reasons]
    if summary.gate_calls:
        lines.append(
            f"before that, {count(summary.gate_calls, noun)} showed {count(len(summary.gate_servers), 'server')}"
        )
    if summary.latency_missing == "late":
        lines.append("latency: not told, for the client could not keep its schedule")
    if summary.late:
        lines.append(
            f"{count(summary.late, noun)} left late, by up to {duration(summary.max_lag)}: the schedule was not kept"
        )
    if report.abandoned:
        lines.append(f"{count(report.abandoned, noun)} still in flight at the end, not counted")
    return lines


def parts(summary: Summary, noun: str) -> list[str]:
    """Each server's part of the calls; of streams also what was answered on them, and which of both counts."""
    from lbdemo.words import count, percent

    answers = summary.stream_answers
    lines = []
    for server in summary.servers:
        line = f"  {server.server}  {count(server.calls, noun)}  {percent(server.share)}"
        heard = f"  {count(server.answers, 'answer')}" if server.answers is not None else ""
        lines.append(line + heard + (f"  {percent(server.answers / answers)}" if server.answers and answers else ""))
    if answers:
        lines.append("a stream is one call and stays with its server: what is balanced are streams, not their answers")
    return lines


def failures(summary: Summary) -> str:
    """How many calls failed, and with which codes."""
    codes = ", ".join(f"{code} {count}" for code, count in summary.errors)
    return f"{summary.failed} failed ({codes})" if codes else "none failed"
