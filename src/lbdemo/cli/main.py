"""The `lbdemo` command: registers the commands, and is the one place where errors become exit codes."""

from __future__ import annotations

import copy
import dataclasses
import gc
import importlib
import importlib.util
import sys
from collections.abc import Iterator, MutableMapping
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from lbdemo import __version__, errors
from lbdemo.cli import streams
from lbdemo.cli.context import DEFAULT_NAMESPACE, SAFETY, Globals

ENV_PREFIX = "LBDEMO_"
GLOBALS = tuple(field.name for field in dataclasses.fields(Globals))

# One line a command: its name, which is also its module in lbdemo.cli and the function in it. Hidden: for inside pods.
COMMANDS = (
    "demo",
    "build",
    "up",
    "logs",
    "status",
    "verify",
    "trace",
    "compare",
    "ui",
    "open",
    "report",
    "doctor",
    "diagnose",
    "rules",
    "clean",
    "serve",
    "client",
    "collector",
    "peer",
)
HIDDEN = frozenset({"peer"})
BY_THEMSELVES = frozenset({"demo", "report", "serve", "client", "collector", "peer"})
ON_A_CLUSTER = frozenset(COMMANDS) - BY_THEMSELVES  # these take the global options, too


class LazyCommands(MutableMapping[str, Any]):
    """Commands by name, each imported only when it is asked for: start-up is a feature."""

    def __init__(self) -> None:
        self._loaded: dict[str, TyperCommand] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            if name not in COMMANDS:
                raise KeyError(name)
            self._loaded[name] = load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in COMMANDS if importlib.util.find_spec(f"lbdemo.cli.{name}"))  # a pod has only some

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]


def load(name: str) -> Any:
    """The command `name` as Typer's command object; every option of it also reads LBDEMO_<NAME>."""
    function = getattr(importlib.import_module(f"lbdemo.cli.{name}"), name)
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name, hidden=name in HIDDEN, no_args_is_help=False)(function)
    command = typer.main.get_command(single)
    read_environment(command)
    if name in ON_A_CLUSTER:
        command.params += [anywhere(option) for option in typer.main.get_command(app).params if option.name in GLOBALS]
    return command


def anywhere(option: Any) -> Any:
    """A global option as one of a command: `lbdemo up -n NAME` is the same as `lbdemo -n NAME up`."""
    here = copy.copy(option)
    here.expose_value, here.envvar, here.default = False, None, None
    here.callback = set_global
    here.rich_help_panel = "Global options"
    return here


def set_global(ctx: typer.Context, param: Any, value: Any) -> None:
    """Takes the value that was given after the command's name."""
    if given(ctx, param.name):
        check_given(param.name, value)
        ctx.obj = ctx.find_root().obj = dataclasses.replace(ctx.obj or Globals(), **{param.name: value})


def given(ctx: typer.Context, name: str) -> bool:
    """Whether the option stands on the command line."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def given_somehow(ctx: typer.Context, name: str) -> bool:
    """Whether a global option was given: before the command, after it, or by its variable."""
    source = ctx.find_root().get_parameter_source(name)
    return given(ctx, name) or (source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT"))


def check_given(name: str, value: Any) -> None:
    """Refuses an empty name: `--namespace "$UNSET"` must not mean the default one."""
    if value == "":
        raise errors.InputError(f"--{name} is empty", "is a variable unset? leave the option out for the default")


def read_environment(command: Any) -> None:
    """Gives each option of `command` its environment variable, not shown in the help: the rule is one sentence.

    None for what removes, takes over or lifts a safety catch: that is said each time, in the command itself.
    """
    for parameter in command.params:
        if parameter.param_type_name == "option" and parameter.name not in {"help", "version"}:
            if getattr(parameter, "rich_help_panel", None) == SAFETY:
                continue
            name = max(parameter.opts, key=len).removeprefix("--").replace("-", "_")
            parameter.envvar = parameter.envvar or ENV_PREFIX + name.upper()
            parameter.show_envvar = False


class Commands(TyperGroup):
    """The group of all commands, with the one error gate."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = LazyCommands()
        read_environment(self)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; what it returns is the exit code."""
        verbose = bool(ctx.params.get("verbose"))
        try:
            code = super().invoke(ctx)
        except errors.LbdemoError as error:
            code = explain(error, verbose=verbose)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            code = errors.INTERRUPTED
        except BrokenPipeError:
            code = streams.silence_stdout()
        if isinstance(code, int) and code:
            raise typer.Exit(code)
        return None


def explain(error: errors.LbdemoError, *, verbose: bool) -> int:
    """Writes the error to stderr, with its hint; returns its exit code."""
    red, dim, end = ("\033[31m", "\033[2m", "\033[0m") if streams.colour(sys.stderr) else ("", "", "")
    hint = f"\n{dim}hint: {error.hint}{end}" if error.hint else ""
    print(f"{red}error:{end} {error.message}{hint}", file=sys.stderr)
    if verbose and error.__cause__ is not None:
        print(f"{dim}cause: {error.__cause__!r}{end}", file=sys.stderr)
    return error.exit_code


def show_version(wanted: bool) -> None:
    """Prints the version and ends."""
    if wanted:
        print(f"lbdemo {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    name="lbdemo",
    add_completion=True,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Each option also reads the environment variable LBDEMO_<NAME>, such as LBDEMO_NAMESPACE; those of safety "
    "read none.",
)


@app.callback()
def root(
    ctx: typer.Context,
    context: Annotated[
        str, typer.Option(metavar="NAME", help="The kubeconfig context (default: the current one).")
    ] = "",
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", metavar="NAME", help="Where lbdemo's releases live.")
    ] = DEFAULT_NAMESPACE,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every program call as a line to paste.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Shows gRPC's load-balancing problem on Kubernetes, applies a remedy, and proves it with numbers."""
    for name, value in (("context", context), ("namespace", namespace)):
        if given(ctx, name):
            check_given(name, value)
    ctx.obj = Globals(context=context, namespace=namespace, verbose=verbose)


def main() -> None:
    """The entry point: runs a command and exits with its code."""
    streams.prepare()
    code = streams.emptied(run(), lambda error: explain(error, verbose=False))
    gc.freeze()  # Python would look through all objects for garbage before it ends: that takes 50 ms, and nobody waits
    sys.exit(code)


def run() -> int:
    """Runs a command; returns its exit code. An unforeseen exception is a bug, exit code 3."""
    try:
        app(prog_name="lbdemo")
    except KeyboardInterrupt:
        raise
    except SystemExit as end:  # who prints a help text exits with 1 when its reader has left
        return errors.OK if isinstance(end.__context__, BrokenPipeError) else int(end.code or errors.OK)
    except OSError as error:
        if error.errno not in streams.UNWRITABLE or error.filename is not None:
            return bug()
        return explain(streams.unwritable(error), verbose=False)
    except BaseException:
        return bug()
    return errors.OK


def bug() -> int:
    """Shows the exception that is being handled, and asks for a report."""
    import traceback

    traceback.print_exc()
    print("This is a bug in lbdemo. Please report it with the lines above.", file=sys.stderr)
    return errors.BUG
