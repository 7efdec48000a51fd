from __future__ import annotations

from dataclasses import replace

from diagnose.causes.said import found, silent, texts
from diagnose.shops import LISTENS, NAMES, caller, held, own_look, servers, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.cannot_see import cause
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import MetricsLook, PodNetwork
from lbdemo.kube.answers import Right, Unseen, Why

SOCKETS = Unseen("sockets of payments-a", Why.FORBIDDEN, "pods/exec is forbidden", Right("create", "pods/exec"), "w")
CALLERS = [caller("checkout")]


def test_what_stays_open_is_told_with_what_would_settle_it() -> None:
    said = found(cause, shop(None, callers=CALLERS, unseen=(SOCKETS,)))

    assert said.severity is Severity.NOTE
    assert "sockets of payments-a: pods/exec is forbidden" in texts(said)
    assert [fix.advice for fix in said.fixes] == [SOCKETS.hint]


def test_rights_that_would_tell_nothing_of_calls_are_not_asked_for_here() -> None:
    nodes = Unseen("nodes node-1", Why.FORBIDDEN, "no", Right("get", "nodes"), "w")
    others = [replace(SOCKETS, what=f"programs in pod payments-{pod}", detail="") for pod in "bc"]
    prometheus = Unseen("a Prometheus in the cluster", Why.FORBIDDEN, "no", Right("list", "services"), "w")

    said = found(cause, shop(None, callers=CALLERS, unseen=(nodes, *others, SOCKETS, prometheus)))

    assert [fix.advice for fix in said.fixes] == [SOCKETS.hint, prometheus.hint]
    assert [line.text for line in said.evidence] == [
        "programs in pod payments-b: forbidden", "a Prometheus in the cluster: no",
    ]  # fmt: skip
    assert [fix.advice for fix in found(cause, shop(None, callers=CALLERS, unseen=(nodes,))).fixes] == [nodes.hint]


def test_where_no_program_can_look_a_container_that_can_is_named() -> None:
    bare = Unseen("sockets of payments-a", Why.ABSENT, "none of python3, sh, cat is in its containers (main)")

    assert "--probe" in found(cause, shop(None, callers=CALLERS, unseen=(bare,))).fixes[0].title


def test_what_was_seen_is_judged() -> None:
    assert silent(cause, shop(held(1), callers=CALLERS, unseen=(SOCKETS,)))


def test_connections_that_callers_sockets_show_were_seen() -> None:
    own = own_look(CALLERS[0], ("10.0.0.2", LISTENS))

    assert silent(cause, shop(None, callers=CALLERS, headless=True, unseen=(SOCKETS,), sockets=own))


def test_counters_tell_enough() -> None:
    looks = tuple(MetricsLook(f"shop/{name}", turn, float(turn), "request_total", 9 * turn)
                  for name in NAMES for turn in range(12))  # fmt: skip

    assert silent(cause, shop(None, callers=CALLERS, unseen=(SOCKETS,), metrics=looks))


def test_one_pod_needs_no_judging() -> None:
    assert silent(cause, shop(None, pods=servers(NAMES[:1]), unseen=(SOCKETS,)))


def told(*received: int) -> tuple[PodNetwork, ...]:
    return tuple(PodNetwork(f"shop/{name}", one, 0, "kubelets") for name, one in zip(NAMES, received, strict=False))


def test_what_kubelets_count_is_told_beside_it_and_is_no_verdict() -> None:
    seen = shop(None, callers=CALLERS, unseen=(SOCKETS,), network=told(950_000, 30_000, 20_000))

    said = found(cause, seen)

    assert said.severity is Severity.NOTE
    assert said.explains == 0
    assert "bytes received: payments-a 95.0 %, payments-b 3.0 % and payments-c 2.0 %" in texts(said)
    assert not Case(seen).judged.known


def test_parts_of_few_pods_or_of_few_bytes_are_not_told() -> None:
    for some in (told(950_000, 30_000), told(950, 30, 20)):
        assert "bytes" not in texts(found(cause, shop(None, callers=CALLERS, unseen=(SOCKETS,), network=some)))
