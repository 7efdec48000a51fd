"""`lbdemo report` as a program: a saved run judged again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from echo_server import LBDEMO, lbdemo, told

from lbdemo.measure import Expectation
from lbdemo.records import Sample, encode
from lbdemo.records.recording import begin, unwitnessed

TURNS = [encode(Sample(n, 1.7e9 + n / 100, 1.7e9 + n / 100, 0.001, "ab"[n % 2], "OK")) for n in range(2000)]
LATER = [line.replace('"due":17', '"due":18').replace('"sent":17', '"sent":18') for line in TURNS]


def given(*arguments: str) -> tuple[int, str, str]:
    return told("report", *arguments)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    path.write_text("\ufeff" + "\n".join(TURNS) + "\n", encoding="utf-8")
    return path


def test_a_run_is_judged_again_and_the_files_follow(saved: Path) -> None:
    page, xml = saved.with_name("page.html"), saved.with_name("junit.xml")

    code, out, _ = given(str(saved), "--json", "--html", str(page), "--junit", str(xml))

    assert (code, json.loads(out)["results"][0]["verdict"]["outcome"]) == (0, "BALANCED")
    assert json.loads(out)["results"][0]["summary"]["unknown_lines"] == 0, "a byte order mark is no part of a line"
    assert "<testcase" in xml.read_text()
    assert "<html" in page.read_text()


def test_other_limits_are_taken_as_given(saved: Path) -> None:
    assert given(str(saved), "--servers", "3")[0] == 1, "one of three never answered"
    assert given(str(saved), "--expect", "pinned")[0] == 1
    for option in ("--effect", "--alpha"):
        assert given(str(saved), option, "0")[0] == 2, "0 is a value, and a wrong one"


def test_a_recording_that_is_cut_off_is_not_as_expected(saved: Path) -> None:
    head = begin("envoy", "t", "2026-01-02T03:04:05+00:00", {}, Expectation(servers=("a", "b")), 4000)
    saved.write_text("\n".join([head, *TURNS]))

    code, out, _ = given(str(saved))

    assert code == 1
    assert "BALANCED, but a promise was not kept" in out
    assert "2,000 of 4,000 calls are there" in " ".join(out.split())


def test_a_number_of_servers_that_contradicts_the_names_is_refused(saved: Path) -> None:
    head = begin("envoy", "t", "2026-01-02T03:04:05+00:00", {}, Expectation(servers=("a", "b")), 2000)
    saved.write_text("\n".join([head, *TURNS]))

    code, _, err = given(str(saved), "--servers", "7")

    assert (code, "7 servers are expected, but 2 are named" in err) == (2, True)


def test_a_file_that_cannot_be_written_is_told_before_or_after_the_figures(saved: Path) -> None:
    code, out, err = given(str(saved), "--html", str(saved.parent / "nowhere" / "page.html"))
    assert (code, out) == (2, "")
    assert "there is no folder" in err

    code, out, err = given(str(saved), "--junit", "/dev/full")
    assert code == 5
    assert "BALANCED" in out
    assert "cannot write /dev/full" in err


def test_files_are_written_also_where_the_figures_cannot_be_shown(saved: Path) -> None:
    xml = saved.with_name("junit.xml")

    with Path("/dev/full").open("w") as full:
        argv = [*LBDEMO, "report", str(saved), "--junit", str(xml)]
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert (done.returncode, "cannot write" in done.stderr) == (5, True)
    assert "<testcase" in xml.read_text()


def test_links_that_go_in_a_circle_are_bad_input(saved: Path) -> None:
    loop = saved.with_name("loop")
    loop.symlink_to(loop)

    assert given(str(loop))[0] == 2
    assert given(str(saved), "--junit", str(loop))[0] == 2


def test_a_run_may_come_on_stdin(saved: Path) -> None:
    with saved.open() as lines:
        done = subprocess.run([*LBDEMO, "report", "-", "--json"], stdin=lines, capture_output=True, check=True)

    assert json.loads(done.stdout)["results"][0]["verdict"]["outcome"] == "BALANCED"


def test_an_error_names_the_file(saved: Path) -> None:
    saved.write_text("nothing\n")

    code, _, err = given(str(saved))

    assert code == 2
    assert f"error: {saved}: the file holds no calls" in err


@pytest.mark.parametrize("option", ["--html", "--junit"])
def test_an_empty_file_name_is_refused(saved: Path, option: str) -> None:
    code, out, err = given(str(saved), option, "")

    assert (code, out) == (2, "")
    assert f"error: {option} is empty" in err


def test_lines_that_are_piped_end_without_blanks(saved: Path) -> None:
    lines = given(str(saved))[1].splitlines()

    assert lines == [line.rstrip() for line in lines]


def test_a_pipe_gets_no_colours_whatever_the_environment_asks_for(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert "\x1b" not in given(str(saved))[1]


def test_a_terminal_of_no_width_is_no_reason_to_print_nothing(saved: Path) -> None:
    with lbdemo("report", str(saved), COLUMNS="0") as running:
        assert "BALANCED" in running.communicate(timeout=30)[0]


def test_who_does_not_read_on_changes_neither_the_answer_nor_the_files(saved: Path) -> None:
    xml = saved.with_name("junit.xml")
    with lbdemo("report", str(saved), "--expect", "PINNED", "--junit", str(xml)) as running:
        assert running.stdout
        running.stdout.close()

        assert running.wait(timeout=30) == 1
    assert "<testcase" in xml.read_text()


def test_the_recording_itself_is_never_overwritten(saved: Path) -> None:
    before = saved.read_text()

    code, _, err = given(str(saved), "--html", str(saved))

    assert (code, saved.read_text()) == (2, before)
    assert "would be overwritten" in err


def test_a_link_to_a_file_that_is_not_there_yet_stays_a_link(saved: Path) -> None:
    link, file = saved.with_name("link.xml"), saved.with_name("file.xml")
    link.symlink_to(file)

    assert given(str(saved), "--junit", str(link))[0] == 0
    assert link.is_symlink()
    assert "<testcase" in file.read_text()


@pytest.mark.parametrize("name", ["[/x]", "[bold red]x[/]", "[fd00::1]:8080", ":smile:"])
def test_servers_names_are_shown_as_they_are(saved: Path, name: str) -> None:
    saved.write_text("\n".join(encode(Sample(n, n / 100, n / 100, 0.001, name, "OK")) for n in range(50)))

    code, out, err = given(str(saved), "--servers", "2")

    assert (code, err) == (1, "")
    assert f"  {name} " in out


def test_several_recordings_in_one_file_are_refused(saved: Path) -> None:
    head = begin("envoy", "t", "2026-01-02T03:04:05+00:00", {}, Expectation(servers=("a", "b")), 2000)
    saved.write_text("\n".join([head, *TURNS, head, *TURNS]))

    code, _, err = given(str(saved))

    assert code == 2
    assert "more than one recording" in err


def test_more_calls_than_were_made_are_not_as_expected(saved: Path) -> None:
    head = begin("envoy", "t", "2026-01-02T03:04:05+00:00", {}, Expectation(servers=("a", "b")), 1000)
    saved.write_text("\n".join([head, *TURNS]))

    code, out, _ = given(str(saved))

    assert code == 1
    assert "more calls than were made" in " ".join(out.split())


def test_several_runs_are_judged_as_one_and_none_of_them_is_overwritten(saved: Path) -> None:
    other = saved.with_name("other.jsonl")
    other.write_text("\n".join(LATER))

    code, out, _ = given(str(saved), str(other), "--json")

    assert (code, json.loads(out)["results"][0]["summary"]["sent"]) == (0, 4000)
    assert given(str(saved), str(other), "--html", str(other))[0] == 2


def test_one_run_of_several_that_was_cut_off_is_not_as_expected(saved: Path) -> None:
    whole, cut = (saved.with_name(f"{name}.jsonl") for name in ("whole", "cut"))
    head = begin("envoy", "t", "2026-01-02T03:04:05+00:00", {}, Expectation(servers=("a", "b")), 2000)
    whole.write_text("\n".join([head, *TURNS, unwitnessed()]))
    cut.write_text("\n".join([head, *LATER[:1500], unwitnessed()]))

    code, out, _ = given(str(whole), str(cut))

    assert code == 1
    assert "1,500 of 2,000 calls are there" in " ".join(out.split())
