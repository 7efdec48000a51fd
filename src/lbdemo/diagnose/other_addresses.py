"""Other IP addresses in place of real ones: those of one network stay in one network, of whatever size."""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

CANDIDATE = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9]|\.\d)|[0-9A-Fa-f:]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?![A-Za-z0-9:]))"
    r"(/\d{1,3})?"
)
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8")
"""Ranges whose addresses stay in them."""
KEPT = {4: 8, 6: 16}
"""By IP version: how many bits of any other address stay as they are."""


class Addresses:
    """Another address for each, always the same for one; two have as many bits in front in common as before.

    Each bit is turned or not, as was drawn for the bits before it (after Crypto-PAn, Xu and others 2002).
    """

    def __init__(self, draw: Callable[[], int] = lambda: secrets.randbits(1)) -> None:
        self._turned: defaultdict[str, int] = defaultdict(draw)

    def in_text(self, text: str) -> str:
        """The text with other addresses, and other ranges of them."""
        return CANDIDATE.sub(self._found, text)

    def _found(self, found: re.Match[str]) -> str:
        whole, size = found[0], found[1] or ""
        try:
            address = ip_address(whole.removesuffix(size))
            return self._range(whole, address) if size else str(self.other(address))
        except ValueError:
            return whole

    def _range(self, whole: str, address: Address) -> str:
        """A range; with bits behind its network only where it has some."""
        there = ip_network(whole, strict=False)
        other = self.other(address)
        network = ip_network(f"{other}/{there.prefixlen}", strict=False)
        return str(network) if address == there[0] else f"{other}/{there.prefixlen}"

    def other(self, address: Address) -> Address:
        """Another address; those that mean the same everywhere (loopback, all, link-local, multicast) stay."""
        if address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast:
            return address
        bits = f"{int(address):0{address.max_prefixlen}b}"
        same = _kept(address)
        turned = (int(bit) ^ self._turned[f"{address.version} {bits[:n]}"] if n >= same else int(bit)
                  for n, bit in enumerate(bits))  # fmt: skip
        return type(address)(int("".join(map(str, turned)), 2))


def _kept(address: Address) -> int:
    """How many bits in front tell of what kind it is."""
    ranges = (ip_network(each) for each in PRIVATE)
    found = (each.prefixlen for each in ranges if each.version == address.version and address in each)
    return next(found, KEPT[address.version])
