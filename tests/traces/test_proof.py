from collections.abc import Callable
from dataclasses import replace

import pytest
from traced import called, meshed

from lbdemo.traces import Span, joined
from lbdemo.traces.proof import Fault, prove
from lbdemo.traces.role import DIRECT, MESHED, PROXIED, Role, role

CALLS = 30


def spans(make: Callable[..., list[Span]] = meshed) -> list[Span]:
    return [span for seq in range(CALLS) for span in make(seq, f"echo-server-{seq % 3}", at=seq * 20)]


def test_each_call_in_the_mesh_is_five_spans() -> None:
    proof = prove(joined(spans()), "r1", CALLS, MESHED)

    assert (proof.holds, proof.whole, len(proof.traces)) == (True, CALLS, CALLS)
    assert [role(span) for span in proof.traces[0].spans] == [*MESHED]


def test_without_a_proxy_it_is_three() -> None:
    assert prove(joined(spans(called)), "r1", CALLS, DIRECT).holds
    assert prove(joined(spans(called)), "r1", CALLS, PROXIED).faults == (
        Fault("no span of Envoy", CALLS, f"{1:032x}"),
    )  # fmt: skip


def test_a_sidecar_without_spans_is_named() -> None:
    lacking = [span for span in spans() if role(span) is not Role.INBOUND]

    proof = prove(joined(lacking), "r1", CALLS, MESHED)

    assert (proof.holds, proof.whole) == (False, 0)
    assert [fault.what for fault in proof.faults] == ["no span of server's sidecar"]


def test_a_call_without_a_trace_is_missed() -> None:
    proof = prove(joined(spans()[5:]), "r1", CALLS, MESHED)

    assert (proof.holds, proof.whole, proof.faults) == (False, CALLS - 1, (Fault("without a trace", 1),))


def test_a_trace_that_begins_at_nobody_is_a_stray_one() -> None:
    stray = [replace(span, trace="f" * 32) for span in called(99, "echo-server-1")[2:]]

    proof = prove(joined([*spans(), *stray]), "r1", CALLS, MESHED)

    assert not proof.holds
    assert proof.faults == (Fault("stray: it does not begin at a caller", 1, "f" * 32),)


def test_other_runs_and_the_gate_are_left_out() -> None:
    others = [*called(100, "a", run="r0"), *called(101, "a", gate=True)]

    assert prove(joined([*spans(), *others]), "r1", CALLS, MESHED).holds


@pytest.mark.parametrize("which", [3, 4])
def test_pods_must_agree(which: int) -> None:
    call = meshed(0, "echo-server-0")
    call[which] = replace(
        call[which],
        resource={**call[which].resource, "k8s.pod.name": "echo-server-9"},
    )

    (fault,) = prove(joined(call), "r1", 1, MESHED).faults

    assert fault.what.startswith("pods disagree: ")
    assert "echo-server-9" in fault.what


def test_the_answers_own_word_counts_as_well() -> None:
    call = called(0, "a")
    call[0] = replace(call[0], attributes={**call[0].attributes, "lbdemo.server": "b"})

    (fault,) = prove(joined(call), "r1", 1, DIRECT).faults

    assert fault.what == "pods disagree: the answer says b, the server says a"


def test_what_stands_beside_the_way_is_told() -> None:
    call = called(0, "a")

    (fault,) = prove(joined([*call, replace(call[2], id="9" * 16)]), "r1", 1, DIRECT).faults

    assert fault.what == "too many of server"


def test_no_call_proves_nothing() -> None:
    assert not prove((), "r1", 0, DIRECT).holds


def test_two_traces_of_a_call_are_one_too_many() -> None:
    twice = [replace(span, trace="e" * 32) for span in called(0, "a")]

    proof = prove(joined([*called(0, "a"), *twice]), "r1", 1, DIRECT)

    assert (proof.holds, proof.faults) == (False, (Fault("more than one trace of a call", 1),))
