"""`lbdemo report`: judges saved runs again."""

from __future__ import annotations

import errno
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from lbdemo.cli import options, output

if TYPE_CHECKING:
    from lbdemo.records.recording import Recording


def report(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="JSON lines from verify --save, or from client; - is stdin.")
    ],
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="RATIO", help="How far off its fair share a pod may be (default: as recorded)."),
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(metavar="P", help="The error probability of the whole test (default: as recorded).")
    ] = None,
    expect: output.Expect = "",
    weight: output.Weight = None,
    servers: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="How many servers there were.", envvar="LBDEMO_REPORT_SERVERS"),
    ] = None,
    as_json: options.AsJson = False,
    junit: output.Junit = "",
    html: output.Html = "",
) -> int:
    """Judges a saved run again, without a cluster, with the same or with other limits; several runs as one."""
    from dataclasses import replace

    from lbdemo import __version__
    from lbdemo.measure import Outcome, judge
    from lbdemo.records import Report, Result
    from lbdemo.records.merging import together

    output.check_writable(junit, html, read=files)
    runs = [recorded(file) for file in files]
    run, missing = together(runs), [run.missing for run in runs if run.missing]
    asked = run.expectation
    told = Outcome(output.outcome(expect)) if expect else asked.outcome
    asked = replace(
        asked,
        outcome=told,
        tolerance=asked.tolerance if tolerance is None else tolerance,
        alpha=asked.alpha if alpha is None else alpha,
        count=asked.count if servers is None else servers,
        fingerprint=asked.fingerprint if told is asked.outcome else "",
        weights=output.weights(weight) or asked.weights,
    )
    summary = run.tally.summary()
    result = Result(
        run.name, run.title, summary, judge(summary.counts, asked, run.look), run.witness, run.witness_name,
        notes=(*run.notes, *missing), promises_kept=not missing,
    )  # fmt: skip
    record = Report("report", __version__, run.started, (result,), run.environment)
    return output.give(record, as_json=as_json, junit=junit, html=html)


def opened(file: Path) -> TextIO:
    """The file to read; stdin when it is called "-". A byte order mark is no part of it."""
    if str(file) != "-":
        return file.open(encoding="utf-8-sig", errors="replace")
    if sys.stdin is None:
        raise OSError(errno.EBADF, "stdin is closed")
    return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace")


def recorded(file: Path) -> Recording:
    """The run in the file, or on stdin when it is called "-". Raises InputError, with the file's name."""
    from lbdemo.errors import InputError
    from lbdemo.records.recording import read

    try:
        with opened(file) as lines:
            return read(lines)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    except InputError as error:
        raise InputError(f"{file}: {error.message}", error.hint) from error
