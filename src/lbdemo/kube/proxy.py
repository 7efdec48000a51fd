"""One `kubectl proxy` on a private unix socket: the door through which the API server is asked.

It has kubectl's credentials, plugins and impersonation, and a plugin is asked once, not once a question. The socket
lies in a folder that only this user may enter. Started at the first question, again when it has died.
"""

from __future__ import annotations

import collections
import contextlib
import os
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from lbdemo.errors import LbdemoError, OperationFailedError, ProgramFailedError
from lbdemo.tools.environment import kubeconfig
from lbdemo.tools.failures import explain

PATIENCE = 20.0  # seconds that kubectl may take to open its socket; on an idle machine it takes 0.1
LOOK = 0.005  # seconds between two looks for the socket
LONGEST = 100  # bytes of a socket's path; the system's own limit is 104 to 108
PREFIX = "lbdemo-"
STALE = 60.0  # seconds after which a folder of ours in which nobody listens belongs to nobody any more
KEPT = 40  # lines of its stderr
LOG_LINE = ("E", "W", "I", "F")  # how a line of kubectl's own log begins, before four digits


class Child(Protocol):
    """A running program."""

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""

    def end(self) -> None:
        """Ends it, and waits until it has."""


class Starts(Protocol):
    """Who can start a program that stays."""

    def start(self, argv: Sequence[str], heard: Callable[[str], None]) -> Child:
        """Starts it; `heard` gets the lines of its stderr as they come."""


class Heard:
    """Lines as they come, kept until it is known whether they are why nothing works, and then passed on."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.lines: list[str] = []
        self._tell = tell
        self._told = False
        self._lock = threading.Lock()

    def hear(self, line: str) -> None:
        """One line more."""
        with self._lock:
            self.lines.append(line)
            if self._told:
                self._tell(line)

    def pass_on(self) -> None:
        """Tells those that came, and from now on each at once."""
        with self._lock:
            self._told = True
            for line in self.lines:
                self._tell(line)


class Proxy:
    """The supervised proxy of one context ("" for the current one, or a pod's own service account).

    `heard` gets what a credential plugin says, line by line, as it says it.
    """

    def __init__(self, starts: Starts, context: str = "", heard: Callable[[str], None] = lambda _: None) -> None:
        self._starts = starts
        self._context = context
        self._heard = heard
        self._lock = threading.Lock()
        self._said: collections.deque[str] = collections.deque(maxlen=KEPT)
        self._child: Child | None = None
        self._folder = ""
        self._path = ""
        self._starts_made = 0
        self._closed = threading.Event()
        self._begun_as = context
        self._files = kubeconfig(os.environ)
        self._rewritten = False

    def address(self) -> str:
        """The socket's path; somebody listens there.

        Raises InputError (no such context), MissingProgramError (no kubectl), or what keeps a proxy from running;
        KeyboardInterrupt when it was closed.
        """
        with self._lock:
            if self._closed.is_set():
                raise KeyboardInterrupt
            if self._child is None or self._child.code is not None:
                self._renew()
            if self._astray():
                self._renew()
            return self._path

    def begin(self) -> None:
        """Starts it already; does not wait for it. What goes wrong is told to who asks for the address."""

        def start() -> None:
            with contextlib.suppress(LbdemoError, KeyboardInterrupt):
                self.address()

        threading.Thread(target=start, name="proxy", daemon=True).start()

    def stay(self, context: str) -> None:
        """From here on it is this context's, whatever becomes the current one.

        It may have begun when nobody knew yet how the current one is called. Where a kubeconfig was written to since
        it was made, that may have been another one: it is started anew.
        """
        self._context = context
        self._look()

    def words(self) -> list[str]:
        """What the proxy's stderr has said last, kubectl's own log left out: a credential plugin's words."""
        return list(self._said)

    def close(self) -> None:
        """Ends it, and removes the socket. There will be no other."""
        self._closed.set()
        with self._lock:
            child, self._child = self._child, None
            if child is not None:
                child.end()
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = ""

    def _renew(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
        self._start()

    def _astray(self) -> bool:
        return self._begun_as != self._context and (self._rewritten or self._begun_as != "")

    def _look(self) -> None:
        self._rewritten = self._rewritten or kubeconfig(os.environ) != self._files

    def _start(self) -> None:
        if not self._folder:
            self._folder = private_folder()
        self._starts_made += 1
        self._begun_as = self._context
        self._path = str(Path(self._folder, str(self._starts_made)))
        argv = ["kubectl", *(["--context", self._begun_as] if self._begun_as else []), "proxy",
                f"--unix-socket={self._path}"]  # fmt: skip
        said = Heard(self._tell)
        child = self._starts.start(argv, said.hear)
        try:
            self._await(child, argv, said.lines)
        except BaseException:
            child.end()
            raise
        self._child = child
        self._look()
        said.pass_on()

    def _tell(self, line: str) -> None:
        if not logged(line):
            self._said.append(line)
            self._heard(line)

    def _await(self, child: Child, argv: Sequence[str], said: Sequence[str]) -> None:
        until = time.monotonic() + PATIENCE
        while not listening(self._path):
            if child.code is not None:
                child.end()  # then all that it said is heard
                raise explain(ProgramFailedError(argv, child.code, "\n".join(said)))
            if time.monotonic() > until:
                raise OperationFailedError(
                    f"kubectl proxy did not open its socket in {PATIENCE:.0f} s", "is the machine very busy? try again"
                )
            if self._closed.wait(LOOK):
                raise KeyboardInterrupt


def places() -> list[str]:
    """Where the socket may lie, the best first."""
    return [os.environ.get("XDG_RUNTIME_DIR") or "", tempfile.gettempdir(), "/tmp"]


def private_folder(candidates: Sequence[str] | None = None) -> str:
    """A new folder that only this user may enter, on a path short enough for a socket, in the first place that does.

    Raises OperationFailedError when none does.
    """
    last = "no folder for temporary files"
    for place in filter(None, dict.fromkeys(places() if candidates is None else candidates)):
        sweep(place)
        try:
            folder = tempfile.mkdtemp(prefix=PREFIX, dir=place)
        except OSError as error:
            last = str(error)
            continue
        if len(os.fsencode(folder)) <= LONGEST - 8:
            return folder
        Path(folder).rmdir()
        last = f"the path of {folder} is too long for a socket"
    raise OperationFailedError(
        f"there is no place for the socket of `kubectl proxy`: {last}", "let TMPDIR name a folder with a short path"
    )


def sweep(place: str) -> None:
    """Removes the folders that an lbdemo left in this place that was killed: our own, with dead sockets only."""
    with contextlib.suppress(OSError):
        for folder in Path(place).glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                if abandoned(folder):
                    shutil.rmtree(folder)


def abandoned(folder: Path) -> bool:
    """Whether it is a folder like ours and of ours, not new, in which nothing is but sockets that nobody holds.

    Raises OSError when it is gone.
    """
    here = folder.lstat()
    if not stat.S_ISDIR(here.st_mode) or stat.S_IMODE(here.st_mode) != 0o700 or here.st_uid != os.getuid():
        return False
    if time.time() - here.st_mtime < STALE:
        return False
    return all(path.is_socket() and not listening(str(path)) for path in folder.iterdir())


def listening(path: str) -> bool:
    """Whether somebody accepts connections there."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


def logged(line: str) -> bool:
    """Whether the line is of kubectl's own log, such as `E1125 19:16:40.137124 …`."""
    return line[:1] in LOG_LINE and line[1:5].isdigit() and line[5:6] == " "
