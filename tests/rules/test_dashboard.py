"""The dashboard, without Grafana."""

from __future__ import annotations

import json
import re
from typing import Any

from echo_server import told
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from lbdemo.rules.dashboard import WIDTH, dashboard
from lbdemo.rules.origins import ORIGINS, Service
from lbdemo.rules.recording import Wanted, recording

SHOP = Service("payments", "shop", "payments-.+")


def lost(written: Any, read: Any, place: str = "") -> list[str]:
    """What was written and is not there, or is something else, once Grafana's own models have read it."""
    if isinstance(written, dict) and isinstance(read, dict):
        return [each for key in written for each in lost(written[key], read.get(key), f"{place}/{key}")]
    if isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        return [each for n, one in enumerate(written) for each in lost(one, read[n], f"{place}/{n}")]
    return [] if written == read else [place]


def as_grafana_reads(document: dict[str, Any]) -> Any:
    register_default_plugins()
    return json.loads(json.dumps(Dashboard.from_json(document), cls=JSONEncoder))


def test_grafanas_models_know_every_field_of_it() -> None:
    made = dashboard(SHOP)

    assert not lost(made, as_grafana_reads(made))


def test_a_field_that_grafana_does_not_know_would_be_told() -> None:
    made = dashboard(SHOP)
    made["panels"][0]["targets"][0]["expression"] = "1"
    made["panels"][0]["gridpos"] = {}

    assert lost(made, as_grafana_reads(made)) == ["/panels/0/targets/0/expression", "/panels/0/gridpos"]


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
