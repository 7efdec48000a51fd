"""What was promised, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from lbdemo.errors import InputError
from lbdemo.measure.fingerprint import FINGERPRINTS, RANDOM_LIKE
from lbdemo.measure.plan import MAX_SERVERS, check_test
from lbdemo.measure.reason import Reason


class Outcome(StrEnum):
    """What a block of calls shows."""

    BALANCED = "BALANCED"
    """Each server's interval lies inside the band around its fair share."""

    UNBALANCED = "UNBALANCED"
    """Some server's interval lies wholly outside the band around its fair share."""

    PINNED = "PINNED"
    """One server answered at least 99 % of the calls, though there are others; no fair choice does that. Or each of
    several connections has one server to itself, whatever the total."""

    IN_TURNS = "IN TURNS"
    """Even in the long run, but one server at a time."""

    INCONCLUSIVE = "INCONCLUSIVE"
    """Too few calls, nothing to balance, or servers came or went meanwhile."""

    FAILING = "FAILING"
    """More calls failed than allowed, whatever the spread."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a strategy promises, and how strictly it is judged.

    `servers` are the names of those expected to answer, where they are known; otherwise `count` says how many
    there are (0: those that answered, in the gate or in the block). `tolerance` is how far a share may be off
    relative to the fair one, `alpha` the error probability of all intervals together. `fingerprint` is the
    policy promised: 'round robin', 'random' (or 'random-like'), 'skewed', 'sticky', '' for any.
    `max_error_ratio` (0 to 1) is the part of the calls that may fail. Raises InputError for what
    contradicts itself.
    """

    outcome: Outcome = Outcome.BALANCED
    servers: tuple[str, ...] = ()
    count: int = 0
    tolerance: float = 0.2
    alpha: float = 0.001
    fingerprint: str = ""
    max_error_ratio: float = 0.0

    def __post_init__(self) -> None:
        check_test(self.tolerance, self.alpha)
        if not 0 <= max(self.count, len(self.servers)) <= MAX_SERVERS or self.count < 0:
            raise InputError(f"{self.count or len(self.servers)} servers are expected: it must be 0 to {MAX_SERVERS}")
        twice = [name for name, times in Counter(self.servers).items() if times > 1]
        if twice:
            raise InputError(f"the expected server {twice[0]} is named twice")
        if self.servers and self.count not in (0, len(self.servers)):
            raise InputError(f"{self.count} servers are expected, but {len(self.servers)} are named")
        if not 0 <= self.max_error_ratio <= 1:
            raise InputError(f"the allowed part of failing calls is {self.max_error_ratio}: it must be from 0 to 1")
        if self.fingerprint not in ("", "random", *FINGERPRINTS):
            raise InputError(
                f"no policy has the fingerprint {self.fingerprint!r}",
                hint=f"one of: {', '.join(FINGERPRINTS)}",
            )

    @property
    def policy(self) -> str:
        """The promised fingerprint in the words that a verdict uses; '' for any."""
        return RANDOM_LIKE if self.fingerprint == "random" else self.fingerprint


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """One server's share (0 to 1) of the answered calls, its confidence interval, and the fair share.

    `expected_share` is 0 for a server that nobody expected.
    """

    server: str
    calls: int
    share: float
    low: float
    high: float
    expected_share: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the calls show, whether that was promised, and why.

    `reasons[0]` is the headline. `more_calls`: how many further calls settle what is
    INCONCLUSIVE (None: no sensible number does, or it is settled). `strangers` answered without being
    expected; `silent` were expected and never answered ("(unseen)" where only their number is known).
    `dispersion` is D = chi-square / (servers - 1), None where there is no spread.
    """

    outcome: Outcome
    as_expected: bool
    expected: Outcome
    shares: tuple[ShareInterval, ...]
    dispersion: float | None
    fingerprint: str
    expected_fingerprint: str
    reasons: tuple[Reason, ...]
    more_calls: int | None = None
    strangers: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    tolerance: float = 0.2
    alpha: float = 0.001
