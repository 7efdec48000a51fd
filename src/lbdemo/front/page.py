"""The page: its built files, how they are served, and what it is told of the ways that it shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lbdemo.errors import MissingProgramError
from lbdemo.measure import Expectation, Outcome
from lbdemo.resources import PACKAGE

FOLDER = PACKAGE / "_page"
INDEX = "index.html"
WAYS = "/ways.json"
VERSION = 1  # of the format of /ways.json

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

# Nothing from elsewhere, no inline script, in nobody's frame; what the page calls is where it came from.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "cache-control": "no-store"}
"""On every answer that is not a call's."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way for calls to reach the servers: calls of the page go to `path`/message.Echo/…; `expects` is a verdict."""

    name: str
    label: str
    path: str
    expects: Outcome


def connection(label: str, expects: Outcome = Outcome.PINNED) -> Way:
    """The negative control: whoever chooses, does so once a connection."""
    return Way("connection", f"per connection: {label}", "/connection", expects)


def call(label: str) -> Way:
    """A choice for each request."""
    return Way("call", f"per request: {label}", "/call", Outcome.BALANCED)


TRACES = "/trace/"
"""Where a trace is shown, by its identity, if the page's calls are traced."""


def ways(
    title: str,
    shown: Sequence[Way],
    servers: int | None,
    api: Mapping[str, Any] | None = None,
    traces: str | None = None,
) -> str:
    """What the page reads first, as JSON; `servers` is how many there are, None where that may change.

    `api` is where the cluster's events are, and its buttons; None where the page has neither. `traces` is TRACES where
    calls by hand can be traced. The rules are those of a verdict without further options.
    """
    rule = Expectation(Outcome.BALANCED)
    told = {
        "v": VERSION,
        "title": title,
        "ways": [asdict(way) for way in shown],
        "servers": servers,
        "tolerance": rule.tolerance,
        "alpha": rule.alpha,
        "api": api,
        "traces": traces,
    }
    return json.dumps(told, ensure_ascii=False)


def files(folder: Path = FOLDER) -> dict[str, Path]:
    """The page's files by the path at which they are served. Raises MissingProgramError when there is no page."""
    if not (folder / INDEX).is_file():
        raise MissingProgramError(
            f"this installation of lbdemo is incomplete: there is no {folder / INDEX}",
            "install lbdemo again, from a wheel or a checkout",
        )
    found = [path for path in sorted(folder.iterdir()) if path.suffix in TYPES]
    return {"/" if path.name == INDEX else f"/{path.name}": path for path in found}


def headers(name: str) -> dict[str, str]:
    """What is said of a file, beside its length."""
    return {"content-type": TYPES[Path(name).suffix], **HEADERS}
