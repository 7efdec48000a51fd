"""The page on this machine: echo servers, a TCP proxy, and an Envoy that serves the page and takes its calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from lbdemo.errors import MissingProgramError
from lbdemo.front.page import FOLDER, TRACES, Way, call, connection, files, ways
from lbdemo.front.page_envoy import NAME
from lbdemo.local.envoy import HOW_TO_GET, find_envoy, page_bootstrap, ready, start_envoy
from lbdemo.local.guards import interruptible
from lbdemo.local.processes import ProcessGroup, python
from lbdemo.local.stage import LISTENING, addresses, names, start_server
from lbdemo.local.traces import check_available, start_collector

PINNED = connection("a TCP proxy, which chooses as kube-proxy does")
BALANCED = call("Envoy, round robin")
LOOK = 0.5  # seconds between two looks whether everything still runs


@dataclass(frozen=True, slots=True)
class Served:
    """The page's address, and `check`, which raises ProgramFailedError when a part of it has ended."""

    url: str
    check: Callable[[], None]

    def stay(self) -> NoReturn:
        """Returns never; raises KeyboardInterrupt on Ctrl-C and SIGTERM, ProgramFailedError when a part has ended."""
        while True:
            self.check()
            time.sleep(LOOK)


@contextmanager
def page(servers: int, port: int = 0, folder: Path = FOLDER, *, trace: bool = False) -> Iterator[Served]:
    """Serves the page in `folder` on the loopback address, at a port (0: a free one), before so many servers.

    With `trace` each call that it makes by hand leads to its trace. Everything ends with the `with`, or with this
    process. Raises MissingProgramError where there is no Envoy, or no OpenTelemetry for traces, and ProgramFailedError
    or NotReadyError when something does not start.
    """
    program, found = find_envoy(), files(folder)
    if program is None:
        raise MissingProgramError(HOW_TO_GET)
    if trace:
        check_available()
    with interruptible(), ProcessGroup() as group:
        collector = start_collector(group) if trace else None
        children = {name: start_server(group, name, collector=collector) for name in names(servers)}
        there = list(addresses(children)[0].values())
        proxy = group.start(python("-m", "lbdemo.local.tcp_proxy", *there)).said(LISTENING)[1]
        told = ways("on this machine", (PINNED, BALANCED), servers, traces=TRACES if trace else None)
        reached: dict[Way, list[str]] = {PINNED: [proxy], BALANCED: there}
        envoy = ready(start_envoy(group, program, page_bootstrap(port, reached, found, told, collector)))
        yield Served(f"http://{envoy.listeners[NAME]}/", group.check)
