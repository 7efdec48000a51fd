from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from reports import EVEN, record, result, whole

from lbdemo.render.html import RECORD_ID, page

VOID = {"meta", "link", "br"}
NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


class Outline(HTMLParser):
    """What a browser would see: elements, text, the embedded record; complains about tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.text += f"{data} "

    def charts(self, kind: str) -> int:
        return sum(tag == "svg" and kind in str(found["class"]).split() for tag, found in self.tags)


def test_the_page_embeds_exactly_the_record_that_json_prints() -> None:
    report = whole()

    [embedded] = Outline(page(report)).scripts

    assert embedded.strip() == json.dumps(report, indent=2)


def test_the_record_is_found_by_its_id_and_is_data_not_code() -> None:
    scripts = [found for tag, found in Outline(page(whole())).tags if tag == "script"]

    assert scripts == [{"type": "application/json", "id": RECORD_ID}]


def test_every_result_is_shown_with_its_verdict_reasons_and_charts() -> None:
    report = whole()

    seen = Outline(page(report))

    words = " ".join(seen.text.split())
    for shown in report["results"]:
        for text in (shown["name"], shown["title"], *shown["verdict"]["reasons"], *shown["notes"]):
            assert text in words
    assert seen.charts("share") == sum(len(shown["verdict"]["shares"]) for shown in report["results"])
    assert seen.charts("latency") == 5  # one of six was never answered
    assert "as expected: 2 of 6" in words
    assert "this Istio has no ztunnel" in words
    assert "1.39.3" in words


def test_the_second_witness_is_a_table_of_both_counts() -> None:
    words = " ".join(Outline(page(record(result(contradicted_by=3)))).text.split())

    assert "Second witness: each server's own counter" in words
    assert "echo-1 700 703 ✗ no" in words


def test_unknown_further_figures_are_a_table() -> None:
    words = " ".join(Outline(page(record(result(extra={"drills": {"slow": {"p99_ms": 201.5}}})))).text.split())

    assert "Further figures drills · slow · p99 ms 201.5" in words


def test_one_result_needs_no_overview() -> None:
    assert "Overview" not in Outline(page(record(result()))).text
    assert "Overview" in Outline(page(record(result("a"), result("b")))).text


@pytest.mark.parametrize("place", ["name", "title", "server", "note", "environment", "skipped", "extra", "witness"])
def test_no_text_becomes_markup(place: str) -> None:
    made: dict[str, Any] = {"notes": (NASTY,)} if place == "note" else {}
    if place in ("name", "title"):
        made[place] = NASTY
    if place == "server":
        made |= {"counts": {NASTY: 50}, "servers": (NASTY, "echo-2")}
    if place == "extra":
        made["extra"] = {NASTY: {NASTY: [NASTY]}}
    if place == "witness":
        made |= {"witness_name": NASTY, "note": NASTY, "contradicted_by": 1}
    report = record(
        result(**made),
        environment={NASTY: NASTY} if place == "environment" else {},
        skipped=((NASTY, NASTY),) if place == "skipped" else (),
    )

    seen = Outline(page(report))

    assert [tag for tag, _ in seen.tags if tag in ("script", "img")] == ["script"]
    assert json.loads(seen.scripts[0]) == report
    assert not any("onerror" in found for _, found in seen.tags)


def test_the_page_asks_the_network_for_nothing() -> None:
    text = page(whole())

    assert not re.search(r"(src|href|url|action)\s*[=(]\s*[\"']?(?!data:,)\S*(//|\.\w+)", text)
    assert "default-src 'none'" in text


def test_a_report_without_results_is_a_page_too() -> None:
    seen = Outline(page(record()))

    assert "nothing was measured" in seen.text


def test_headings_go_down_one_step_at_a_time_and_tables_have_captions() -> None:
    seen = Outline(page(whole()))

    levels = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert sum(tag == "caption" for tag, _ in seen.tags) == sum(
        tag == "table" and found["class"] == "cards" for tag, found in seen.tags
    )


def test_ten_servers_and_five_results_stay_one_small_page() -> None:
    names = tuple(f"echo-server-6d5f7c9b8-x2b1{number}" for number in range(10))
    many = [result(f"r{number}", dict.fromkeys(names, 100), servers=names) for number in range(5)]

    assert len(page(record(*many))) < 200_000
    assert len(EVEN) == 3
