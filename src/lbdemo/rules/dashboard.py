"""A dashboard for Grafana over what the rules record: it shows any service that they watch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lbdemo.rules.origins import Service
from lbdemo.rules.recording import CALLS, NEARLY_ALL, PEAK, PINNED, PODS, RATE, SHARE

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
CHOSEN = '{namespace="$namespace", service="$service"}'
WIDTH, HEIGHT = 24, 8
"""Of the whole grid, and of one row of panels."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and the name of its lines; one that is `fair` is a dashed line."""

    expression: str
    legend: str
    fair: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: a time series, or with `stat` the last value as a number. Its unit is Grafana's name of it."""

    title: str
    about: str
    queries: Sequence[Query]
    unit: str = "short"
    width: int = WIDTH // 2
    stat: bool = False


PANELS = (
    Panel(
        "Share of calls by pod",
        "Each pod's part of the calls. The dashed line is what a fair choice gives to each.",
        (Query(f"{SHARE}{CHOSEN}", "{{pod}}"), Query(f"1 / ({PODS}{CHOSEN} > 0)", "fair share", fair=True)),
        "percentunit", WIDTH,
    ),
    Panel("Peak to mean", "The busiest pod beside the mean of all; 1 is even.",
          (Query(f"{PEAK}{CHOSEN}", "peak to mean"),)),
    Panel("Calls that this is said of", "Few calls are uneven by chance alone.",
          (Query(f"{CALLS}{CHOSEN}", "calls"),)),
    Panel("Calls a second by pod", "As counted by the service's own servers, or by their proxies.",
          (Query(f"{RATE}{CHOSEN}", "{{pod}}"),), "reqps"),
    Panel("Pinned", f"1: one pod has {NEARLY_ALL:.0%} of all calls or more.",
          (Query(f"{PINNED}{CHOSEN}", "pinned"),), width=WIDTH // 4, stat=True),
    Panel("Pods", "Those that are scraped, with calls or without.",
          (Query(f"{PODS}{CHOSEN}", "pods"),), width=WIDTH // 4, stat=True),
)  # fmt: skip
"""The first is what the dashboard is for."""


def dashboard(service: Service) -> dict[str, Any]:
    """The dashboard as Grafana takes it by import or from a file; the service is what it shows first."""
    return {
        "uid": "lbdemo-grpc-balance",
        "title": "gRPC load balancing",
        "tags": ["grpc", "lbdemo"],
        "editable": True,
        "schemaVersion": 36,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [_source(), _variable("namespace", "", service.namespace),
                                _variable("service", '{namespace="$namespace"}', service.name)]},
        "panels": _placed(PANELS),
    }  # fmt: skip


def to_json(document: dict[str, Any]) -> str:
    """The dashboard as a file."""
    return json.dumps(document, indent=2)


def _source() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _variable(name: str, within: str, chosen: str) -> dict[str, Any]:
    """A choice among the values of a label of the rules' series."""
    return {
        "name": name, "type": "query", "datasource": SOURCE, "query": f"label_values({PODS}{within}, {name})",
        "refresh": 2, "current": {"text": chosen, "value": chosen},
    }  # fmt: skip


def _placed(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """The panels from left to right, as many a row as there is room for."""
    placed, x, y = [], 0, 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WIDTH:
            x, y = 0, y + HEIGHT
        placed.append(_panel(number, panel, {"h": HEIGHT, "w": panel.width, "x": x, "y": y}))
        x += panel.width
    return placed


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    overrides = [_dashed(query.legend) for query in panel.queries if query.fair]
    return {
        "id": number, "type": "stat" if panel.stat else "timeseries", "title": panel.title,
        "description": panel.about, "datasource": SOURCE, "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        "targets": [_target(chr(ord("A") + n), query) for n, query in enumerate(panel.queries)],
    }  # fmt: skip


def _target(reference: str, query: Query) -> dict[str, Any]:
    return {"refId": reference, "datasource": SOURCE, "expr": query.expression, "legendFormat": query.legend}


def _dashed(legend: str) -> dict[str, Any]:
    style = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}}
    return {"matcher": {"id": "byName", "options": legend}, "properties": [style]}
