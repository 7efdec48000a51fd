"""The acts of the demonstration: how the calls go, and what that promises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lbdemo.measure import Outcome


class Route(StrEnum):
    """How calls reach the servers."""

    TCP_PROXY = "tcp-proxy"
    ENVOY = "envoy"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Act:
    """One way to make the calls, and what it should come to. `policy` is Envoy's; `slow`: with one server made slow;
    `tls`: encrypted.
    """

    name: str
    title: str
    route: Route
    outcome: Outcome
    fingerprint: str = ""
    policy: str = ""
    slow: bool = False
    tls: bool = False

    @property
    def channel_policy(self) -> str:
        """The client's own load balancing."""
        return "round_robin" if self.route is Route.DIRECT else "pick_first"


SLOW_MS = 200
"""What the slow server adds to each call, in milliseconds."""

PLAIN, SECURE = "client-side", "client-side-tls"

STORY = (
    Act(
        "tcp-proxy",
        "one choice a connection: a TCP proxy, as kube-proxy is one",
        Route.TCP_PROXY,
        Outcome.PINNED,
        "sticky",
    ),
    Act(
        "envoy",
        "one choice a request: Envoy, round robin",
        Route.ENVOY,
        Outcome.BALANCED,
        "round robin",
        "ROUND_ROBIN",
    ),
    Act(
        PLAIN,
        "one choice a request: the client itself, by gRPC's round_robin",
        Route.DIRECT,
        Outcome.BALANCED,
        "round robin",
    ),
)

WITH_TLS = (
    Act(
        SECURE,
        "the same with TLS: the client itself, by gRPC's round_robin, with a CA of its own",
        Route.DIRECT,
        Outcome.BALANCED,
        "round robin",
        tls=True,
    ),
)

EVEN, TWO_CHOICES, FULL_SCAN = "slow-rr", "slow-lr-two", "slow-lr-scan"

DRILLS = {
    "slow": (
        Act(
            EVEN,
            f"one server {SLOW_MS} ms slower: Envoy, round robin",
            Route.ENVOY,
            Outcome.BALANCED,
            "round robin",
            "ROUND_ROBIN",
            slow=True,
        ),
        Act(
            TWO_CHOICES,
            f"one server {SLOW_MS} ms slower: Envoy, least request with two choices, the default also of Istio",
            Route.ENVOY,
            Outcome.UNBALANCED,
            "",
            "LEAST_REQUEST",
            slow=True,
        ),
        Act(
            FULL_SCAN,
            f"one server {SLOW_MS} ms slower: Envoy, least request with a full scan, to be asked for",
            Route.ENVOY,
            Outcome.UNBALANCED,
            "",
            "LEAST_REQUEST_FULL_SCAN",
            slow=True,
        ),
    )
}
