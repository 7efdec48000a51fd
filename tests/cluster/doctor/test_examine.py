"""All sources are asked at once, and none for longer than its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeRun, tools

from lbdemo.cluster.doctor.asked import COMMANDS, Asked
from lbdemo.cluster.doctor.checks import CHECKS
from lbdemo.cluster.doctor.evidence import NOT_ASKED
from lbdemo.cluster.doctor.examine import WORDS, collect, examine, sources
from lbdemo.cluster.doctor.probes import LIMIT, SOURCES, Means
from lbdemo.cluster.doctor.results import Status
from lbdemo.errors import MissingProgramError, OperationFailedError
from lbdemo.kube.answers import Unseen, UnseenError, Why
from lbdemo.tools.kubectl import Context

HERE = Context("kind-a", "https://127.0.0.1:6443")


def means(server: FakeApi | None = None, run: FakeRun | None = None, command: str = "diagnose") -> Means:
    return Means(tools(run or FakeRun(), api=server.api() if server else None), Asked(command, HERE, "shop"))


def raising(error: Exception) -> Callable[[Means], Any]:
    def probe(_: Means) -> Any:
        raise error

    return probe


def test_sources_are_asked_side_by_side() -> None:
    meeting = threading.Barrier(3, timeout=5)

    def met(_: Means) -> tuple[int, int]:
        meeting.wait()
        return 1, 34

    found = collect(means(), ["kubectl", "helm", "server"], dict.fromkeys(("kubectl", "helm", "server"), met))

    assert (found.kubectl, found.helm, found.server) == ((1, 34),) * 3


def test_one_that_hangs_is_left_behind_and_the_others_are_told() -> None:
    never = threading.Event()
    begun = time.monotonic()

    found = collect(
        replace(means(), limit=0.1),
        ["docker", "helm"],
        {"docker": lambda _: never.wait(30), "helm": lambda _: (4, 1)},
    )

    assert time.monotonic() - begun < 5
    assert found.helm == (4, 1)
    assert found.docker == Unseen("Docker's daemon", Why.TIMED_OUT, "no answer in 0.1 s")
    never.set()


def test_without_a_context_no_api_server_is_asked() -> None:
    nowhere = replace(means(), asked=Asked("diagnose", Context("", "", why="yaml: line 1"), "shop"))
    (failing, nodes) = (raising(OperationFailedError("asked")), raising(OperationFailedError("asked, too")))

    found = collect(nowhere, ["server", "nodes"], {"server": failing, "nodes": nodes})

    assert isinstance(found.server, OperationFailedError)
    assert found.nodes == Unseen("the nodes", Why.AWAY, "no context says which")


def test_what_was_not_asked_is_no_evidence() -> None:
    assert collect(means(), []).nodes is NOT_ASKED


@pytest.mark.parametrize("error", [MissingProgramError("no helm"), OperationFailedError("no")])
def test_an_error_of_ours_is_evidence(error: Exception) -> None:
    assert collect(means(), ["helm"], {"helm": raising(error)}).helm is error


def test_what_bars_everything_is_unseen() -> None:
    away = Unseen("pods", Why.AWAY)

    assert collect(means(), ["nodes"], {"nodes": raising(UnseenError(away))}).nodes is away


def test_an_answer_that_cannot_be_read_is_told_and_no_traceback() -> None:
    found = collect(means(), ["hooks"], {"hooks": raising(KeyError("kind"))}).hooks

    assert isinstance(found, OperationFailedError)
    assert "cannot read the webhooks" in found.message


def test_a_bug_is_still_a_bug() -> None:
    with pytest.raises(AssertionError):
        collect(means(), ["hooks"], {"hooks": raising(AssertionError())})


def test_every_source_has_a_probe_and_words() -> None:
    assert set(sources(CHECKS)) == set(SOURCES)
    assert set(WORDS) == set(SOURCES)
    assert LIMIT <= 2


def test_a_server_that_is_away_fails_once_and_the_rest_is_skipped() -> None:
    said = '{"clientVersion": {"gitVersion": "v1.34.1"}}'
    with (
        FakeApi().proxy_says("dial tcp: connection refused") as server,
        FakeRun().on("kubectl version --client -o json", answer=said) as run,
    ):
        found = examine(means(server, run))

    assert [result.name for result in found.results if result.status is Status.FAILED] == ["API server"]
    assert found.count(Status.SKIPPED) == len(found.results) - 3, "all but kubectl, context, API server"


def test_who_may_do_nothing_gets_what_is_missing_and_nothing_is_changed() -> None:
    said = '{"clientVersion": {"gitVersion": "v1.34.1"}}'
    with (
        FakeApi().forbid("*", "pods").forbid("*", "namespaces") as server,
        FakeRun().on("kubectl version --client -o json", answer=said) as run,
    ):
        found = {result.name: result for result in examine(means(server, run)).results}
        written = [line for line in server.asked if not line.startswith("GET") and "reviews" not in line]

    assert found["exec"].status is Status.SKIPPED
    assert "kubectl auth can-i list pods -n shop" in found["exec"].judged.mend
    assert found["rights"].status is Status.FAILED
    assert written == []


def test_the_record_is_versioned_and_counts_what_it_has() -> None:
    said = '{"clientVersion": {"gitVersion": "v1.34.1"}}'
    with FakeApi() as server, FakeRun().on("kubectl version --client -o json", answer=said) as run:
        record = examine(means(server, run)).to_dict()

    assert record["schema"] == "lbdemo.doctor/1"
    assert list(record) == ["schema", "for", "strategy", "context", "namespace", "fit", "summary", "checks"]
    assert sum(record["summary"].values()) == len(record["checks"])
    assert {tuple(check) for check in record["checks"]} == {("name", "group", "status", "seen", "why", "mend")}


def test_every_command_has_checks() -> None:
    for command in COMMANDS:
        assert any(check.fits(Asked(command, HERE, "shop")) for check in CHECKS)
