from __future__ import annotations

import json

from lbdemo.measure import Counts, Expectation, judge
from lbdemo.records.verdict import verdict_record


def test_the_verdict_is_json_with_null_for_what_is_not_known() -> None:
    verdict = judge(Counts(950, 950, (), (("a", 950),)), Expectation(servers=("a", "b"), fingerprint="random"))

    figures = verdict_record(verdict)

    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert (figures["outcome"], figures["more_calls"]) == ("PINNED", None)
    assert figures["shares"] == [
        {"server": "a", "calls": 950, "share": 1.0, "low": 0.992755, "high": 1.0, "expected_share": 0.5},
        {"server": "b", "calls": 0, "share": 0.0, "low": 0.0, "high": 0.007245, "expected_share": 0.5},
    ]
