from __future__ import annotations

from diagnose.causes.said import found, silent, texts
from diagnose.shops import NAMES, caller, held, servers, shop

from lbdemo.diagnose.causes.cannot_see import cause
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import MetricsLook
from lbdemo.kube.answers import Right, Unseen, Why

SOCKETS = Unseen("sockets of payments-a", Why.FORBIDDEN, "pods/exec is forbidden", Right("create", "pods/exec"), "w")
CALLERS = [caller("checkout")]


def test_what_stays_open_is_told_with_what_would_settle_it() -> None:
    said = found(cause, shop(None, callers=CALLERS, unseen=(SOCKETS,)))

    assert said.severity is Severity.NOTE
    assert "sockets of payments-a: pods/exec is forbidden" in texts(said)
    assert [fix.advice for fix in said.fixes] == [SOCKETS.hint]


def test_what_was_seen_is_judged() -> None:
    assert silent(cause, shop(held(1), callers=CALLERS, unseen=(SOCKETS,)))


def test_counters_tell_enough() -> None:
    looks = tuple(MetricsLook(f"shop/{name}", turn, float(turn), "request_total", 9 * turn)
                  for name in NAMES for turn in range(12))  # fmt: skip

    assert silent(cause, shop(None, callers=CALLERS, unseen=(SOCKETS,), metrics=looks))


def test_one_pod_needs_no_judging() -> None:
    assert silent(cause, shop(None, pods=servers(NAMES[:1]), unseen=(SOCKETS,)))
