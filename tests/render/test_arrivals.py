"""What each pod gets: the same on the page as on the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from diagnose.shops import caller, fronted, shop

from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.looks import MetricsLook
from lbdemo.render.arrivals import of_callers, of_fronts, of_nobody
from lbdemo.render.diagnosis_html import page
from lbdemo.render.way_picture import picture

HELD = {"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}}
CALLERS = [caller("checkout"), caller("batch", 2)]
RATES = {"a": 700, "b": 200, "c": 0}


def by_metrics() -> Evidence:
    looks = [MetricsLook(f"shop/payments-{letter}", turn, float(turn), "request_total", rate * turn)
             for letter, rate in RATES.items() for turn in range(10)]  # fmt: skip
    return shop(HELD, callers=CALLERS, metrics=tuple(looks))


def cells(record: dict[str, Any]) -> list[list[str]]:
    """The cells of the page's tables, row by row: the pod, its calls, its share."""
    rows = re.findall(r'<tr role="row">(<th scope="row".*?)</tr>', page([record]))
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd] .*?</t[hd]>", row)] for row in rows]


@pytest.fixture(name="counted")
def counted_by_servers() -> dict[str, Any]:
    return diagnose(by_metrics()).to_dict()


def test_the_page_says_what_each_pod_got_where_only_servers_count(counted: dict[str, Any]) -> None:
    got = [row[:2] for row in cells(counted)[len(CALLERS) :]]

    assert got == [["payments-a", "6,300"], ["payments-b", "1,800"], ["payments-c", "0"]]


def test_the_page_says_how_many_connections_a_caller_holds_where_nobody_counts_calls() -> None:
    record = diagnose(shop(HELD, callers=CALLERS)).to_dict()

    assert [row[1] for row in cells(record)] == ["1 connection", "1 connection", "0", "0"]


def test_shares_are_of_what_all_got(counted: dict[str, Any]) -> None:
    shares = [row.share for row in of_nobody(counted)]

    assert shares == pytest.approx([7 / 9, 2 / 9, 0])
    assert [row.share for row in of_callers(counted)] == [None, None]


def test_terminal_and_page_name_the_same_pods_in_the_same_order(counted: dict[str, Any]) -> None:
    pods = [row[0] for row in cells(counted)]

    assert len(pods) == 5
    assert all(pod in line for pod, line in zip(pods, picture(counted, 200), strict=True))


def test_the_hop_before_a_proxy_is_drawn_too() -> None:
    seen = shop({"payments-a": {"10.0.1.1": 1}}, **fronted(4, 0))
    record = diagnose(seen).to_dict()

    rows = list(of_fronts(record))

    assert rows[0].way == "4 connections ──> front (kube-proxy: one choice a connection among 2)"
    assert [(row.caller, row.pod, row.connections) for row in rows] == [
        ("who calls deployment/front", "front-1", 4), ("", "front-2", 0),
    ]  # fmt: skip
    assert record["fronts"][0]["choice"] == {"who": "kube-proxy", "per": "connection", "among": 2, "policy": ""}
    assert [line.split()[-3:] for line in picture(record, 200)[:2]] == [["front-1", "4", "connections"],
                                                                        ["front-2", "0", "connections"]]  # fmt: skip
    assert "who calls deployment/front ── 4 connections" in page([record])


def test_who_calls_a_waypoint_chooses_nothing_itself() -> None:
    labels = {"gateway.networking.k8s.io/gateway-class-name": "istio-waypoint"}
    record = diagnose(shop({}, **fronted(4, 0, labels=labels))).to_dict()

    assert record["fronts"][0]["choice"]["who"] == "ztunnel"


def test_a_pod_that_nobody_could_look_at_is_not_said_to_get_nothing() -> None:
    seen = diagnose(shop(HELD, callers=CALLERS))
    blind = seen.evidence
    looks = tuple(look for look in blind.sockets if not look.pod.endswith("payments-c"))
    record = diagnose(replace(blind, sockets=looks)).to_dict()

    assert [row[:2] for row in cells(record)[-2:]] == [["payments-b", "0"], ["payments-c (not seen)", ""]]
    assert "called by nobody that could be seen" in page([record])
    assert [line.split() for line in picture(record, 100)][-2:] == [
        ["payments-b", "0"],
        ["payments-c", "(not", "seen)"],
    ]
