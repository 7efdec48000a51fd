"""An API server that takes connections and never answers: as itself, and behind a kubectl that is none."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
import textwrap
import threading
from pathlib import Path
from types import TracebackType

from lbdemo.kube.api import Api
from lbdemo.kube.transport import UnixTransport

CONFIG = {
    "current-context": "silent",
    "contexts": [{"name": "silent", "context": {"cluster": "silent", "user": "me"}}],
    "clusters": [{"name": "silent", "cluster": {"server": "https://127.0.0.1:6443"}}],
    "users": [{"name": "me", "user": {"token": "x"}}],
}
KUBECTL = """\
#!{python}
import socket, sys, time
if "config" in sys.argv:
    print({config!r})
elif "version" in sys.argv:
    print('{{"clientVersion": {{"gitVersion": "v1.34.4"}}}}')
else:
    (path,) = [word.partition("=")[2] for word in sys.argv if word.startswith("--unix-socket=")]
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(64)
    taken = []
    while True:
        taken.append(server.accept())
"""


def kubectl(folder: Path) -> None:
    """Puts a kubectl into the folder whose proxy takes questions and never answers."""
    program = folder / "kubectl"
    program.write_text(textwrap.dedent(KUBECTL).format(python=sys.executable, config=json.dumps(CONFIG)))
    program.chmod(0o755)


class Silence:
    """The server, as a context manager that gives what asks it."""

    def __enter__(self) -> Api:
        self._folder = tempfile.mkdtemp(prefix="silence-")
        path = str(Path(self._folder, "api"))
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(path)
        self._server.listen(64)
        self._taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()
        self._transport = UnixTransport(lambda: path)
        return Api(self._transport)

    def _take(self) -> None:
        while True:
            try:
                self._taken.append(self._server.accept()[0])
            except OSError:
                return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for one in self._taken:
            one.close()
        shutil.rmtree(self._folder, ignore_errors=True)
