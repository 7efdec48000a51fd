"""The chart's rules and dashboard as `lbdemo rules` makes them; `python tests/chart_rules.py --write` writes them."""

from __future__ import annotations

import sys
from pathlib import Path

from lbdemo.rules.dashboard import dashboard, to_json
from lbdemo.rules.document import rule_file, to_yaml
from lbdemo.rules.origins import ORIGINS, Service
from lbdemo.rules.recording import Wanted

FOLDER = Path(__file__).parents[1] / "charts" / "echo" / "files"
SERVICE = Service("@service@", "@namespace@", "@service@-.+")
"""The chart puts in the names."""


def files() -> dict[str, str]:
    """What the chart's files are to be, by name."""
    return {
        "rules.yaml": to_yaml(rule_file(Wanted(SERVICE, tuple(ORIGINS)))),
        "dashboard.json": to_json(dashboard(SERVICE)) + "\n",
    }


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for name, text in files().items():
        (FOLDER / name).write_text(text)
