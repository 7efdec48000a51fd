from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from children import alive, group_of
from echo_server import lbdemo, told
from jsonschema import Draft202012Validator

from lbdemo.render.html import embedded

SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"
LIMIT = 60
CANNOT_TELL = 7  # exit code

FOR_A_WHILE = ("--servers", "2", "--calls", "100", "--rate", "100")  # acts of a second that leave the machine in peace


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, Path]:
    """One whole run, at the pace that the machine holds: its JSON, its stderr, and where its files are.

    A machine that stalls its client may end in "cannot tell"; then it is played once more.
    """
    for _ in range(2):
        folder = tmp_path_factory.mktemp("demo")
        files = ["--html", str(folder / "page.html"), "--junit", str(folder / "junit.xml")]
        with lbdemo("demo", "--calls", "750", "--drill", "slow", "--json", *files) as running:
            output, words = running.communicate(timeout=2 * LIMIT)
        if running.returncode != CANNOT_TELL:
            break
    assert running.returncode == 0, words + output
    return json.loads(output), words, folder


def named(report: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [result for result in report["results"] if result["name"] == name]
    assert isinstance(found, dict)
    return found


def calls(result: dict[str, Any]) -> list[int]:
    return [share["calls"] for share in result["verdict"]["shares"]]


def wait_until_calling(running: subprocess.Popen[str]) -> None:
    assert running.stderr
    while not running.stderr.readline().startswith("envoy:"):
        assert running.poll() is None


def test_all_is_as_expected_and_the_json_follows_its_schema(played: tuple[dict[str, Any], str, Path]) -> None:
    report, _, _ = played

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(report)] == []
    assert report["ok"]
    assert report["command"] == "demo"
    assert report["skipped"] == []


def test_a_proxy_that_chooses_once_a_connection_pins_the_client(played: tuple[dict[str, Any], str, Path]) -> None:
    proxied = named(played[0], "tcp-proxy")

    assert proxied["verdict"]["outcome"] == "PINNED"
    assert sorted(calls(proxied)) == [0, 0, proxied["summary"]["sent"]]


@pytest.mark.parametrize("name", ["envoy", "client-side"])
def test_a_choice_for_each_request_is_an_exact_round_robin(played: tuple[dict[str, Any], str, Path], name: str) -> None:
    balanced = named(played[0], name)

    assert (balanced["verdict"]["outcome"], balanced["verdict"]["fingerprint"]) == ("BALANCED", "round robin")
    assert max(calls(balanced)) - min(calls(balanced)) <= 2


@pytest.mark.parametrize(
    ("name", "who"), [("tcp-proxy", "each server's own"), ("envoy", "Envoy's own"), ("slow-lr-scan", "Envoy's own")]
)
def test_the_second_witness_counted_every_call(played: tuple[dict[str, Any], str, Path], name: str, who: str) -> None:
    result = named(played[0], name)

    counted = sum(server["own"] for server in result["witness"]["servers"])
    assert result["witness"]["name"].startswith(who)
    assert counted == result["summary"]["sent"] + result["summary"]["gate_calls"]


def seen(result: dict[str, Any]) -> Any:
    """What a user saw; on a machine too busy for that, how long the servers took."""
    return result["summary"]["latency_ms"] or result["summary"]["service_ms"]


def test_with_a_slow_server_even_is_not_good_and_uneven_is(played: tuple[dict[str, Any], str, Path]) -> None:
    even, two, scan = (named(played[0], name) for name in ("slow-rr", "slow-lr-two", "slow-lr-scan"))

    assert max(calls(even)) - min(calls(even)) <= 4
    assert seen(even)["p90"] >= 198
    assert any("Even is not the same as good" in note for note in even["notes"])
    for uneven in (two, scan):
        assert uneven["verdict"]["outcome"] == "UNBALANCED"
        assert calls(uneven)[2] < min(calls(uneven)[:2]) / 2
        assert any(note.startswith("It helps: ") for note in uneven["notes"])


def test_two_choices_leave_the_slow_server_a_ninth_and_a_full_scan_hardly_anything(
    played: tuple[dict[str, Any], str, Path],
) -> None:
    shares = {
        name: calls(named(played[0], name))[2] / sum(calls(named(played[0], name)))
        for name in ("slow-lr-two", "slow-lr-scan")
    }

    assert 1 / 9 * 0.6 < shares["slow-lr-two"] < 1 / 9 * 1.8
    assert shares["slow-lr-scan"] < shares["slow-lr-two"]


def test_the_page_and_the_junit_file_show_the_same_record(played: tuple[dict[str, Any], str, Path]) -> None:
    report, _, folder = played

    assert embedded(report) in (folder / "page.html").read_text(encoding="utf-8")
    suite = ET.parse(folder / "junit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("6", "0")


def test_progress_goes_to_stderr_as_plain_lines(played: tuple[dict[str, Any], str, Path]) -> None:
    lines = played[1].splitlines()

    assert lines[0] == "starting 3 servers, a TCP proxy and Envoy"
    assert re.search(r"each act makes 750 calls, ([\d,]+ or )?[\d,]+ a second$", lines[1])
    acts = ["tcp-proxy", "envoy", "client-side", "slow-rr", "slow-lr-two", "slow-lr-scan"]
    assert [line.partition(":")[0] for line in lines[2:]] == acts
    assert "\x1b" not in played[1]


def test_too_few_calls_are_no_proof_and_exit_with_7(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    code, output, _ = told("demo", "--servers", "2", "--calls", "20", "--rate", "200")

    assert code == 7
    assert "INCONCLUSIVE" in output
    assert "as expected: 1 of 3" in output
    assert "failed" not in output


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the PATH; there is no package `envoy`."""
    monkeypatch.setitem(sys.modules, "envoy", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("path")
def test_without_envoy_it_says_how_to_get_it_and_plays_the_rest() -> None:
    code, output, words = told("demo", "--servers", "2", "--calls", "350", "--rate", "500")

    assert code == 0, words
    assert "skipped envoy: there is no Envoy here; `" in output
    assert "-m pip install 'lbdemo[local]'`" in " ".join(output.split())
    assert "as expected: 2 of 2" in output


@pytest.mark.parametrize(
    ("program", "reason"),
    [("#!/bin/sh\necho too old >&2\nexit 7\n", "failed with exit code 7"), ("no program", "cannot run")],
    ids=["fails", "is none"],
)
def test_an_envoy_that_does_not_start_fails_its_acts_and_not_the_others(path: Path, program: str, reason: str) -> None:
    envoy = path / "envoy"
    envoy.write_text(program)
    envoy.chmod(0o755)

    code, output, words = told("demo", "--servers", "2", "--calls", "60", "--rate", "500")

    assert code == 1, words
    assert "failed envoy:" in output
    assert reason in " ".join(output.split())
    assert "tcp-proxy  PINNED" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_everything_ends_on_a_signal(number: signal.Signals) -> None:
    with lbdemo("demo", *FOR_A_WHILE) as running:
        wait_until_calling(running)
        group = group_of(running.pid)
        before = alive(group)
        running.send_signal(number)
        _, words = running.communicate(timeout=LIMIT)

    assert len(before) == 5  # a keeper, two servers, the proxy, Envoy
    assert running.returncode == 130
    assert words.endswith("interrupted\n")
    assert alive(group) == []


def test_everything_ends_when_it_is_killed_without_a_word() -> None:
    with lbdemo("demo", *FOR_A_WHILE) as running:
        wait_until_calling(running)
        group = group_of(running.pid)
        running.kill()
        running.communicate(timeout=LIMIT)

    deadline = time.monotonic() + 10
    while alive(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(group) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--servers", "1"], "--servers"),
        (["--servers", "11"], "--servers"),
        (["--drill", "fast"], "--drill"),
        (["--drill", "slow", "--rate", "5"], "too low for a drill"),
        (["--drill", "slow", "--servers", "2"], "at least 3 servers"),
        (["--html", "/nowhere/at/all.html"], "cannot write"),
    ],
)
def test_bad_input_is_refused_before_anything_starts(arguments: list[str], words: str) -> None:
    code, output, said = told("demo", *arguments)

    assert (code, output) == (2, "")
    assert words in said
    assert "starting" not in said
