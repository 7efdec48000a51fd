"""LB305: what was told to go past the sidecar, and what takes that off the template."""

from __future__ import annotations

from typing import Any

import pytest
from diagnose.meshes import calling, said
from diagnose.pasting import pasted
from diagnose.shops import CLUSTER_IP, caller, shop

from lbdemo.diagnose.causes import not_intercepted
from lbdemo.diagnose.findings import Finding, Fix

PAST = "traffic.sidecar.istio.io/"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("excludeOutboundPorts", "25, 8080", True), ("excludeOutboundPorts", "80", False),
     ("includeOutboundIPRanges", "10.0.0.0/8", True), ("includeOutboundIPRanges", "*", False),
     ("excludeOutboundIPRanges", "", False)],
)  # fmt: skip
def test_what_takes_a_port_or_an_address_from_the_sidecar(name: str, value: str, told: bool) -> None:
    who = caller("checkout", proxy="istio-proxy", meta={"annotations": {f"traffic.sidecar.istio.io/{name}": value}})
    seen = calling(who, 0, 0, 0)

    assert bool(said(not_intercepted.cause, shop({"payments-a": {"10.0.1.1": 1}}, **seen))) is told


def past(marks: dict[str, str], **more: Any) -> Fix:
    who = caller("checkout", proxy="istio-proxy", meta={"annotations": marks}, **more)
    [found] = said(not_intercepted.cause, shop({"payments-a": {"10.0.1.1": 1}}, **calling(who, 0, 0, 0)))
    assert isinstance(found, Finding)
    [fix] = found.fixes
    return fix


@pytest.mark.parametrize(
    ("name", "value", "after"),
    [("excludeOutboundPorts", "8080", None), ("excludeOutboundPorts", "25, 8080", "25"),
     ("excludeOutboundIPRanges", "10.96.0.0/16,10.0.0.0/24,x", "10.0.0.0/24,x"),
     ("includeOutboundIPRanges", "10.0.0.0/24", f"10.0.0.0/24,{CLUSTER_IP}")],
)  # fmt: skip
def test_what_keeps_the_service_from_the_sidecar_is_taken_off_the_template(
    name: str, value: str, after: str | None
) -> None:
    template = {"spec": {"template": {"metadata": {"annotations": {f"{PAST}{name}": value, "mine": "stays"}}}}}

    fix = past({f"{PAST}{name}": value, "mine": "stays"})

    assert fix.commands[0].startswith("kubectl -n shop patch deployment checkout ")
    changed = pasted(template, fix.commands)
    marks = {"mine": "stays"} | ({} if after is None else {f"{PAST}{name}": after})
    assert changed["spec"]["template"]["metadata"]["annotations"] == marks
    assert pasted(changed, fix.undo) == template


@pytest.mark.parametrize(
    ("marks", "more"),
    [({f"{PAST}excludeOutboundIPRanges": "192.168.0.0/16"}, {}),
     ({f"{PAST}includeOutboundIPRanges": "10.96.0.0/16"}, {}),
     ({f"{PAST}excludeOutboundPorts": "8080"}, {"host_network": True})],
)  # fmt: skip
def test_what_would_not_help_is_not_printed(marks: dict[str, str], more: dict[str, Any]) -> None:
    fix = past(marks, **more)

    assert (fix.commands, fix.undo) == ((), ())
    assert "by hand" in fix.advice
