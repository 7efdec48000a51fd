"""What `demo --ui` and `ui` share: a port of this machine, and the browser."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Mapping

from lbdemo.errors import InputError

LOOPBACK = "127.0.0.1"


def check_port(port: int) -> None:
    """Raises InputError when the port cannot be listened at; 0 always can."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that has just ended holds nobody up
        try:
            tried.bind((LOOPBACK, port))
            tried.listen()  # what another listens at can be bound, with that option
        except OSError as error:
            raise InputError(
                f"port {port} of {LOOPBACK} cannot be had: {(error.strerror or str(error)).lower()}",
                "give another with --port, or none: then a free one is taken",
            ) from error


def end_with_the_terminal() -> None:
    """Makes a terminal that is closed a Ctrl-C, so that what is to be taken away is; nohup's wish is heeded."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def show(url: str, *, no_open: bool) -> None:
    """Tells the page's address on stdout, and opens it where there is a browser to see."""
    from lbdemo.cli.session import say

    print(url, flush=True)
    if not no_open and graphical(os.environ, sys.platform):
        with contextlib.suppress(webbrowser.Error):  # none that Python knows: the address is told
            webbrowser.open(url)
    say("Ctrl-C ends it")


def graphical(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a browser would come up before the person who typed the command: not over ssh, not without a display.

    A browser of one's own choice (BROWSER) is always asked.
    """
    if environment.get("BROWSER"):
        return True
    if any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")):
        return False
    return platform == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
