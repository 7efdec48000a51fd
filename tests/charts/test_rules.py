"""What the chart brings for dashboards: the same as `lbdemo rules` prints."""

from __future__ import annotations

import json

import pytest
import yaml
from chart_rules import FOLDER, files
from helm_chart import one, render

from lbdemo.cluster.install.values import ServerValues, Values
from lbdemo.rules.dashboard import dashboard
from lbdemo.rules.document import rule_file
from lbdemo.rules.origins import ORIGINS, Service
from lbdemo.rules.recording import Wanted

WANTED = Values("server", server=ServerValues(prometheus_rule=True, dashboard=True)).to_values()
KNOWN = ["monitoring.coreos.com/v1/PrometheusRule"]
ECHO = Service("echo-server", "shop", "echo-server-.+")


@pytest.mark.parametrize("name", files())
def test_the_charts_files_are_as_they_are_made(name: str) -> None:
    assert (FOLDER / name).read_text() == files()[name], "python tests/chart_rules.py --write"


@pytest.mark.helm
def test_the_rules_are_those_that_the_command_prints() -> None:
    rendered = one(render(WANTED, kinds=KNOWN), "PrometheusRule", "echo-server")

    assert rendered["spec"] == yaml.safe_load(yaml.safe_dump(_plain(rule_file(Wanted(ECHO, tuple(ORIGINS))))))


@pytest.mark.helm
def test_the_dashboard_is_the_one_that_the_command_prints_and_grafana_finds_it() -> None:
    rendered = one(render(WANTED), "ConfigMap", "echo-server-dashboard")

    assert json.loads(rendered["data"]["lbdemo.json"]) == dashboard(ECHO)
    assert rendered["metadata"]["labels"]["grafana_dashboard"] == "1"


@pytest.mark.helm
def test_rules_come_only_where_the_cluster_knows_such_and_nothing_comes_unasked() -> None:
    asked = [document["kind"] for document in render(WANTED)]
    unasked = render(Values("server").to_values(), kinds=KNOWN)

    assert "PrometheusRule" not in asked
    assert not {"PrometheusRule", "ConfigMap"} & {document["kind"] for document in unasked}


def _plain(document: object) -> object:
    return json.loads(json.dumps(document))
