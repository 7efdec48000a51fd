"""What this machine says of an IP address. No policy."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

ROUTES = Path("/proc/net/route")  # Linux only
# How interfaces are called behind which a machine keeps its own containers and virtual machines.
INNER = ("docker", "br-", "virbr", "podman", "lxdbr", "incusbr", "vboxnet", "vmnet", "mpqemubr", "cni", "cbr")


def on_this_machine(address: str, routes: Path = ROUTES) -> bool:
    """Whether the address is this machine's own, or in a network of its own containers or virtual machines."""
    return _own(address) or _behind_inner(address, routes)


def _own(address: str) -> bool:
    """Only a machine's own addresses can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _behind_inner(address: str, routes: Path) -> bool:
    try:
        lines = routes.read_text().splitlines()[1:]
        wanted = int(ipaddress.IPv4Address(address))
    except (OSError, ValueError):
        return False
    fitting = [route for route in map(_route, lines) if wanted & route[1] == route[0]]
    best = max(fitting, key=lambda route: route[1], default=(0, 0, ""))
    return best[2].startswith(INNER)


def _route(line: str) -> tuple[int, int, str]:
    """Network, mask and interface; the file has numbers in hexadecimal, the lowest byte first."""
    interface, network, _, _, _, _, _, mask, *_ = line.split()
    return _number(network), _number(mask), interface


def _number(text: str) -> int:
    return int.from_bytes(bytes.fromhex(text), "little")
