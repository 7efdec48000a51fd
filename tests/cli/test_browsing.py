from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from lbdemo.cli.browsing import check_port, end_with_the_terminal, graphical
from lbdemo.errors import InputError


def test_a_free_port_and_any_free_one_are_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]

    check_port(0)
    check_port(port)


def test_a_port_that_somebody_listens_at_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mine, pytest.raises(InputError, match="already in use"):
        check_port(mine.getsockname()[1])


@pytest.mark.parametrize(
    ("environment", "platform", "seen"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "a b"}, "linux", False),
        ({"SSH_TTY": "/dev/pts/0"}, "darwin", False),
        ({"BROWSER": "w3m", "SSH_TTY": "/dev/pts/0"}, "linux", True),
    ],
)
def test_a_browser_comes_up_only_before_the_person_who_typed(
    environment: dict[str, str], platform: str, seen: bool
) -> None:
    assert graphical(environment, platform) is seen


@pytest.fixture
def hang_ups() -> Iterator[None]:
    """What a hang-up does is as before, afterwards."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_ups")
def test_a_terminal_that_is_closed_is_a_ctrl_c() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    end_with_the_terminal()

    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGHUP)


@pytest.mark.usefixtures("hang_ups")
def test_who_is_to_outlive_the_terminal_does() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_with_the_terminal()

    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
