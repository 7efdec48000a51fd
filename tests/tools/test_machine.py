"""Which addresses are this machine's own, or lie behind its own bridges."""

from __future__ import annotations

from pathlib import Path

import pytest

from lbdemo.tools.machine import on_this_machine

# As /proc/net/route has it: a default route, a network at eth0, a Docker network at br-1, one of virtual machines.
ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0102000A	0003	0	0	0	00000000	0	0	0
eth0	0002000A	00000000	0001	0	0	0	00FFFFFF	0	0	0
br-1	000012AC	00000000	0001	0	0	0	0000FFFF	0	0	0
virbr0	0027A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
"""


@pytest.mark.parametrize("address", ["127.0.0.1"])
def test_an_own_address_is_here(address: str, tmp_path: Path) -> None:
    assert on_this_machine(address, tmp_path / "nothing")


@pytest.mark.parametrize(
    ("address", "here"),
    [("172.18.0.2", True), ("192.168.39.5", True), ("10.0.2.77", False), ("203.0.113.1", False), ("host", False),
     ("2001:db8::1", False)],
)  # fmt: skip
def test_what_lies_behind_an_own_bridge_is_here(address: str, here: bool, tmp_path: Path) -> None:
    file = tmp_path / "route"
    file.write_text(ROUTES)

    assert on_this_machine(address, file) is here
