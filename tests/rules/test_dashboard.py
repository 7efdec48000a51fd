"""The dashboard, without Grafana."""

from __future__ import annotations

import json
import re

from echo_server import told

from lbdemo.rules.dashboard import WIDTH, dashboard
from lbdemo.rules.origins import ORIGINS, Service
from lbdemo.rules.recording import Wanted, recording

SHOP = Service("payments", "shop", "payments-.+")


def test_the_first_panel_is_each_pods_share_with_the_fair_line() -> None:
    share, fair = dashboard(SHOP)["panels"][0]["targets"]

    assert share["legendFormat"] == "{{pod}}"
    assert fair["expr"].startswith("1 / ")


def test_each_query_is_over_what_the_rules_record() -> None:
    recorded = {rule.record for rule in recording(Wanted(SHOP, tuple(ORIGINS)))}
    asked = [target["expr"] for panel in dashboard(SHOP)["panels"] for target in panel["targets"]]

    assert {name for text in asked for name in re.findall(r"lbdemo_\w+:\w+:\w+", text)} == recorded


def test_no_panel_covers_another() -> None:
    taken = [
        (x, y)
        for panel in dashboard(SHOP)["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < WIDTH


def test_the_command_prints_it_for_any_service() -> None:
    code, out, err = told("rules", "--service", "payments", "-n", "shop", "-o", "dashboard")

    assert code == 0, err
    assert json.loads(out) == dashboard(SHOP)
