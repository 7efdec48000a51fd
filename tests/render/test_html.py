from __future__ import annotations

import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from reports import EVEN, PINNED, compared, late, record, result, stalled, whole

from lbdemo.measure import Outcome
from lbdemo.records import Costs, Drilled
from lbdemo.records.drills import Kill
from lbdemo.render import figures
from lbdemo.render.boards import boards
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
        return sum(tag == "svg" and kind in str(found.get("class")).split() for tag, found in self.tags)


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
        for text in (shown["name"], shown["title"], *figures.sentences(shown)):
            assert text in words
    assert seen.charts("share") == sum(len(shown["verdict"]["shares"]) for shown in report["results"])
    assert seen.charts("latency") == 6
    assert "as expected: 2 of 6" in words
    assert "this Istio has no ztunnel" in words
    assert "1.39.3" in words


def test_the_second_witness_is_a_table_of_both_counts() -> None:
    words = " ".join(Outline(page(record(result(contradicted_by=3)))).text.split())

    assert "Second witness: each server's own counter" in words
    assert "echo-1 700 703 ✗ no" in words


def test_unknown_further_figures_are_a_table() -> None:
    words = " ".join(Outline(page(record(result(extra={"trials": {"slow": {"p99_ms": 201.5}}})))).text.split())

    assert "Further figures trials · slow · p99 ms 201.5" in words


def test_where_the_second_witness_agrees_one_line_says_so() -> None:
    seen = Outline(page(record(result())))

    assert "each server's own counter agrees: 2,100 calls, gate included" in seen.text
    assert "Second witness" not in seen.text


def test_the_scoreboard_and_the_drills_are_tables_in_the_terminals_words() -> None:
    report = compared()

    words = " ".join(Outline(page(report)).text.split())

    assert "cost name setup proxy memory proxy CPU/1000 calls control plane clusterip 3.9 s - - -" in words
    assert "istio 21.64 s 164.5 MB unknown 60.2 MB" in words
    assert "scale-up name first call even again as expected? promise clusterip never never ✓ yes" in words
    assert "istio 12.3 % 2.5 ms unknown ✗ NO even, so slow" in words
    for board in boards(report["results"]):
        for row in board.rows:
            assert f"{row.name} {' '.join(row.cells)}" in words


def test_what_the_scoreboard_shows_is_not_shown_again_among_further_figures() -> None:
    words = Outline(page(compared())).text

    assert "drills ·" not in words
    assert "setup s" not in words
    assert "planned calls" in words


def test_found_and_promised_are_two_things_and_what_was_found_is_no_praise() -> None:
    text = page(record(result("tcp-proxy", PINNED, outcome=Outcome.PINNED), result("envoy", PINNED)))

    found = re.findall(r'<span class="badge ([a-z]+)">([^<]*)</span>', text)
    assert [kind for kind, word in found if word == "PINNED"] == ["found"] * 4
    assert [word for kind, word in found if kind == "good"] == ["✓ yes", "✓ as expected"]
    assert [word for kind, word in found if kind == "bad"] == [
        "✗ as expected: 1 of 2", "✗ NO: expected BALANCED", "✗ expected BALANCED",
    ]  # fmt: skip


def test_each_quantile_has_a_shape_of_its_own_in_the_legend_and_in_the_chart() -> None:
    text = page(record(result()))

    shapes = {name: re.findall(rf'class="mark {name}"[^>]*>(<[^/]+)', text) for name in ("p50", "p90", "p99", "max")}
    assert all(len(found) >= 2 and len(set(found)) == 1 for found in shapes.values())
    assert len({found[0] for found in shapes.values()}) == 4


def test_the_legends_say_what_is_drawn() -> None:
    words = " ".join(Outline(page(record(stalled()))).text.split())

    assert "± 20 % of it" in words
    assert "hollow: at least that, the deadline ended these calls" in words
    assert "hollow" not in Outline(page(record(result()))).text
    assert 'class="mark max bound" x="8" y="8"' in page(record(stalled()))


def test_each_result_has_its_time_line_and_its_distribution() -> None:
    seen = Outline(page(record(stalled(), result("silent", {}))))

    assert (seen.charts("time"), seen.charts("spread")) == (1, 1)
    labels = [str(found.get("aria-label")) for tag, found in seen.tags if tag == "svg"]
    assert any("was due from 3 to 4 s; 101 calls failed" in label for label in labels)


def test_where_the_client_was_late_no_latency_is_drawn_and_the_page_says_why() -> None:
    seen = Outline(page(record(late(), result("envoy"))))

    words = " ".join(seen.text.split())
    assert (seen.charts("latency"), seen.charts("time"), seen.charts("spread")) == (1, 1, 1)
    assert "service p50 service p90 service p99 service max failed" in words
    assert "late BALANCED ✓ yes 100 2.00 ms 2.00 ms 2.00 ms 2.00 ms 0" in words
    assert "the client was late in late: there is no latency to tell there" in seen.text


def test_the_head_tells_the_version_and_when_it_was_if_that_is_known() -> None:
    known, unknown = Outline(page(record(result()))).text, Outline(page(record(result(), started=""))).text

    assert "lbdemo 1.2.3, 2026-01-02T03:04:05+00:00 ·" in known
    assert "lbdemo 1.2.3 ·" in unknown


def test_every_part_can_be_linked_to_and_every_link_leads_somewhere() -> None:
    seen = Outline(page(record(result("a b"), result("a b"), result("-"), command="compare")))

    names = [str(found["id"]) for tag, found in seen.tags if tag == "section"]
    links = [str(found["href"]) for tag, found in seen.tags if tag == "a" and "download" not in found]
    assert names == ["overview", "latency", "1-a-b", "2-a-b", "3-result", "environment"]
    assert set(links) == {f"#{name}" for name in names}


def test_the_record_can_be_saved_from_the_page() -> None:
    report = compared()

    [link] = [found for _, found in Outline(page(report)).tags if "download" in found]

    kind, _, data = str(link["href"]).partition(",")
    assert kind == "data:application/json;base64"
    assert json.loads(b64decode(data)) == json.loads(json.dumps(report))
    assert link["download"] == "lbdemo-compare.json"


def test_a_rate_of_a_few_calls_or_of_a_moment_is_not_told() -> None:
    many, few = result("many", spread_over=4.2), result("few", {"echo-1": 1}, spread_over=4.2)

    words = " ".join(Outline(page(record(many, few, result("moment")))).text.split())

    assert "2,100 calls, 500 a second" in words
    assert "1 call, 0 failed" in words
    assert "1,750,000" not in words


def test_one_result_needs_no_overview() -> None:
    assert "Overview" not in Outline(page(record(result()))).text
    assert "Overview" in Outline(page(record(result("a"), result("b")))).text


@pytest.mark.parametrize(
    "place", ["name", "title", "server", "note", "environment", "skipped", "extra", "witness", "drill", "command"]
)
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
    if place == "drill":
        made["drills"] = (Drilled("kill", Kill(9, 3, 1.0, 0.1), NASTY, as_expected=False),)
        made["costs"] = Costs(note=NASTY)
    report = record(
        result(**made),
        command=NASTY if place == "command" else "demo",
        environment={NASTY: NASTY} if place == "environment" else {},
        skipped=((NASTY, NASTY),) if place == "skipped" else (),
    )

    seen = Outline(page(report))

    assert [tag for tag, _ in seen.tags if tag in ("script", "img")] == ["script"]
    assert json.loads(seen.scripts[0]) == report
    assert not any("onerror" in found for _, found in seen.tags)


def test_the_page_asks_the_network_for_nothing() -> None:
    text = page(whole())

    assert not re.search(r"(src|href|url|action)\s*[=(]\s*[\"'](?!data:|#)", text)
    assert "url(" not in text
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
        tag == "table" and "cards" in str(found["class"]).split() for tag, found in seen.tags
    )


def test_ten_servers_and_five_results_stay_one_small_page() -> None:
    names = tuple(f"echo-server-6d5f7c9b8-x2b1{number}" for number in range(10))
    many = [result(f"r{number}", dict.fromkeys(names, 100), servers=names) for number in range(5)]

    assert len(page(record(*many))) < 300_000
    assert len(EVEN) == 3
