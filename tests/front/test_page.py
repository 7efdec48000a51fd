from __future__ import annotations

import json
from pathlib import Path

import pytest

from lbdemo.errors import MissingProgramError
from lbdemo.front.page import HEADERS, TRACES, call, connection, files, headers, ways
from lbdemo.measure import Expectation, Outcome


def test_the_page_reads_the_ways_their_paths_and_what_each_should_come_to() -> None:
    told = json.loads(ways("here", (connection("the cluster IP"), call("Envoy")), 3))

    assert (told["v"], told["title"], told["servers"], told["api"]) == (1, "here", 3, None)
    assert told["ways"] == [
        {"name": "connection", "label": "per connection: the cluster IP", "path": "/connection", "expects": "PINNED"},
        {"name": "call", "label": "per request: Envoy", "path": "/call", "expects": "BALANCED"},
    ]


def test_the_page_is_told_where_traces_are_shown_or_that_there_are_none() -> None:
    with_traces, without = (json.loads(ways("here", (), 3, traces=where)) for where in (TRACES, None))

    assert (with_traces["traces"], without["traces"]) == ("/trace/", None)


def test_the_page_judges_by_the_rules_of_every_other_verdict() -> None:
    told, rule = json.loads(ways("here", (), None)), Expectation(Outcome.BALANCED)

    assert (told["tolerance"], told["alpha"]) == (rule.tolerance, rule.alpha)
    assert told["servers"] is None


def test_files_have_a_path_each_and_the_first_one_is_the_page(tmp_path: Path) -> None:
    for name in ("index.html", "page.js", "page.css", "notes.md"):
        (tmp_path / name).write_text(name)

    assert files(tmp_path) == {
        "/": tmp_path / "index.html", "/page.css": tmp_path / "page.css", "/page.js": tmp_path / "page.js"
    }  # fmt: skip


def test_an_installation_without_a_page_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingProgramError, match=r"there is no \S+index\.html"):
        files(tmp_path)


def test_this_installation_has_a_page() -> None:
    assert "/" in files()


@pytest.mark.parametrize(
    ("name", "kind"), [("a.js", "text/javascript"), ("a.css", "text/css"), ("/ways.json", "application/json")]
)
def test_a_browser_is_told_what_a_file_is_and_to_believe_it(name: str, kind: str) -> None:
    said = headers(name)

    assert said["content-type"].startswith(kind)
    assert said.items() >= HEADERS.items()
    assert said["x-content-type-options"] == "nosniff"
    assert "unsafe" not in said["content-security-policy"]
