"""How a diagnosis is given: on the terminal, in a line, as JSON, YAML, JUnit; and what it exits with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lbdemo import errors
from lbdemo.config import check_choice

if TYPE_CHECKING:
    from lbdemo.diagnose.diagnosis import Diagnosis
    from lbdemo.diagnose.evidence import Evidence

FORMS = ("text", "short", "json", "yaml")
FAIL_ON = ("problem", "risk", "note", "never")
WIDTH = 120  # columns where there is no terminal: room for the picture
GRAVITY = (errors.ANSWER_IS_NO, errors.CANNOT_TELL, errors.OK)
"""The graver one decides what several services exit with."""

Format = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="FORM",
        help="How to show it (text, short, json or yaml).",
        autocompletion=lambda: FORMS,
    ),
]


@dataclass(frozen=True, slots=True)
class How:
    """How it is to be told, and judged."""

    form: str
    fail_on: str
    ignored: tuple[str, ...] = ()
    junit: str = ""
    html: str = ""
    many: bool = False

    def check(self) -> None:
        """Raises InputError for words that mean nothing here, and for files that could not be written."""
        from lbdemo.cli.output import check_writable

        check_choice(self.form, FORMS, "--output")
        check_choice(self.fail_on, FAIL_ON, "--fail-on")
        check_writable(self.junit, self.html)
        check_codes(self.ignored)


@dataclass(frozen=True, slots=True)
class Lost:
    """One of several services that could not be seen at all, and why."""

    namespace: str
    name: str
    because: str


def codes(said: Sequence[str]) -> tuple[str, ...]:
    """The codes in words that may have several each: LB101,LB204."""
    return tuple(code.upper() for words in said for code in words.replace(",", " ").split())


def check_codes(ignored: Sequence[str]) -> None:
    """Raises InputError for codes of no cause: a typing error must not look like a cause that is ignored."""
    from lbdemo.diagnose.causes import TABLE

    if unknown := [code for code in ignored if code not in TABLE]:
        raise errors.InputError(
            f"--ignore: no cause has the code {unknown[0]}", "codes are such as LB101 (docs/causes)"
        )


def give(seen: Sequence[Evidence], how: How, lost: Sequence[Lost] = (), before: Evidence | None = None) -> int:
    """Judges and shows it; the exit code is the same in every form."""
    from lbdemo.diagnose.diagnosis import diagnose

    judged = sorted((diagnose(each, how.ignored) for each in seen), key=lambda one: _worst(one, how))
    records = [one.to_dict() for one in judged]
    if before is not None and judged:
        records[0]["after"] = changes(before, how, judged[0])
    missing = [asdict(one) for one in lost]
    tell(records, how, missing)
    if how.junit:
        from lbdemo.cli.output import write
        from lbdemo.render.diagnosis_junit import junit

        write(how.junit, junit(records, missing, how.fail_on))
    if how.html:
        from lbdemo.cli.output import write
        from lbdemo.render.diagnosis_html import page

        write(how.html, page(records, missing))
    ends = [exit_code(one, how.fail_on) for one in judged]
    blind = [errors.CANNOT_TELL] if how.fail_on != "never" and (lost or not judged) else []
    return min((*ends, *blind), key=GRAVITY.index, default=errors.OK)


def _worst(one: Diagnosis, how: How) -> tuple[int, float, str]:
    """The worst first: by what it exits with, then by how much is explained by what was found."""
    code = exit_code(one, how.fail_on)
    return GRAVITY.index(code), -sum(f.explains for f in one.findings), one.evidence.host


def changes(before: Evidence, how: How, now: Diagnosis) -> dict[str, Any]:
    """What is different since the evidence of before."""
    from lbdemo.diagnose.changes import Changes
    from lbdemo.diagnose.diagnosis import diagnose

    return Changes(diagnose(before, how.ignored), now).to_dict()


def tell(records: list[dict[str, Any]], how: How, missing: Sequence[dict[str, Any]] = ()) -> None:
    """On stdout."""
    document: Any = {"version": 1, "services": records, "missing": list(missing)} if how.many else records[0]
    if how.form == "json":
        print(json.dumps(document, indent=2))
    elif how.form == "yaml":
        import yaml

        plain = json.loads(json.dumps(document))  # lists and words, as in JSON: YAML would write what Python calls them
        print(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), end="")
    elif how.form == "short" or how.many:
        from lbdemo.render.diagnosis_line import line, missing_line

        for each in (*map(line, records), *map(missing_line, missing)):
            print(each)
    else:
        show(records[0])


def show(record: dict[str, Any]) -> None:
    """On a terminal as wide as it is; piped so wide that the picture has room."""
    from lbdemo.cli.output import shown
    from lbdemo.render.diagnosis import print_diagnosis

    with shown(WIDTH) as console:
        print_diagnosis(console, record)


def exit_code(diagnosis: Diagnosis, fail_on: str) -> int:
    """1 when something as grave was found, or calls are not spread as nobody wanted it; 7 when nobody can tell.

    One pod has nothing to balance, which is no doubt.
    """
    from lbdemo.diagnose.findings import Severity

    if fail_on == "never":
        return errors.OK
    if diagnosis.unwanted or diagnosis.worse_than(Severity(fail_on)):
        return errors.ANSWER_IS_NO
    return errors.CANNOT_TELL if diagnosis.undecided else errors.OK
