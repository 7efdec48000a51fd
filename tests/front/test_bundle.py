"""The page that is checked in: whole, and nothing in it that its security policy would refuse."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from lbdemo.front.page import FOLDER, INDEX, POLICY, files

NAMESPACES = {"www.w3.org"}  # names of XML's, which nobody asks for
SCRIPT = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("page.js", "calls.js"))
STYLE = (FOLDER / "page.css").read_text(encoding="utf-8")


class Elements(HTMLParser):
    """The elements of a document with their attributes, and the text that stands in scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in ("script", "style"):
            self.inline += data


@pytest.fixture
def document() -> Elements:
    elements = Elements()
    elements.feed((FOLDER / INDEX).read_text(encoding="utf-8"))
    return elements


def test_all_that_the_document_asks_for_is_served_beside_it(document: Elements) -> None:
    wanted = [attributes.get("src") or attributes.get("href") for _, attributes in document.found]
    asked = {f"/{name}" for name in wanted if name and not name.startswith("data:")}

    assert asked == {"/page.js", "/page.css"}
    assert (
        asked | {"/", "/calls.js", "/licenses.txt"} == files().keys()
    )  # the script begins the worker that makes the calls
    assert 'Worker("calls.js"' in SCRIPT


def test_nothing_in_the_document_is_inline(document: Elements) -> None:
    attributes = [name for _, found in document.found for name in found]

    assert document.inline.strip() == ""
    assert [name for name in attributes if name == "style" or name.startswith("on")] == []


def test_no_code_is_made_of_text() -> None:
    assert re.findall(r"\beval\(|new Function\b|\bimport\(|setTimeout\(['\"]", SCRIPT) == []


def test_no_other_place_is_named() -> None:
    hosts = re.findall(r"(?:https?:|wss?:)?//([a-z0-9.-]+\.[a-z]{2,})", SCRIPT + STYLE, re.IGNORECASE)

    assert set(hosts) <= NAMESPACES
    assert re.findall(r"@import|url\(", STYLE) == []


def test_the_policy_allows_what_the_page_needs_and_no_more() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))

    assert rules["default-src"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert "unsafe" not in POLICY


def test_the_licences_of_what_is_in_it_are_there() -> None:
    told = (FOLDER / "licenses.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^== (\S+) [\d.]+: (.+)$", told, re.MULTILINE)

    assert {name for name, _ in packages} >= {"@bufbuild/protobuf", "@connectrpc/connect-web", "preact"}
    assert "Copyright" in told
    assert "Apache License" in told
