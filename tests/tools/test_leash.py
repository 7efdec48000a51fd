"""Who is killed takes its children along."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.forks, pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")]

PARENT = """
import threading, time
from lbdemo.tools.runner import Runner
runner = Runner()
def read(argv):
    for line in runner.stream(argv):
        print(line, flush=True)
SAYS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
starting = threading.Thread(target=lambda: threading.Thread(target=read, args=([PYTHON, "-c", SAYS],)).start())
starting.start()
starting.join()
child = runner.start(["sleep", "600"], lambda _: None)
print(child._process.pid, flush=True)
time.sleep(SECONDS)
assert child.code is None, "the thread that asked for it is gone, it is not"
print("on", flush=True)
time.sleep(600)
""".replace("PYTHON", repr(sys.executable)).replace("SECONDS", "0.2")


def runs(pid: int) -> bool:
    """Whether the process is there and not a zombie, which only its new parent can take away."""
    with contextlib.suppress(FileNotFoundError), Path(f"/proc/{pid}/stat").open() as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


def test_children_of_a_killed_one_end_with_it() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        said = [parent.stdout.readline().strip() for _ in range(3)]  # in any order
        pids = [int(line) for line in said if line != "on"]
        assert len(pids) == 2, said
        assert all(map(runs, pids)), "a thread that asked for a child may end before it"

        os.kill(parent.pid, signal.SIGKILL)

        parent.wait()
        deadline = time.monotonic() + 20
        while any(map(runs, pids)):
            assert time.monotonic() < deadline, "they outlive it"
            time.sleep(0.02)
