"""The page in the cluster: what it shows there, and the chart's values for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lbdemo.cluster.install.values import UiValues
from lbdemo.cluster.kernel import labels
from lbdemo.front.page import INDEX, Way, call, connection, files, ways
from lbdemo.measure import Outcome

NAME = f"{labels.SERVER}-ui"
"""The Deployment that serves it, and the ConfigMap of its configuration."""
PORT = 9900  # where it listens in its pod
TITLE = "in the cluster"


def shown(*, mesh: bool) -> tuple[Way, Way]:
    """The ways that are shown side by side. In a mesh the sidecar chooses for each request on both."""
    virtual = connection("the cluster IP")
    if mesh:
        virtual = connection("the cluster IP, through a sidecar", Outcome.BALANCED)
    return virtual, call("each pod's own address, by the headless name")


def page_values(*, mesh: bool) -> UiValues:
    """The chart's values for the page. Raises MissingProgramError when this installation has no page."""
    return UiValues(True, content(), ways(TITLE, shown(mesh=mesh), None))


@cache
def content() -> dict[str, str]:
    """The page's files, by name."""
    return {name: path.read_text(encoding="utf-8") for name, path in paths().items()}


def paths() -> dict[str, Path]:
    """Where they are."""
    return {served[1:] or INDEX: path for served, path in files().items()}


def by_files(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A release's values without the page's files, and those for Helm to read: dotted name to path.

    A page is long, and commands are shown.
    """
    if not values.get("ui", {}).get("page"):
        return dict(values), {}
    rest = {**values, "ui": {key: value for key, value in values["ui"].items() if key != "page"}}
    names = {name.replace(".", "\\."): str(path) for name, path in paths().items()}
    return rest, {f"ui.page.{name}": path for name, path in names.items()}
