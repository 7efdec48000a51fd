"""The page in the cluster: what it shows there, and the chart's values for it. Pure."""

from __future__ import annotations

from functools import cache

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
    found = files()
    return {path[1:] or INDEX: file.read_text(encoding="utf-8") for path, file in found.items()}
