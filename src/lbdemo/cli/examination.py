"""How an examination is made and given: on the terminal, in lines, as JSON; and what it exits with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from lbdemo import errors
from lbdemo.cli.context import Globals
from lbdemo.config import check_registry

if TYPE_CHECKING:
    from lbdemo.cluster.doctor.results import Examination

FORMS = ("text", "short", "json")
COMMANDS = ("up", "verify", "diagnose", "compare")
WIDTH = 80  # columns where nobody sees them end

Format = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="FORM", help="How to show it (text, short or json).", autocompletion=lambda: FORMS
    ),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: the command, the strategy ("" for none in particular), the registry ("" for none).

    `named` is whether somebody said in which namespace.
    """

    command: str
    strategy: str = ""
    registry: str = ""
    named: bool = True


def examined(options: Globals, wanted: Wanted) -> Examination:
    """All checks, made."""
    from lbdemo.cli.session import home, session

    registry = check_registry(wanted.registry) if wanted.registry else ""
    with session(options, quiet=True, unfit=True, others=wanted.command == "diagnose") as here:
        from lbdemo.cluster.doctor.examine import examine
        from lbdemo.cluster.doctor.probes import Means
        from lbdemo.cluster.install.fitness import fitness

        elsewhere = wanted.command == "diagnose" and not wanted.named
        namespace = home(here.context) if elsewhere else options.namespace
        asked = fitness(wanted.command, here.context, namespace, wanted.strategy, registry)
        return examine(Means(here.tools, asked))


def give(examination: Examination, form: str) -> int:
    """Shows it on stdout; 1 when anything failed, in every form."""
    record = examination.to_dict()
    if form == "json":
        print(json.dumps(record, indent=2))
    elif form == "short":
        from lbdemo.render.doctor_lines import lines

        print("\n".join(lines(record)))
    else:
        show(record)
    return errors.OK if examination.fit else errors.ANSWER_IS_NO


def show(record: dict[str, object]) -> None:
    """On a terminal as wide as it is."""
    from lbdemo.cli.output import shown
    from lbdemo.render.doctor import print_examination

    with shown(WIDTH) as console:
        print_examination(console, record)
