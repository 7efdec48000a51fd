"""What every command on a cluster begins with: the tools, the context (checked and shown), the reporter."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.cli.context import Globals
from lbdemo.cli.streams import colour

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.cluster.kernel.steps import Reporter, Tools
    from lbdemo.kube.api import Api
    from lbdemo.kube.proxy import Proxy
    from lbdemo.kube.transport import UnixTransport
    from lbdemo.tools.docker import Docker
    from lbdemo.tools.kubectl import Context
    from lbdemo.tools.runner import Runner


SOME_NODES = 20  # that show whether a cluster is on this machine


@dataclass(frozen=True, slots=True)
class Session:
    """One command's means. `cleanup` and `fresh_tools` still work after the tools' programs have been cancelled."""

    tools: Tools
    cleanup: Api
    context: Context
    reporter: Reporter
    fresh_tools: Callable[[], Tools]


def say(text: str) -> None:
    """A line for the person, on stderr."""
    with contextlib.suppress(OSError):  # who does not read on, or has closed the terminal, does not stop the work
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
    anywhere: bool = False, unfit: bool = False, others: bool = False,
) -> Iterator[Session]:  # fmt: skip
    """Opens a session on the context. With `changes`, a context that does not look local needs `yes`.

    With `anywhere` there need not be a context, nor a kubectl: its name is "" then. With `unfit` nobody is logged in
    first either: what does not work is for the command to find. With `others` the namespace is somebody's to look at,
    the system's among them.

    On Ctrl-C every running program is ended before the interruption goes on. What a command needs beside the session
    it imports inside of it: the way to the API server opens meanwhile.
    """
    from lbdemo.config import check_label, check_namespace
    from lbdemo.tools.environment import steering, to_paste
    from lbdemo.tools.runner import Runner

    (check_label if others else check_namespace)(options.namespace)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a CI job's end is a Ctrl-C, too
    trace = (lambda line: say(f"+ {line}")) if options.verbose else None
    if trace and steering(os.environ):
        trace(to_paste(os.environ))
    first = Runner(trace)
    with proxy(options.context, trace) as way:
        context = current(first, options.context, way, anywhere=anywhere or unfit)
        way.stay(context.name)
        if not quiet and context.server:
            say(f"{context}, namespace {options.namespace}")
        entered = Door(context, trace, way)
        tools = entered.tools(first)
        try:
            check = here_only(context) if changes and not yes else None
            if context.plugin and not unfit:
                log_in(tools.api)
            if check is not None:
                check(tools.api)
            with reporter(live=live) as report:
                yield Session(tools, entered.tools().api, context, report, entered.tools)
        except KeyboardInterrupt:
            tools.stop.set()
            raise
        finally:
            tools.cancel()
            entered.close()


def home(context: Context) -> str:
    """The namespace where kubectl works when nobody names one."""
    return context.namespace or "default"


def here_only(context: Context) -> Callable[[Api], None]:
    """Refuses a cluster that is not on this machine by its address; returns what looks at its nodes, too.

    Both raise InputError.
    """
    from lbdemo.cluster.install.preflight import check_address, check_nodes
    from lbdemo.kube.kinds import NODES

    check_address(context, yes=False)
    return lambda api: check_nodes(context, api.list(NODES, limit=SOME_NODES))


def log_in(api: Api) -> None:
    """Lets a credential plugin do its work before anything is asked side by side: it is called once, and can be heard.

    The question is one that everybody may ask. Raises UnseenError when the plugin does not get in.
    """
    from lbdemo.kube.answers import Right, need

    need(api.may(Right("get", "namespaces")))


@contextlib.contextmanager
def proxy(context: str, trace: Callable[[str], None] | None) -> Iterator[Proxy]:
    """The way to the context's API server, "" for the current one: one proxy, which ends with the session."""
    from lbdemo.kube.proxy import Proxy
    from lbdemo.tools.runner import Runner

    way = Proxy(Runner(trace), context, say)  # on a runner of its own: it outlives the programs that Ctrl-C ends
    try:
        yield way
    finally:
        way.close()


class Door:
    """Makes tools; all that it makes ask through one proxy, and each of them is cancelled by itself."""

    def __init__(self, context: Context, trace: Callable[[str], None] | None, proxy: Proxy) -> None:
        self._context = context
        self._trace = trace
        self._proxy = proxy
        self._daemon = once(docker)
        self.ways: list[UnixTransport] = []

    def close(self) -> None:
        """Ends what is asked through it; the proxy stays."""
        for way in self.ways:
            way.close()

    def tools(self, runner: Runner | None = None) -> Tools:
        """Fresh tools, on a runner of their own unless one is given."""
        from lbdemo.cluster.kernel.steps import Tools
        from lbdemo.kube.api import Api
        from lbdemo.kube.transport import UnixTransport
        from lbdemo.tools.helm import Helm
        from lbdemo.tools.kubectl import Kubectl
        from lbdemo.tools.runner import Runner

        own, name = runner or Runner(self._trace), self._context.name
        way = UnixTransport(self._proxy.address)
        self.ways.append(way)

        def cancel() -> None:
            way.cancel()
            own.cancel()

        api = Api(way, name, trace=self._trace, plugin=bool(self._context.plugin))
        return Tools(own, Kubectl(own, name), api, Helm(own, name), self._daemon, cancel)


def current(runner: Runner, name: str, proxy: Proxy, *, anywhere: bool) -> Context:
    """The context that is used; one without a name where there is none, and `anywhere` says that this is fine.

    While kubectl reads its configuration, the proxy begins already, and what every session needs is imported.
    """
    from concurrent.futures import ThreadPoolExecutor

    from lbdemo.errors import LbdemoError, ProgramFailedError
    from lbdemo.tools.kubectl import Context, Kubectl

    pool = ThreadPoolExecutor(1)
    asked = pool.submit(Kubectl(runner, name).current)
    proxy.begin()
    try:
        import lbdemo.cluster.kernel.steps
        import lbdemo.kube.api
        import lbdemo.kube.proxy
        import lbdemo.kube.transport
        import lbdemo.tools.helm  # noqa: F401

        return asked.result()
    except LbdemoError as error:
        if not anywhere or name:
            raise
        return Context("", "", why=error.last_words if isinstance(error, ProgramFailedError) else "")
    except KeyboardInterrupt:
        runner.cancel()
        raise
    finally:
        pool.shutdown(wait=False)


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
