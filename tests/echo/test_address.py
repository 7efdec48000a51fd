from __future__ import annotations

import socket

import pytest

from lbdemo.echo.address import Address, parse_address, why_not
from lbdemo.errors import InputError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8080", Address("0.0.0.0", 8080)),
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::]:8080", Address("::", 8080)),
        ("[fe80::1%eth0]:1", Address("fe80::1%eth0", 1)),
        ("localhost:65535", Address("localhost", 65535)),
        (":8080", Address("0.0.0.0", 8080)),
    ],
)
def test_hosts_and_ports_are_understood(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8080",
        "localhost",
        "::1:80",
        "a:65536",
        "a:-1",
        "a:b",
        "a b:1",
        "http://a:1",
        "unix:/x",
        "a:1\n",
        "a:\u0661",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_address(text)

    assert "127.0.0.1:0" in refused.value.hint


@pytest.mark.parametrize("text", ["[::1]:8080", "10.0.0.1:80"])
def test_an_address_is_shown_as_it_is_typed(text: str) -> None:
    assert str(parse_address(text)) == text


def test_a_taken_port_is_named_as_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert why_not(Address("127.0.0.1", port)) == "address already in use"


def test_a_foreign_address_is_named_as_the_reason() -> None:
    assert why_not(Address("192.0.2.1", 80)) == "cannot assign requested address"
