"""HOST:PORT, as it is typed, and why nobody could listen there."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from lbdemo.errors import InputError, OperationFailedError

_ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<host>[A-Za-z0-9._-]*)):(?P<port>\d{1,5})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. `host` stands without brackets; port 0 is a free one of the system's choice."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """HOST:PORT, [IPV6]:PORT or :PORT (all of IPv4); raises InputError for anything else."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise InputError(
            f"{text!r} is not an address to listen on",
            "give HOST:PORT with a port from 0 to 65535, such as 0.0.0.0:8080, [::]:8080 or 127.0.0.1:0",
        )
    return Address(match["v6"] or match["host"] or "0.0.0.0", int(match["port"]))


def parse_loopback(text: str) -> Address:
    """The same, for what only this machine (or this pod) may reach; raises InputError for any other host."""
    address = parse_address(text)
    if not _is_loopback(address.host):
        raise InputError(
            f"{text!r} is not on loopback: whoever can call it can end the server",
            f"give 127.0.0.1:{address.port} or [::1]:{address.port}",
        )
    return address


def _is_loopback(host: str) -> bool:
    """True when the host is, or its name stands for, loopback addresses and no others."""
    with contextlib.suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return all(ipaddress.ip_address(where[0]).is_loopback for *_, where in found)
    return False


def check_free(address: Address) -> None:
    """Raises OSError when one of the addresses that a host's name stands for is taken; gRPC is content with any."""
    if address.port and not _is_number(address.host):
        _try(address)


@contextlib.contextmanager
def listening(address: Address, option: str) -> Iterator[None]:
    """For opening a listener there. Raises OperationFailedError that says why it cannot be, and which `option` chooses
    another address."""
    try:
        check_free(address)
        yield
    except (RuntimeError, OSError) as error:  # gRPC raises the former
        raise OperationFailedError(
            f"cannot listen on {address}: {why_not(address)}", f"choose another address with {option} HOST:PORT"
        ) from error


def _is_number(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


def why_not(address: Address) -> str:
    """What the system says against listening there; gRPC itself does not tell."""
    try:
        _try(address)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return "the reason is gone by now; try again"


def _try(address: Address) -> None:
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, protocol, _, where in found:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen()
