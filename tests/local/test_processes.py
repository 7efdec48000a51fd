from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from lbdemo.errors import NotReadyError, ProgramFailedError
from lbdemo.local.processes import ProcessGroup, environment, python

pytestmark = pytest.mark.timeout(20)  # a program that does not end would be waited for

LISTEN = """
import signal, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", 0))
server.settimeout(60)
print("port", server.getsockname()[1], flush=True)
while True:
    server.accept()[0].close()
"""
OWN = """
import signal, sys, time
from lbdemo.local.processes import ProcessGroup
with ProcessGroup() as group:
    child = group.start([sys.executable, "-c", sys.argv[1]])
    print(child.said(r"port (\\d+)")[1], flush=True)
    time.sleep(60)
"""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ends(port: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while listens(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not listens(port)


def test_a_program_is_running_when_it_has_said_so_and_gone_after_the_with() -> None:
    with ProcessGroup() as group:
        port = int(group.start([sys.executable, "-c", LISTEN]).said(r"port (\d+)\n")[1])
        running = listens(port)

    assert running
    assert not listens(port)


def test_programs_end_when_the_with_is_left_by_an_exception() -> None:
    ports: list[int] = []

    def fail() -> None:
        with ProcessGroup() as group:
            ports.append(int(group.start([sys.executable, "-c", LISTEN]).said(r"port (\d+)\n")[1]))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert not listens(ports[0])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_programs_end_when_their_owner_dies_without_a_word(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", OWN, LISTEN], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        port = int(owner.stdout.readline())
        running = listens(port)
        owner.send_signal(number)

    assert running
    assert ends(port)


def test_ctrl_c_does_not_reach_the_programs() -> None:
    with ProcessGroup() as group:
        child = group.start([sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"])
        child.said("up")

        assert os.getpgid(child.process.pid) != os.getpgid(0)


def test_a_program_that_ends_instead_is_an_error_with_its_last_words() -> None:
    with ProcessGroup() as group, pytest.raises(ProgramFailedError, match="no such thing") as caught:
        group.start([sys.executable, "-c", "import sys; sys.exit('no such thing')"]).said("up")

    assert caught.value.code == 1


def test_an_error_shows_the_command_as_told() -> None:
    with ProcessGroup() as group, pytest.raises(ProgramFailedError) as caught:
        group.start([sys.executable, "-c", "raise SystemExit(3)"], shown=["envoy", "..."]).said("up")

    assert caught.value.argv == ("envoy", "...")
    assert caught.value.code == 3


def test_a_program_that_says_nothing_is_waited_for_so_long_and_no_longer() -> None:
    with ProcessGroup() as group:
        child = group.start([sys.executable, "-c", "print('something else', flush=True); import time; time.sleep(60)"])

        with pytest.raises(NotReadyError, match="'something else"):
            child.said("up", limit=1.0)


def test_much_on_stderr_does_not_block_a_program() -> None:
    with ProcessGroup() as group:
        child = group.start(
            [sys.executable, "-c", "import sys; sys.stderr.write('x' * 10**6); print('up', flush=True)"]
        )

        assert child.said("up", limit=10)


def test_words_that_come_in_pieces_are_put_together() -> None:
    pieces = "import time\nfor part in ('po', 'rt 1', '23\\n'):\n    print(part, end='', flush=True); time.sleep(0.05)"

    with ProcessGroup() as group:
        assert group.start([sys.executable, "-c", pieces]).said(r"port (\d+)\n")[1] == "123"


def test_programs_do_not_get_options_that_were_meant_for_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBDEMO_FORMAT", "json")
    monkeypatch.setenv("OTHER", "1")

    assert "LBDEMO_FORMAT" not in environment()
    assert environment()["OTHER"] == "1"


def test_modules_of_the_current_folder_are_not_taken_for_ours() -> None:
    assert python("-m", "lbdemo") == [sys.executable, "-P", "-m", "lbdemo"]
