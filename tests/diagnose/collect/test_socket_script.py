from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lbdemo.diagnose.collect.exec_looks import looks
from lbdemo.diagnose.collect.socket_script import PYTHON, WAYS, Way, plain, sockets
from lbdemo.diagnose.looks import ESTABLISHED, LISTEN, TIME_WAIT, Socket

TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:23E6 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001        0 4711 1 0
   1: 0500F40A:1F90 0300F40A:C350 01 00000000:00000000 00:00000000 00000000 10001        0 4712 1 0
   2: 0500F40A:1F90 0300F40A:C351 06 00000000:00000000 03:00001500 00000000     0        0 0 3 0
"""
MAPPED, NOBODY, OWN = "0000000000000000FFFF0000", "0" * 32, "000080FE00000000FF005450B6AD1DFE"
REST = "00000000:00000000 00:00000000 00000000 10001 0"
TCP6 = f"""  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode
   0: {MAPPED}0500F40A:1F90 {MAPPED}0300F40A:C352 01 {REST} 4713 1
   1: {OWN}:1F90 {NOBODY}:0000 0A {REST} 4714 1
"""


def test_addresses_are_read_as_the_kernel_writes_them() -> None:
    found = sockets(TCP.splitlines())

    assert found == (
        Socket("127.0.0.1", 9190, "0.0.0.0", 0, LISTEN, 4711, 10001),
        Socket("10.244.0.5", 8080, "10.244.0.3", 50000, ESTABLISHED, 4712, 10001),
        Socket("10.244.0.5", 8080, "10.244.0.3", 50001, TIME_WAIT, 0, 0),
    )


def test_dual_stack_sockets_show_the_ipv4_address_that_they_mean() -> None:
    found = sockets(TCP6.splitlines())

    assert [(one.local, one.peer) for one in found] == [("10.244.0.5", "10.244.0.3"), ("fe80::5054:ff:fe1d:adb6", "::")]


def test_lines_that_are_no_sockets_are_passed_over() -> None:
    assert (
        sockets(
            ["", "cat: /proc/net/tcp6: No such file", "S 1 nonsense", "  0: x y z", "S 1 10.0.0.1 1 10.0.0.2 x 0 7"]
        )
        == ()
    )


def test_tcp_info_is_read_in_its_order() -> None:
    (found,) = sockets(["S 1 ::ffff:10.0.0.1 9090 10.0.0.2 40000 10001 77 11 12 1300 1400"])

    assert found == Socket("10.0.0.1", 9090, "10.0.0.2", 40000, ESTABLISHED, 77, 10001, 11, 12, 1400, 1300)


def test_looks_are_told_apart_by_their_marks_and_what_comes_before_the_first_is_none() -> None:
    assert list(looks(["warning", "@look", "a", "b", "@look", "c"])) == [["a", "b"], ["c"]]
    assert list(looks([])) == []


@pytest.mark.parametrize(("told", "meant"), [("::ffff:1.2.3.4", "1.2.3.4"), ("1.2.3.4", "1.2.3.4"), ("::1", "::1")])
def test_addresses_are_plain(told: str, meant: str) -> None:
    assert plain(told) == meant


@pytest.fixture
def connection() -> Iterator[tuple[int, socket.socket, socket.socket]]:
    """A server's port on loopback, and both ends of a connection to it."""
    with ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        client = opened.enter_context(socket.create_connection(listener.getsockname()))
        server, _ = listener.accept()
        opened.enter_context(server)
        yield listener.getsockname()[1], client, server


def run(way: Way, turns: int) -> list[tuple[Socket, ...]]:
    command = way.command(turns, 0.01)
    command[0] = sys.executable if way.program == "python3" else command[0]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    lines = done.stdout.splitlines()
    return [sockets(each) for each in ([lines] if way.repeated else looks(lines))]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.program)
def test_each_way_sees_a_real_connection(way: Way, connection: tuple[int, socket.socket, socket.socket]) -> None:
    port, client, _ = connection

    found = run(way, 3)

    assert len(found) == (1 if way.repeated else 3)
    for look in found:
        states = {one.state for one in look if one.local_port == port}
        assert states == {LISTEN, ESTABLISHED}
        (inode,) = {one.inode for one in look if one.local_port == port and one.state == ESTABLISHED}
        assert inode
        assert any(one.peer_port == port and one.local_port == client.getsockname()[1] for one in look)


def test_a_shell_without_a_cat_shows_nothing_instead_of_no_sockets(tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep
    (tmp_path / "sleep").symlink_to(sleep)
    way = WAYS[1]

    done = subprocess.run(["/bin/sh", *way.command(2, 0.01)[1:]], capture_output=True, text=True, check=False,
                          env={"PATH": str(tmp_path)}, timeout=20)  # fmt: skip

    assert not any(way.shows(lines) for lines in looks(done.stdout.splitlines()))


def test_a_python_that_was_told_of_no_socket_has_read_all_the_same() -> None:
    assert WAYS[0].shows(["S sockets"])
    assert sockets(["S sockets"]) == ()
    assert not WAYS[0].shows(["", "something else"])


def test_segments_and_bytes_of_a_real_connection_are_counted(
    connection: tuple[int, socket.socket, socket.socket],
) -> None:
    port, client, server = connection
    for _ in range(5):
        client.sendall(b"x" * 100)
        assert server.recv(1000)
        server.sendall(b"y" * 10)
        assert client.recv(1000)
    time.sleep(0.1)

    (look,) = run(WAYS[0], 1)

    (seen,) = [one for one in look if one.local_port == port and one.state == ESTABLISHED]
    assert (seen.segments_in, seen.bytes_in) == (5, 500)
    assert seen.segments_out == 5
    assert seen.bytes_out in (40, 50), "the last answer may not be acknowledged yet"


def test_the_script_runs_on_any_python_that_a_pod_may_have() -> None:
    compile(PYTHON, "script", "exec")
    assert 'f"' not in PYTHON
    assert ":=" not in PYTHON
