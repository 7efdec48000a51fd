from __future__ import annotations

import socket

import pytest

from lbdemo.cli.browsing import check_port, graphical
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
