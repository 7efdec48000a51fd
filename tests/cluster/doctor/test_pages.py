"""The page about checks says what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from lbdemo.cluster.doctor.asked import COMMANDS
from lbdemo.cluster.doctor.checks import CHECKS
from lbdemo.cluster.doctor.checks.namespace_policies import LIMITS, REQUESTS

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"\| ([^|]+) \| `([^`|]+)` \| ([^|]+) \| ")


def test_each_check_has_its_line_in_the_order_of_the_code() -> None:
    rows = [ROW.match(line) for line in (ROOT / "docs" / "doctor.md").read_text().splitlines()]

    told = [(row[1], row[2], row[3]) for row in rows if row]
    assert told == [
        (c.group, c.name, "all" if set(c.commands) == set(COMMANDS) else ", ".join(c.commands)) for c in CHECKS
    ]


def test_what_our_containers_ask_for_is_what_the_chart_says() -> None:
    resources = yaml.safe_load((ROOT / "charts" / "echo" / "values.yaml").read_text())["resources"]

    assert resources["requests"] == REQUESTS
    assert {name: value for name, value in resources["limits"].items() if value} == LIMITS
