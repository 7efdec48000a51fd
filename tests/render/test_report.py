from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from reports import PINNED, SERVERS, late, record, result, stalled, whole
from rich.console import Console

from lbdemo.measure import Outcome
from lbdemo.records import Report
from lbdemo.render import figures
from lbdemo.render.report import print_report


def printed(report: dict[str, Any], *, width: int = 80, terminal: bool = False, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_report(Console(file=stream, width=width, force_terminal=terminal, highlight=False), report)
    stream.seek(0)
    return stream.read()


def rows(text: str) -> list[list[str]]:
    lines = text[text.index("calls/s") :].splitlines()[1:]
    return [line.split() for line in lines]


@pytest.mark.parametrize("width", [80, 120])
def test_every_line_fits_the_terminal(width: int) -> None:
    long = tuple(f"echo-server-6d5f7c9b8-x2b1{number}" for number in range(10))
    many = result("slow-rr", dict.fromkeys(long, 12_345), servers=long)

    lines = printed(record(*[many] * 3, many), width=width).splitlines()

    assert max(map(len, lines)) <= width


def test_the_table_has_a_row_for_each_result_with_the_figures_of_the_record() -> None:
    report = record(result("tcp-proxy", PINNED, outcome=Outcome.PINNED), result("envoy", fingerprint="round robin"))

    proxy, envoy, *_ = rows(printed(report))

    assert proxy[0] == "tcp-proxy"
    assert proxy[-3:] == ["sticky", "PINNED", "yes"]
    assert "2,100" in proxy
    assert envoy[2:9] == ["1.20", "ms", "1.20", "ms", "700", "700", "700"]
    assert envoy[9:] == ["round", "robin", "BALANCED", "yes"]


@pytest.mark.parametrize("width", [60, 50, 40])
def test_a_narrow_terminal_gets_fewer_columns_and_whole_words(width: int) -> None:
    report = record(result("tcp-proxy", PINNED, outcome=Outcome.PINNED), result("client-side"))

    table = printed(report, width=width).splitlines()[-4:-1]

    assert max(map(len, table)) <= width
    assert "…" not in "".join(table)
    assert [line.split()[-2:] for line in table] == [["verdict", "ok"], ["PINNED", "yes"], ["BALANCED", "yes"]]


def test_numbers_stand_on_the_right_of_their_column_and_words_on_the_left() -> None:
    report = record(result("a", PINNED, latency=0.0123, spread_over=4.2), result("b", spread_over=0.4))

    head, first, second = printed(report, width=100).splitlines()[-4:-1]

    for name in ("calls/s", "p50", "p99"):
        end = head.index(name) + len(name)
        assert first[end - 1] != " "
        assert second[end - 1] != " "
    for name in ("per server", "fingerprint", "verdict", "ok"):
        assert first[head.index(name)] != " "
        assert second[head.index(name)] != " "


def test_what_is_not_as_expected_says_so_three_times() -> None:
    report = record(result("envoy", PINNED))

    text = printed(report)

    assert "envoy  PINNED, expected BALANCED" in text
    assert rows(text)[0][-2:] == ["PINNED", "NO"]
    assert text.rstrip().endswith("as expected: 0 of 1")


def test_all_that_the_verdict_says_is_printed_the_notes_too() -> None:
    report = record(result(notes=("Even is not the same as good.",)))

    text = " ".join(printed(report).split())

    for sentence in figures.sentences(report["results"][0]):
        assert sentence in text


def test_each_server_has_a_bar_as_long_as_its_share() -> None:
    lines = printed(record(result("off", {"echo-1": 1050, "echo-2": 525, "echo-3": 525}))).splitlines()
    blocks = [line.count("█") for line in lines if line.strip().startswith("echo-") and "% p99" in line]

    assert len(blocks) == 3
    assert blocks[0] > 15
    assert blocks[0] // 2 == blocks[1] == blocks[2]


def test_a_contradiction_of_the_second_witness_is_told_with_both_numbers() -> None:
    report = record(result(contradicted_by=3))

    text = " ".join(printed(report).split())

    assert "BALANCED, but contradicted by the second witness" in text
    assert "CONTRADICTS: echo-1 counted 703 (the client: 700)" in text
    assert "as expected: 0 of 1" in text


def test_an_explained_difference_is_no_contradiction() -> None:
    text = printed(record(result(contradicted_by=3, note="the pod restarted")))

    assert "differs, explained" in text
    assert "as expected: 1 of 1" in text


def test_what_was_skipped_is_named_with_its_reason() -> None:
    text = printed(record(result(), skipped=(("slow-rr", "there is no Envoy here"),)))

    assert "skipped slow-rr: there is no Envoy here" in text


def test_nothing_measured_is_said_and_is_no_success() -> None:
    assert printed(record()).strip() == "nothing was measured"


def test_a_result_without_an_answer_is_shown() -> None:
    text = printed(record(result("silent", {}, errors=2100)))

    assert "latency: p50 1.20 ms" in text
    assert rows(text)[0][-2:] == ["FAILING", "NO"]


def test_names_and_titles_cannot_steer_the_terminal_nor_use_markup() -> None:
    hostile = "\x1b[2J[red]x\u202e"

    text = printed(record(result(hostile, title=hostile, notes=(hostile,)), skipped=((hostile, hostile),)))

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x" in text


def test_colour_is_for_terminals_only() -> None:
    assert "\x1b[" in printed(whole(), terminal=True)
    assert "\x1b[" not in printed(whole())


def test_bars_need_no_unicode() -> None:
    text = printed(record(result(latency=0.5), result(latency=2.0)), encoding="ascii")

    assert "###" in text


def test_more_servers_than_fit_are_added_up() -> None:
    names = tuple(f"echo-{number:02}" for number in range(30))

    text = printed(record(result(counts=dict.fromkeys(names, 500), servers=names)))

    assert "and 10 more" in text
    assert "5,000" in text


def test_single_further_figures_are_printed_nested_ones_are_not() -> None:
    text = printed(record(result(extra={"planned_calls": 2131, "trials": {"slow": {"p99_ms": 201.5}}})))

    assert "planned calls: 2,131" in text
    assert "201.5" not in text


def test_servers_keep_the_order_of_their_names() -> None:
    text = printed(record(result("off", {"echo-3": 10, "echo-1": 2000, "echo-2": 90})))

    assert [line.split()[0] for line in text.splitlines() if "% p9" in line] == list(SERVERS)


def test_what_failed_without_a_result_counts_in_the_last_line() -> None:
    report = Report("compare", "1", "", (result(),), broken=(("istio", "istiod did not come up"),)).to_dict()

    assert printed(report).splitlines()[-1] == "as expected: 1 of 2"


@pytest.mark.parametrize("width", [40, 60])
def test_names_that_differ_at_their_end_are_shown_whole_on_a_narrow_terminal(width: int) -> None:
    pods = tuple(f"echo-server-7c9d8f6b5d-x2b1{number}" for number in range(3))

    text = printed(record(result("envoy", dict.fromkeys(pods, 700), servers=pods)), width=width)

    folded = "".join(line[2:13].strip() for line in text.splitlines())
    assert all(pod in folded or pod in text for pod in pods)


def test_all_below_a_results_name_stands_two_columns_in_and_lines_are_not_filled_up() -> None:
    lines = printed(record(result("envoy"))).splitlines()

    body = lines[1 : lines.index("")]
    assert lines[0].startswith("envoy")
    assert all(line.startswith("  ") and line[2] != " " for line in body)


def test_a_slowest_server_is_named_only_where_the_record_names_one() -> None:
    one = result("one")
    slow = replace(
        one, summary=replace(one.summary, servers=tuple(
            replace(server, service=replace(server.service, p99_interval=(low, low + 0.001)))
            for server, low in zip(one.summary.servers, (0.001, 0.5, 0.001), strict=True) if server.service
        )),
    )  # fmt: skip

    assert "; slowest" not in printed(record(one))
    assert "; slowest echo-2" in printed(record(slow), width=120)


def test_a_stall_is_told_with_the_second_in_which_it_was() -> None:
    text = " ".join(printed(record(stalled(deadline=5.0))).split())

    assert "over 5.00 s: the slowest call (1.00 s) was due from 3 to 4 s" in text
    assert "over " not in printed(record(result()))


def test_where_the_client_was_late_all_rows_compare_how_long_the_servers_took() -> None:
    lines = printed(record(late(), result("envoy", latency=0.0123, spread_over=4.2)), width=200).splitlines()

    top, head, first, second = lines[-6:-2]
    assert top.split() == ["service", "service"]
    assert head.split()[:4] == ["act", "calls/s", "p50", "p99"]
    assert first.split()[:6] == ["late", "100", "2.00", "ms", "2.00", "ms"]
    assert second.split()[:6] == ["envoy", "499", "12.3", "ms", "12.3", "ms"]
    assert " ".join(lines[-2].split()).startswith("the client was late in late: there is no latency to tell there")


def test_where_it_kept_up_the_table_tells_latencies() -> None:
    assert "service" not in printed(record(result("envoy")))


def test_the_first_column_is_the_acts_or_the_names_and_a_long_name_is_cut() -> None:
    report = record(result("a-name-that-goes-on-and-on"))

    assert "act                calls/s" in printed(report)
    assert "name               calls/s" in printed(report | {"command": "compare"})
    assert "a-name-that-goes-… " in printed(report)
