"""A report as one page that needs nothing else: no network, no script; the record itself is embedded as JSON."""

from __future__ import annotations

import json
from base64 import b64encode
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from lbdemo.render import figures
from lbdemo.render.figures import printable
from lbdemo.render.sections import Section, sections
from lbdemo.render.tables import badge

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

RECORD_ID = "lbdemo-report"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the page may load: nothing. (The empty icon keeps a browser from asking a server for one.)"""


def page(report: Record) -> str:
    """The record as a page. The JSON in it (`<script id="lbdemo-report">`) is what `--json` prints."""
    title, shown = f"lbdemo {printable(report['command'])}", sections(report)
    inside = f"{header(report, title)}\n{contents(shown)}\n{''.join(map(part, shown))}"
    return document(f"{title}: {figures.closing(report)}", inside, RECORD_ID, report)


def document(title: str, inside: str, record_id: str, record: object) -> str:
    """A page that loads nothing: `inside` is its main part in HTML, the record stands in it as JSON under its id."""
    style = files("lbdemo.render").joinpath("page.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<main>
{inside}</main>
<script type="application/json" id="{record_id}">
{embedded(record)}
</script>
</body>
</html>
"""


def embedded(record: object) -> str:
    """The record as JSON that cannot end the element it stands in."""
    return json.dumps(record, indent=2).replace("<", "\\u003c")


def download(report: Record) -> str:
    """A link that saves the record as a file; the browser makes it from the page itself."""
    data = b64encode(json.dumps(report).encode()).decode()
    name = f"lbdemo-{'-'.join(printable(report['command']).split())}.json"
    return f'<a download="{escape(name)}" href="data:application/json;base64,{data}">the record as JSON</a>'


def header(report: Record, title: str) -> str:
    """What it is, how it came out, and the record to take away."""
    said = f"lbdemo {printable(report['version'])}"
    said += f", {printable(report['started'])}" if report["started"] else ""
    whole = badge(figures.closing(report), ok=report["ok"])
    return f"""<header>
<h1>{escape(title)}</h1>
<p class="whole">{whole}</p>
<p class="quiet">{escape(said)} · {download(report)}</p>
</header>"""


def contents(shown: tuple[Section, ...]) -> str:
    """Links to the parts of the page, where there are some."""
    links = "".join(f'<li><a href="#{section.slug}">{escape(section.title)}</a></li>' for section in shown)
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>' if len(shown) > 1 else ""


def part(section: Section) -> str:
    """A part of the page under a heading that is a link to itself."""
    link = f'<a class="anchor" href="#{section.slug}" aria-label="link to {escape(section.title)}">#</a>'
    return f'<section id="{section.slug}">\n<h2>{escape(section.title)} {link}</h2>\n{section.inside}\n</section>\n'
