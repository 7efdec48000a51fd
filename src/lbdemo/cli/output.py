"""How a report is given: on the terminal, as JSON, JUnit, HTML; and the options that say so."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo.errors import InputError, OperationFailedError

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.records import Report, Sample

PIPED_WIDTH = 100  # columns where there is no terminal: room for all columns of a table


def named(ctx: typer.Context, param: typer.CallbackParam, value: str) -> str:
    """Refuses an empty file name: `--junit "$UNSET"` must not mean that none is wanted."""
    from lbdemo.cli.main import check_given, given

    if param.name and given(ctx, param.name):
        check_given(param.name, value)
    return value


def verdicts() -> list[str]:
    """What a shell may complete a verdict to."""
    from lbdemo.measure import Outcome

    return [outcome.replace(" ", "-") for outcome in Outcome]


Junit = Annotated[str, typer.Option(metavar="FILE", callback=named, help="Write a JUnit report, for CI.")]
Html = Annotated[str, typer.Option(metavar="FILE", callback=named, help="Write one self-contained page with charts.")]
Save = Annotated[str, typer.Option(metavar="FILE", callback=named, help="Keep every call, for `lbdemo report`.")]
Tolerance = Annotated[float, typer.Option(metavar="RATIO", help="How far off its fair share a pod may be.")]
Alpha = Annotated[float, typer.Option(metavar="P", help="The error probability of the whole test.")]
Weight = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=W", help="The promised weight of pods whose names begin so; may be repeated."),
]
Expect = Annotated[
    str,
    typer.Option(
        metavar="VERDICT",
        help="Expect this instead of what the strategy promises.",
        autocompletion=verdicts,
    ),
]


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def outcome(name: str) -> str:
    """The outcome as verdicts spell it, or "" for none; raises InputError for another word."""
    from lbdemo.measure import Outcome

    told = re.sub("[-_ ]+", " ", name).upper()
    if name and told not in list(Outcome):
        raise InputError(f"{name!r} is no verdict", f"choose one of {', '.join(verdicts())}")
    return told


def weights(told: list[str] | None) -> tuple[tuple[str, float], ...]:
    """Names with their weights, from NAME=W; raises InputError."""
    found = []
    for text in told or ():
        name, _, weight = text.rpartition("=")
        try:
            found.append((name, float(weight)))
        except ValueError:
            raise InputError(f"{text!r} is no weight", "give NAME=W, such as --weight canary=20") from None
    return tuple(found)


def check_writable(*paths: str, read: Sequence[Path] = ()) -> None:
    """Raises InputError before anything runs when a file could not be written in the end, or is one to `read`."""
    named = [resolved(path) for path in paths if path]
    if len(set(named)) < len(named):
        raise InputError("two outputs would go to the same file", "give each a file of its own")
    for file in read:
        if resolved(file) in named:
            raise InputError(f"{file} would be overwritten", "give the output a file of its own")
    for path in filter(None, paths):
        folder, there = resolved(path).parent, os.path.lexists(resolved(path))
        if not folder.is_dir():
            raise InputError(f"cannot write {path}: there is no folder {folder}")
        try:
            with Path(path).open("a", encoding="utf-8"):
                pass
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from error
        if not there:
            resolved(path).unlink()  # not a link to it


def resolved(path: str | Path) -> Path:
    """The path without links in it; links that go in a circle are left as they are."""
    return Path(os.path.realpath(path))


def give(report: Report, *, as_json: bool, junit: str, html: str) -> int:
    """Shows the report and writes the files; exit code 0: all is as expected, 1: it is not, 7: nobody can tell."""
    record = report.to_dict()
    files = {junit: lambda: _junit(record), html: lambda: _page(record)}
    hand_out(lambda: show(report, record, as_json=as_json), files)
    return report.exit_code


def _junit(record: Mapping[str, object]) -> str:
    from lbdemo.render.junit import junit

    return junit(record)


def _page(record: Mapping[str, object]) -> str:
    from lbdemo.render.html import page

    return page(record)


def hand_out(show: Callable[[], None], files: Mapping[str, Callable[[], str]]) -> None:
    """Shows what was found on stdout and writes the files, each name with what makes its text; "" is no file."""
    failure = None
    try:
        show()  # first: whatever happens to the files, the figures are there
        sys.stdout.flush()
    except BrokenPipeError:  # who does not read on changes neither the files nor the answer
        from lbdemo.cli.streams import silence_stdout

        silence_stdout()
    except OSError as error:  # a full disk behind stdout need not be the one of the files
        failure = error
    for path, text in files.items():
        if path:
            write(path, text())
    if failure is not None:
        raise failure


def write(path: str, text: str) -> None:
    """Writes the file; raises OperationFailedError."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperationFailedError(f"cannot write {path}: {error.strerror}") from error


def show(report: Report, record: Mapping[str, object], *, as_json: bool) -> None:
    """Prints the report on stdout."""
    if as_json:
        print(json.dumps(record, indent=2))
    else:
        from lbdemo.render.report import print_report

        with shown(PIPED_WIDTH) as console:
            print_report(console, record)
            if report.command == "compare":
                from lbdemo.render.scoreboard import print_scoreboard

                print_scoreboard(console, record)


@contextlib.contextmanager
def shown(piped_width: int) -> Iterator[Console]:
    """A console on stdout: as wide as the terminal; else of `piped_width` columns, unless COLUMNS says how many."""
    from lbdemo.cli.session import console

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else piped_width
    made = console(width=width)
    with contextlib.nullcontext() if made.is_terminal else without_trailing_blanks(made):
        yield made


@contextlib.contextmanager
def without_trailing_blanks(console: Console) -> Iterator[None]:
    """What is printed in the block comes at its end, without the blanks that tables fill their lines with."""
    with console.capture() as printed:
        yield
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in printed.get().splitlines())


@contextlib.contextmanager
def bars(title: str) -> Iterator[Callable[[Sample], None]]:
    """Live bars on a terminal's stderr; nothing otherwise."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from lbdemo.cli.session import stderr_console
    from lbdemo.render.bars import LiveBars

    with LiveBars(stderr_console(), title) as live:
        yield live.add
