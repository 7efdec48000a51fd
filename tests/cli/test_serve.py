"""`lbdemo serve` as a process: what it says, how it fails, what it imports."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
from echo_server import lbdemo, told

BARRED = ("docker", "rich", "sh")


def test_the_first_line_says_where_it_listens_and_who_it_is() -> None:
    with lbdemo("serve", "--listen", "127.0.0.1:0", "--name", "pod-a") as served:
        assert served.stdout
        words = served.stdout.readline().split()

        assert words[:2] + words[3:] == ["listening", "on", "as", "pod-a"]
        assert int(words[2].removeprefix("127.0.0.1:")) > 0


def test_the_line_for_programs_and_the_pods_name() -> None:
    with lbdemo("serve", "--listen", "127.0.0.1:0", "--format", "json", POD_NAME="pod-b") as served:
        assert served.stdout
        said = json.loads(served.stdout.readline())

        assert said["address"] == f"127.0.0.1:{said['port']}"
        assert (said["event"], said["server"], said["admin"]) == ("listening", "pod-b", None)


def test_both_lines_say_where_the_owner_is_answered() -> None:
    with lbdemo("serve", "--listen", "127.0.0.1:0", "--name", "pod-a", "--admin", "127.0.0.1:0") as served:
        assert served.stdout
        text = served.stdout.readline().strip()
    with lbdemo("serve", "--listen", "127.0.0.1:0", "--admin", "localhost:0", "--format", "json") as served:
        assert served.stdout
        said = json.loads(served.stdout.readline())

    assert ", admin on 127.0.0.1:" in text
    assert said["admin"].startswith("localhost:")
    assert said["admin"] not in {"localhost:0", said["address"]}


def test_a_taken_port_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        code, _, words = told("serve", "--listen", address)

    assert code == 5
    assert words.splitlines() == [
        f"error: cannot listen on {address}: address already in use",
        "hint: choose another address with --listen HOST:PORT",
    ]


def test_a_name_of_which_one_address_is_taken_is_the_same_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, words = told("serve", "--listen", f"localhost:{taken.getsockname()[1]}")

    assert code == 5
    assert "address already in use" in words


@pytest.mark.parametrize(
    "option",
    [
        ("--listen", "nowhere"),
        ("--drain", "nan"),
        ("--max-connection-age", "-1"),
        ("--admin", "0.0.0.0:0"),
        ("--admin", ":8081"),
        ("--admin", "localhost"),
    ],
)
def test_bad_input_ends_with_2(option: tuple[str, str]) -> None:
    assert told("serve", "--listen", "127.0.0.1:0", *option)[0] == 2


def test_what_runs_in_pods_needs_no_docker_sh_or_rich() -> None:
    code = "\n".join(
        (
            "import sys",
            "import lbdemo.cli.main, lbdemo.cli.serve, lbdemo.cli.client, lbdemo.cli.peer",
            "print([name for name in ('grpc', 'google.protobuf') if name in sys.modules])",
            "import lbdemo.echo.server, lbdemo.echo.load, lbdemo.echo.peer",
            f"print([name for name in {BARRED} if name in sys.modules])",
        )
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20)

    assert loaded.stdout.split("\n")[:2] == ["[]", "[]"]
