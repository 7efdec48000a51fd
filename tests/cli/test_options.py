"""Options that commands share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from inspect import signature
from typing import Any

import pytest

from lbdemo.cli import options
from lbdemo.cli.main import COMMANDS, GLOBALS, load
from lbdemo.cli.verify import verify
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.errors import InputError


def test_every_strategy_may_be_named_and_completed() -> None:
    assert options.strategies() == tuple(STRATEGIES)
    assert [options.strategy(name) for name in STRATEGIES] == list(STRATEGIES)


def test_an_unknown_strategy_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="--strategy 'mesh' is unknown") as caught:
        options.strategy("mesh")

    assert ", ".join(STRATEGIES) in caught.value.hint


def every_option() -> Iterator[tuple[str, Any]]:
    """Each option of each command, but the global ones."""
    for command in COMMANDS:
        for parameter in load(command).params:
            if parameter.param_type_name == "option" and parameter.name not in {*GLOBALS, "help"}:
                yield command, parameter


def test_a_variable_has_one_meaning_whichever_command_reads_it() -> None:
    """The meaning is what the help says, but for what stands in brackets: that is this command's own."""
    meanings: dict[str, dict[str, list[str]]] = {}
    for command, option in every_option():
        if option.envvar:
            said = option.help.partition(" (")[0].rstrip(".")
            meanings.setdefault(option.envvar, {}).setdefault(said, []).append(command)

    assert len(meanings) > 50
    assert {name: said for name, said in meanings.items() if len(said) > 1} == {}


def test_a_variable_is_named_as_its_option_or_as_one_commands_own() -> None:
    named = [(command, option) for command, option in every_option() if option.envvar]

    assert len(named) > 50
    for command, option in named:
        name = max(option.opts, key=len).removeprefix("--").replace("-", "_").upper()
        assert option.envvar in {f"LBDEMO_{name}", f"LBDEMO_{command.upper()}_{name}"}


def test_what_removes_takes_over_or_lifts_a_safety_catch_reads_no_variable() -> None:
    silent = {(command, option.opts[0]) for command, option in every_option() if not option.envvar}

    assert {
        ("clean", "--istio"),
        ("clean", "--yes"),
        ("up", "--yes"),
        ("up", "--adopt"),
        ("compare", "--yes"),
    } <= silent
    assert all(option.rich_help_panel == options.SAFETY for _, option in every_option() if not option.envvar)


def test_the_command_verify_asks_for_what_verify_does_by_itself() -> None:
    given = signature(verify).parameters
    own = VerifyOptions()

    shared = {field.name for field in fields(VerifyOptions)} & set(given) - {"timeout"}
    assert {"connections", "rate", "concurrency", "tolerance"} <= shared
    assert {name: given[name].default for name in shared} == {name: getattr(own, name) for name in shared}
