"""`lbdemo doctor`: the same answer in every form."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from echo_server import told
from silence import kubectl

from lbdemo.cli import examination
from lbdemo.cluster.doctor.asked import COMMANDS
from lbdemo.cluster.doctor.gate import SOON
from lbdemo.cluster.doctor.probes import LIMIT
from lbdemo.cluster.doctor.results import Examination, Judged, Result, Status, failed, ok, warning


def examined(*judged: Judged) -> Examination:
    results = tuple(Result(f"c{number}", "programs", "it matters", each) for number, each in enumerate(judged))
    return Examination("up", "", "kind-a", "https://127.0.0.1:6443", "shop", results)


FIT = examined(ok("fine"), warning("so so", "mend it"), Judged(Status.SKIPPED, "cannot see it"))
UNFIT = examined(ok("fine"), failed("broken", "mend it"))


@pytest.mark.parametrize("form", examination.FORMS)
@pytest.mark.parametrize(("made", "code"), [(FIT, 0), (UNFIT, 1)], ids=["fit", "unfit"])
def test_it_exits_with_the_same_code_in_every_form(
    made: Examination, code: int, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examination.give(made, form) == code
    assert capsys.readouterr().out


def test_json_is_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    examination.give(UNFIT, "json")

    assert json.loads(capsys.readouterr().out) == UNFIT.to_dict()


def test_the_commands_that_may_be_named_are_those_that_the_doctor_knows() -> None:
    assert examination.COMMANDS == COMMANDS


ROOM = 5.0  # seconds for Python to start, and for programs to end, on a machine that does other things, too


def doctor(*arguments: str, path: Path, kubeconfig: str = "/dev/null") -> subprocess.CompletedProcess[str]:
    return lbdemo("doctor", *arguments, path=path, kubeconfig=kubeconfig)


def lbdemo(*arguments: str, path: Path, kubeconfig: str = "/dev/null") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "KUBECONFIG": kubeconfig, "HOME": str(path), "DOCKER_HOST": "unix:///nowhere"}
    argv = [sys.executable, "-m", "lbdemo", *arguments]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_machine_with_nothing_on_it_is_told_all_that_is_missing(tmp_path: Path) -> None:
    done = doctor("-o", "json", path=tmp_path)

    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    missing = {name for name, check in checks.items() if check["status"] == "failed"}
    assert (done.returncode, done.stderr) == (1, "")
    assert {"kubectl", "helm", "daemon", "context"} <= missing
    assert "kubectl is not on the PATH" in checks["kubectl"]["seen"]


UNREADABLE = """#!/bin/sh
case "$*" in
  version*) echo '{"clientVersion": {"gitVersion": "v1.34.1"}}';;
  *) echo 'error: error loading config file "x": yaml: line 1' >&2; exit 1;;
esac
"""


def test_a_configuration_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "kubectl").write_text(UNREADABLE)
    (tmp_path / "kubectl").chmod(0o755)

    done = doctor("--for", "diagnose", "-o", "short", path=tmp_path)

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count('error loading config file "x": yaml: line 1') == 1
    assert len(done.stdout.splitlines()) == 3, "one for each that failed, and one that sums up"


@pytest.mark.parametrize(
    "arguments", [("--for", "logs"), ("-o", "xml"), ("--strategy", "mesh"), ("--registry", "no registry")]
)
def test_words_that_mean_nothing_are_bad_input(arguments: tuple[str, ...]) -> None:
    assert told("doctor", *arguments)[0] == 2


def test_an_api_server_that_never_answers_is_told_in_time(tmp_path: Path) -> None:
    kubectl(tmp_path)
    begun = time.monotonic()
    done = doctor("--for", "diagnose", "-o", "json", path=tmp_path)

    assert time.monotonic() - begun < LIMIT + ROOM
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert (done.returncode, checks["API server"]["status"]) == (1, "failed")
    assert "timed out: no answer in 2 s" in checks["API server"]["seen"]
    assert "--request-timeout" in checks["API server"]["mend"]
    assert {checks[name]["status"] for name in ("kubectl", "context")} == {"ok"}
    assert {checks[name]["status"] for name in ("login", "rights", "exec")} == {"skipped"}


def test_diagnose_is_stopped_by_it_as_soon(tmp_path: Path) -> None:
    kubectl(tmp_path)
    begun = time.monotonic()
    done = lbdemo("diagnose", "payments", path=tmp_path)

    assert time.monotonic() - begun < SOON + ROOM
    assert done.returncode == 5
    assert "cannot see the API server: timed out: no answer in 5 s" in done.stderr
    assert "hint: is the way there open" in done.stderr
