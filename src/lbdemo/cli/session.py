"""What every command on a cluster begins with: the tools, the context (checked and shown), the reporter."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.cli.context import Globals
from lbdemo.cli.streams import colour

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.cluster.kernel.steps import Reporter, Tools
    from lbdemo.tools.docker import Docker
    from lbdemo.tools.kubectl import Context, Kubectl


@dataclass(frozen=True, slots=True)
class Session:
    """One command's means. `cleanup` and `fresh_tools` still work after the tools' programs have been cancelled."""

    tools: Tools
    cleanup: Kubectl
    context: Context
    reporter: Reporter
    fresh_tools: Callable[[], Tools]


def say(text: str) -> None:
    """A line for the person, on stderr."""
    with contextlib.suppress(BrokenPipeError):  # who does not read on does not stop the work
        print(text, file=sys.stderr, flush=True)


def stderr_console() -> Console:
    """A console on stderr."""
    return console(stderr=True)


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A console on stdout or stderr: texts as they are; colour only on a terminal, and not with NO_COLOR."""
    from rich.console import Console

    class Honest(Console):
        def on_broken_pipe(self) -> None:
            """Rich would exit with 1; who does not read on changes no answer."""
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    terminal = False if not stream.isatty() else None  # whatever FORCE_COLOR says
    return Honest(
        stderr=stderr, highlight=False, markup=False, emoji=False, no_color=not colour(stream), width=width,
        force_terminal=terminal,
    )  # fmt: skip


@contextlib.contextmanager
def session(
    options: Globals, *, yes: bool = True, changes: bool = False, quiet: bool = False, live: bool = True,
    anywhere: bool = False,
) -> Iterator[Session]:  # fmt: skip
    """Opens a session on the context. With `changes`, a context that does not look local needs `yes`.

    With `anywhere` there need not be a context, nor a kubectl: its name is "" then.

    On Ctrl-C every running program is ended before the interruption goes on.
    """
    from lbdemo.cluster.install.preflight import check_context
    from lbdemo.cluster.kernel.steps import Tools
    from lbdemo.config import check_namespace
    from lbdemo.tools.helm import Helm
    from lbdemo.tools.kubectl import Kubectl
    from lbdemo.tools.runner import Runner

    check_namespace(options.namespace)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a CI job's end is a Ctrl-C, too
    trace = (lambda line: say(f"+ {line}")) if options.verbose else None
    runner = Runner(trace)
    forget_helm_settings(os.environ)
    context = current(Kubectl(runner, options.context), anywhere=anywhere)
    name = context.name  # named in every call: the current context may change while we work
    kubectl = Kubectl(runner, name)
    if not quiet and name:
        say(f"context {context.name} ({context.server}), namespace {options.namespace}")
    if changes:
        check_context(context, yes=yes)

    daemon = once(docker)

    def fresh() -> Tools:
        again = Runner(trace)
        return Tools(again, Kubectl(again, name), Helm(again, name), daemon, again.cancel)

    tools = Tools(runner, kubectl, Helm(runner, name), daemon, runner.cancel)
    try:
        with reporter(live=live) as report:
            yield Session(tools, Kubectl(Runner(trace), name), context, report, fresh)
    except KeyboardInterrupt:
        tools.stop.set()
        raise
    finally:
        runner.cancel()


def current(kubectl: Kubectl, *, anywhere: bool) -> Context:
    """The context that is used; one without a name where there is none, and `anywhere` says that this is fine."""
    from lbdemo.errors import LbdemoError
    from lbdemo.tools.kubectl import Context

    try:
        return kubectl.current()
    except LbdemoError:
        if not anywhere or kubectl.context:
            raise
        return Context("", "")


def forget_helm_settings(environment: MutableMapping[str, str]) -> None:
    """Takes away what would lead Helm to another cluster than kubectl, or to another store of releases."""
    for name in [name for name in environment if name.startswith("HELM_KUBE") or name == "HELM_DRIVER"]:
        del environment[name]


def once(make: Callable[[], Docker]) -> Callable[[], Docker]:
    """The same, made at the first call only; a failure is tried again."""
    lock = threading.Lock()
    made: list[Docker] = []

    def get() -> Docker:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get


def docker() -> Docker:
    """Docker's daemon; its SDK is imported only when it is asked for."""
    from lbdemo.tools.docker import connect

    return connect()


def reporter(*, live: bool) -> contextlib.AbstractContextManager[Reporter]:
    """Live progress on a terminal (for a command that has no other use for it), plain lines otherwise."""
    if live and sys.stderr.isatty():
        from lbdemo.render.progress import LiveProgress

        return LiveProgress(stderr_console())
    from lbdemo.render.plain import PlainProgress

    return PlainProgress(sys.stderr)
