"""What `lbdemo trace` says: the same record on a terminal, as JSON and on a page."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from rich.console import Console
from traced import meshed

from lbdemo.cli.trace import SCHEMA, to_record
from lbdemo.cluster.trial.backend import Backend
from lbdemo.cluster.trial.trace import Traced
from lbdemo.records.spans import Spans
from lbdemo.render.trace_run import RECORD_ID, closing, print_trace_run, trace_run_page
from lbdemo.traces import joined
from lbdemo.traces.proof import prove
from lbdemo.traces.role import MESHED

BACKEND = Backend("echo-server-traces", "lbdemo")


def record(calls: int = 2, seen: int = 2, answered: int = 2, **more: Any) -> dict[str, Any]:
    spans = [span for n in range(seen) for span in meshed(n, "echo-server-a")]
    proof = prove(joined(spans), "r1", calls, MESHED)
    return to_record(Traced(proof, answered, BACKEND, **more), "2026-01-02T03:04:05Z", {"strategy": "istio"})


def printed(told: dict[str, Any], width: int = 100) -> list[str]:
    stream = io.StringIO()
    print_trace_run(Console(file=stream, width=width, highlight=False), told)
    return stream.getvalue().splitlines()


def test_a_proof_begins_with_what_was_called_and_ends_with_the_answer() -> None:
    lines = printed(record())

    assert lines[0] == "istio  2 calls, all answered; spans by echo-server-traces.lbdemo:16686"
    assert lines[-1] == "each of 2 calls was answered, and seen whole"


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    told = record(calls=3, away="x" * 90, spans=Spans(9, 9, "the collector did not take them"))

    assert max(map(len, printed(told, width))) <= width


def test_what_is_missing_is_told_and_how_it_can_be_put_right() -> None:
    said = "\n".join(printed(record(calls=3, answered=1, spans=Spans(9, 3, "gone")), 200))

    assert "3 calls, 1 answered" in said
    assert "3 of the client's 9 spans were not delivered: gone" in said
    assert "`lbdemo up` with --trace puts right what was changed since" in said
    assert said.endswith("2 of 3 calls were seen whole")


def test_who_is_away_is_told() -> None:
    said = "\n".join(
        printed(record(seen=0, away="echo-server-traces.lbdemo:16686 answers HTTP 503: no endpoints"), 200)
    )

    assert "answers HTTP 503: no endpoints" in said


def test_what_others_wrote_steers_no_terminal() -> None:
    said = "\n".join(printed(record(seen=0, away="a\x1b[31mb", spans=Spans(2, 1, "c\x1b]0;d"))))

    assert "\x1b" not in said


def test_the_json_says_all_of_it() -> None:
    told = json.loads(json.dumps(record(spans=Spans(6))))

    assert (told["schema"], told["ok"], told["answered"], told["spans"]["made"]) == (SCHEMA, True, 2, 6)
    assert told["traces"]["path"] == [role.value for role in MESHED]
    assert record(answered=1)["ok"] is False


def test_the_page_holds_the_record_and_the_picture() -> None:
    told = record(away="<b>away</b>")
    page = trace_run_page(told)

    found = re.search(f'<script type="application/json" id="{RECORD_ID}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    assert json.loads(found[1]) == told
    assert closing(told) in page
    assert "<b>away" not in page
    assert "<svg" in page
