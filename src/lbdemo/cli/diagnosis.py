"""How a diagnosis is given: on the terminal, in a line, as JSON or YAML; and what it exits with."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import errors
from lbdemo.config import check_choice

if TYPE_CHECKING:
    from lbdemo.diagnose.diagnosis import Diagnosis

FORMS = ("text", "short", "json", "yaml")
FAIL_ON = ("problem", "risk", "note", "never")

Format = Annotated[
    str, typer.Option("--output", "-o", metavar="FORM", help="text, short, json or yaml.", autocompletion=lambda: FORMS)
]


def check(form: str, fail_on: str) -> None:
    """Raises InputError for words that mean nothing here."""
    check_choice(form, FORMS, "--output")
    check_choice(fail_on, FAIL_ON, "--fail-on")


def give(diagnosis: Diagnosis, form: str, fail_on: str) -> int:
    """Shows it on stdout; the exit code is the same in every form."""
    record = diagnosis.to_dict()
    if form == "json":
        print(json.dumps(record, indent=2))
    elif form == "yaml":
        import yaml

        print(yaml.safe_dump(record, sort_keys=False, allow_unicode=True), end="")
    elif form == "short":
        from lbdemo.render.diagnosis_line import line

        print(line(record))
    else:
        show(record)
    return exit_code(diagnosis, fail_on)


def show(record: dict[str, object]) -> None:
    """On a terminal as wide as it is; piped so wide that the picture has room."""
    from lbdemo.cli.output import without_trailing_blanks
    from lbdemo.cli.session import console
    from lbdemo.render.diagnosis import print_diagnosis

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else 120
    shown = console(width=width)
    if shown.is_terminal:
        print_diagnosis(shown, record)
        return
    with without_trailing_blanks(shown):
        print_diagnosis(shown, record)


def exit_code(diagnosis: Diagnosis, fail_on: str) -> int:
    """1 when something as grave was found, or calls are not spread for no known cause; 7 when nobody can tell."""
    from lbdemo.diagnose.findings import Severity
    from lbdemo.measure.verdict import Outcome

    if fail_on == "never":
        return errors.OK
    if diagnosis.unexplained or diagnosis.worse_than(Severity(fail_on)):
        return errors.ANSWER_IS_NO
    outcome = diagnosis.case.judged.outcome
    if outcome is Outcome.INCONCLUSIVE:
        return errors.OK if diagnosis.connected_everywhere else errors.CANNOT_TELL
    return errors.OK
