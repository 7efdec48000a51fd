"""A verdict as part of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.measure.verdict import ShareInterval, Verdict


def verdict_record(verdict: Verdict) -> dict[str, object]:
    """The verdict ready for JSON: stable keys, null for what is not known."""
    return {
        "outcome": verdict.outcome.value,
        "expected": verdict.expected.value,
        "as_expected": verdict.as_expected,
        "undecided": verdict.undecided,
        "reasons": [reason.to_dict() for reason in verdict.reasons],
        "shares": [share_record(interval) for interval in verdict.shares],
        "dispersion": _rounded(verdict.dispersion),
        "fingerprint": verdict.fingerprint or None,
        "expected_fingerprint": verdict.expected_fingerprint or None,
        "more_calls": verdict.more_calls,
        "strangers": list(verdict.strangers),
        "silent": list(verdict.silent),
        "tolerance": verdict.tolerance,
        "alpha": verdict.alpha,
        "phi": _rounded(verdict.phi),
        "stickiness": _rounded(verdict.stickiness),
        "effective_calls": verdict.effective_calls,
        "pinned_connections": verdict.pinned_connections,
        "look": verdict.look,
        "looks": verdict.looks,
        "look_alpha": round(verdict.look_alpha, 12),
    }


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)


def share_record(interval: ShareInterval) -> dict[str, object]:
    """One server's share ready for JSON."""
    return {
        "server": interval.server,
        "calls": interval.calls,
        "share": round(interval.share, 6),
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
        "expected_share": round(interval.expected_share, 6),
    }
