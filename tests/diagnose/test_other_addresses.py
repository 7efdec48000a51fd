from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from lbdemo.diagnose.other_addresses import Addresses


def turning() -> Addresses:
    """Every bit that may be turned is."""
    return Addresses(lambda: 1)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("10.0.0.1", "10.255.255.254"),
        ("192.168.7.1_8080", "192.168.248.254_8080"),
        ("http://10.0.0.1:9090/x", "http://10.255.255.254:9090/x"),
        ("no 10.0.0.1.", "no 10.255.255.254."),
        ("10.244.0.0/24,10.244.1.7/24", "10.11.255.0/24,10.11.254.248/24"),
        ("[fd00::1]:80", "[fdff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:80"),
    ],
)
def test_addresses_in_texts_become_others(text: str, other: str) -> None:
    assert turning().in_text(text) == other


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1:80", "::1", "0.0.0.0_8080", "169.254.1.1", "v1.34.4", "1.2.3.4.5", "2026-11-26T12:00:00Z", "300.1.1.1",
     "outbound|8080||payments", "Some::Name"],
)  # fmt: skip
def test_what_is_nobodys_address_stays(text: str) -> None:
    assert turning().in_text(text) == text


def test_an_address_has_always_the_same_other_one() -> None:
    others = Addresses()

    assert others.in_text("10.1.2.3 203.0.113.7") == others.in_text("10.1.2.3 203.0.113.7")


@pytest.mark.parametrize("size", [12, 16, 20, 24, 30])
def test_those_of_one_network_stay_in_one_and_others_out_of_it(size: int) -> None:
    others, network = Addresses(), ip_network(f"10.245.16.8/{size}", strict=False)
    inside, outside = network[1], network[-1] + 1

    there = ip_network(others.in_text(str(network)))

    assert there.prefixlen == size
    assert others.other(inside) in there
    assert others.other(ip_address(outside)) not in there
    assert others.other(inside) != inside or others.other(network[2]) != network[2]
