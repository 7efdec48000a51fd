from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from lbdemo.local.processes import ProcessGroup
from lbdemo.local.tcp_proxy import Backend, serve

pytestmark = pytest.mark.timeout(20)  # a connection that is not ended would be waited for

LIMIT = 10


@contextmanager
def backend(name: bytes, connections: int = 100) -> Iterator[Backend]:
    """Answers each message with its name and the message, until the other side has no more; then says bye."""

    def answer(end: socket.socket) -> None:
        with end:
            while data := end.recv(65536):
                end.sendall(name + data)
            end.sendall(b"bye")

    def listen() -> None:
        for _ in range(connections):
            try:
                end, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(end,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(*backends: Backend, choices: Iterator[int]) -> Iterator[Backend]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        chosen = (listener, backends, lambda known: known[next(choices)])
        serving = threading.Thread(target=serve, args=chosen, daemon=True)
        serving.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(LIMIT)
        assert not serving.is_alive()


def ask(end: socket.socket, text: bytes) -> bytes:
    end.sendall(text)
    return end.recv(100)


def say_all(end: socket.socket, text: bytes) -> None:
    end.sendall(text)
    end.shutdown(socket.SHUT_WR)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_the_choice_is_made_once_a_connection_whatever_is_asked_on_it() -> None:
    with (
        backend(b"a:") as a,
        backend(b"b:") as b,
        proxy(a, b, choices=iter([0, 1])) as address,
        socket.create_connection(address, LIMIT) as first,
        socket.create_connection(address, LIMIT) as second,
    ):
        answers = [(ask(first, b"1"), ask(second, b"2")) for _ in range(20)]

    assert set(answers) == {(b"a:1", b"b:2")}


def test_bytes_go_through_unchanged_and_an_end_is_passed_on() -> None:
    sent = bytes(range(256)) * 4096
    got = bytearray()

    with backend(b"") as a, proxy(a, choices=iter([0])) as address, socket.create_connection(address, LIMIT) as end:
        sender = threading.Thread(target=say_all, args=(end, sent), daemon=True)
        sender.start()
        while data := end.recv(65536):
            got += data
        sender.join(LIMIT)

    assert bytes(got) == sent + b"bye"


def test_a_backend_that_is_away_ends_the_connection_and_only_that() -> None:
    away = ("127.0.0.1", free_port())

    with backend(b"a:") as a, proxy(away, a, choices=iter([0, 1])) as address:
        with socket.create_connection(address, LIMIT) as first:
            lost = first.recv(100)
        with socket.create_connection(address, LIMIT) as second:
            answer = ask(second, b"1")

    assert lost == b""
    assert answer == b"a:1"


def test_as_a_program_it_says_where_it_listens_and_chooses_among_all_backends() -> None:
    with ExitStack() as stack:
        addresses = [stack.enter_context(backend(name)) for name in (b"a:", b"b:")]
        group = stack.enter_context(ProcessGroup())
        argv = [f"{host}:{port}" for host, port in addresses]
        child = group.start([sys.executable, "-m", "lbdemo.local.tcp_proxy", *argv])
        port = int(child.said(r"listening on 127\.0\.0\.1:(\d+)\n")[1])
        answers = set()
        for _ in range(40):  # all to one of two: once in 2^39
            with socket.create_connection(("127.0.0.1", port), LIMIT) as end:
                answers.add(ask(end, b"1"))

    assert answers == {b"a:1", b"b:1"}
