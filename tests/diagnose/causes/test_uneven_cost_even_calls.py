from __future__ import annotations

from dataclasses import replace

from diagnose.causes.said import found, silent, texts
from diagnose.shops import NAMES, caller, even, held, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.uneven_cost_even_calls import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import MetricsLook, SocketLook
from lbdemo.measure.verdict import Outcome


def seen(*rates: int, calls: tuple[int, ...] = (900, 900, 900), counted: bool = True) -> Evidence:
    """A service whose pods count so many calls a look, and take so many bytes."""
    made = shop(held(1, 1, 1), callers=[caller("checkout")], headless=True, segments=even(400))
    by_pod = {f"shop/{name}": rate for name, rate in zip(NAMES, rates, strict=True)}

    def with_bytes(look: SocketLook) -> SocketLook:
        grown = by_pod[look.pod] * (look.turn + 1) if counted else None
        return replace(look, sockets=tuple(replace(s, bytes_in=grown, bytes_out=grown) for s in look.sockets))

    metrics = tuple(MetricsLook(f"shop/{name}", turn, float(turn), "request_total", many * turn)
                    for name, many in zip(NAMES, calls, strict=True) for turn in range(12))  # fmt: skip
    return replace(made, sockets=tuple(map(with_bytes, made.sockets)), metrics=metrics)


def test_even_calls_of_uneven_size() -> None:
    said = found(cause, seen(50_000, 9_000, 9_000))

    assert (said.severity, said.explains) == (Severity.NOTE, 0.0)
    assert "payments-a 1100, payments-b 198 and payments-c 198" in texts(said)


def test_even_bytes_are_nothing_to_tell() -> None:
    assert silent(cause, seen(50_000, 48_000, 45_000))


def test_a_few_bytes_are_no_calls() -> None:
    assert silent(cause, seen(500, 20, 20))


def test_uneven_calls_explain_uneven_bytes() -> None:
    assert silent(cause, seen(50_000, 9_000, 9_000, calls=(900, 90, 90)))


def test_calls_that_are_estimated_by_segments_are_not_counted() -> None:
    estimated = replace(seen(50_000, 9_000, 9_000), metrics=())

    assert Case(estimated).judged.outcome is Outcome.BALANCED
    assert silent(cause, estimated)


def test_bytes_that_nobody_counts() -> None:
    assert silent(cause, seen(50_000, 9_000, 9_000, counted=False))
