"""What became of the spans of a run: the client's own line on it, among those of its calls."""

from __future__ import annotations

import json
from dataclasses import dataclass

KEY = "lbdemo"
SPANS = "spans/1"


@dataclass(frozen=True, slots=True)
class Spans:
    """How many spans the client `made`, and how many of them were `lost` on their way to a collector; `why`."""

    made: int
    lost: int = 0
    why: str = ""


def encode_spans(spans: Spans) -> str:
    """The line, without its end."""
    return json.dumps({KEY: SPANS, "made": spans.made, "lost": spans.lost, "why": spans.why})


def decode_spans(line: str) -> Spans | None:
    """What the line says; None for another line."""
    if SPANS not in line:
        return None
    try:
        told = json.loads(line)
        return Spans(int(told["made"]), int(told["lost"]), str(told["why"])) if told[KEY] == SPANS else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
