"""LB119: connections end after seconds: an age limit that is too short, or pings that the server will not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import short
from lbdemo.words import duration

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB119", "connections-end-too-soon"
RENEWED = 3  # times that a connection was followed by another one
SOON = 15.0
"""Seconds: half of the shortest age that is worth its handshakes (30 s, as long as clients wait to ask DNS again)."""


def cause(case: Case) -> Iterator[Finding]:
    """Callers without a proxy whose connections last for a few seconds, and follow each other.

    Of those whose log says why, that is told (LB120).
    """
    lives = {
        short(caller.name): life
        for caller in case.plain
        if not case.client(caller).sent_away and (life := lifetime(case, caller)) is not None and life < SOON
    }
    if lives:
        yield Finding(
            CODE, NAME,
            sentence="Connections end after a few seconds, one after the other: each costs a handshake.",
            severity=Severity.RISK,
            evidence=tuple(Line(f"connections of {name} last for about {duration(life)}", "server sockets")
                           for name, life in lives.items()),
            fixes=(
                Fix("let servers end connections later", advice="a max_connection_age of 30 s to 5 min is enough"),
                Fix("let clients ping less often", advice="where the client's log says ENHANCE_YOUR_CALM or "
                    "too_many_pings, its keepalive time is below what the server allows (5 min, unless "
                    "grpc.http2.min_recv_ping_interval_without_data_ms or MinTime says less)"),
            ),
        )  # fmt: skip


def lifetime(case: Case, caller: Caller) -> float | None:
    """For how long connections of the caller last, about, in seconds; None where they were not renewed often enough."""
    how = case.fleeting(caller)
    held = case.held_by(caller)
    renewed = sum(one.renewed for one in held)
    if renewed < RENEWED or how.one_a_call or not how.lasting:
        return None
    return case.evidence.watched * sum(one.most for one in held) / renewed
