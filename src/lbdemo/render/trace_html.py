"""One trace as a page of its own: a waterfall, without a script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from lbdemo.traces.record import trace_record
from lbdemo.words import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lbdemo.traces import Trace

STYLE = """
:root { color-scheme: light dark; --bar: #0072b2; --bad: #d55e00; --own: #56b4e9; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.2rem; overflow-wrap: anywhere; } code { font-family: ui-monospace, monospace; }
ol { list-style: none; padding: 0; } li { margin: .6rem 0; }
.what { display: flex; flex-wrap: wrap; gap: 0 .75rem; } .what b { min-width: 9rem; }
.what span { overflow-wrap: anywhere; } .what .took { margin-left: auto; font-variant-numeric: tabular-nums; }
.line { height: 1rem; background: color-mix(in srgb, currentColor 10%, transparent); position: relative; }
.line i { position: absolute; top: 0; bottom: 0; min-width: 2px; background: var(--bar); }
.failed .line i { background: var(--bad); } .failed b::after { content: " ✗ failed"; }
"""


def trace_page(trace: Trace) -> str:
    """The page of a trace. Names come from anybody, and are escaped."""
    told = trace_record(trace)
    rows = "\n".join(_rows(told))
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><meta charset="utf-8"><title>Trace {escape(told["id"])}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style>\n"
        f"<main><h1>Trace <code>{escape(told['id'])}</code>: {duration(told['seconds'])}</h1>\n"
        f"<p>{escape(answered(trace))}</p>\n<ol>\n{rows}\n</ol>\n"
        "<p>A bar begins where its span began by the clock of who made it. “Own” is what a hop took beyond those below"
        " it, the way to them included.</p></main></html>\n"
    )


def answered(trace: Trace) -> str:
    """Who answered, in a sentence."""
    return f"Answered by {trace.server}." if trace.server else "Nobody signed an answer."


def _rows(told: Mapping[str, Any]) -> Iterator[str]:
    whole = max(told["seconds"], 1e-9)
    for span in told["spans"]:
        left = min(max(span["begin"] / whole, 0.0), 1.0)
        width = min(span["seconds"] / whole, 1.0 - left)
        kind = ' class="failed"' if span["failed"] else ""
        yield (
            f'<li{kind} style="padding-left:{min(span["depth"], 8):d}rem">'
            f'<div class="what"><b>{escape(span["role"])}</b>'
            f"<span>{escape(span['pod'])}</span><span>{escape(span['name'])}</span>"
            f'<span class="took">{duration(span["seconds"])}, own {duration(span["own"])}</span></div>'
            f'<div class="line"><i style="left:{left:.3%};width:{width:.3%}"></i></div></li>'
        )
