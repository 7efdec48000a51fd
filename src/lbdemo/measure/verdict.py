"""What was promised, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from lbdemo.errors import InputError
from lbdemo.measure.fingerprint import PROMISES, RANDOM_LIKE
from lbdemo.measure.plan import FIRST_LOOK, MAX_SERVERS, check_test
from lbdemo.measure.reason import Reason

TOO_FEW_CALLS = "too_few_calls"
"""The code of the reason that more calls can do something about."""


class Outcome(StrEnum):
    """What a block of calls shows."""

    BALANCED = "BALANCED"
    """Each server's share is proven to lie in the band around its fair share."""

    UNBALANCED = "UNBALANCED"
    """Some server's share is proven to lie outside of the band around its fair share."""

    PINNED = "PINNED"
    """One server answered at least 99 % of the calls, though there are others; no fair choice does that. Or each of
    several connections has one server to itself, whatever the total."""

    IN_TURNS = "IN TURNS"
    """Whatever the total, one server at a time has the calls."""

    INCONCLUSIVE = "INCONCLUSIVE"
    """Too few calls, nothing to balance, failures that hide it, or servers came or went meanwhile."""

    FAILING = "FAILING"
    """More calls failed than allowed, whatever the spread."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a strategy promises, and how strictly it is judged.

    `servers` are the names of those expected to answer, where they are known; otherwise `count` says how many
    there are (0: those that answered, in the gate or in the block). `weights` says which part of the calls each should
    get, by a server's name or by what its name begins with, which its servers then share; without weights all parts
    are equal. `tolerance` is how far a share may be off relative to the expected one, `alpha` the error probability
    of the whole test, over all its `looks`: with 2 a second block may follow the first, if that cannot tell.
    `fingerprint` is the policy promised: 'round robin', 'random' (or 'random-like'), 'least request', 'skewed',
    'sticky', 'in turns', '' for any. `max_error_ratio` (0 to 1) is the part of the calls that may fail. Raises
    InputError for what contradicts itself.
    """

    outcome: Outcome = Outcome.BALANCED
    servers: tuple[str, ...] = ()
    count: int = 0
    tolerance: float = 0.2
    alpha: float = 0.001
    fingerprint: str = ""
    max_error_ratio: float = 0.0
    weights: tuple[tuple[str, float], ...] = ()
    looks: int = 1

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
        if self.fingerprint not in ("", "random", *PROMISES):
            raise InputError(
                f"no policy has the fingerprint {self.fingerprint!r}",
                hint=f"one of: {', '.join(PROMISES)}",
            )
        if self.looks not in (1, 2):
            raise InputError(f"{self.looks} blocks are planned: it must be 1 or 2")
        _check_weights(self.weights, self.servers)

    @property
    def policy(self) -> str:
        """The promised fingerprint in the words that a verdict uses; '' for any."""
        return RANDOM_LIKE if self.fingerprint == "random" else self.fingerprint

    def alpha_at(self, look: int) -> float:
        """The error probability of one look (1 or 2): together they come to `alpha` at most."""
        if self.looks == 1:
            return self.alpha
        return self.alpha * (FIRST_LOOK if look == 1 else 1 - FIRST_LOOK)

    def weight_of(self, server: str) -> float:
        """The server's weight: an equal part of that of all servers whose names begin alike; 1 without weights."""
        if not self.weights:
            return 1.0
        prefix, weight = next(((p, w) for p, w in self.weights if _belongs(server, p, self.weights)), ("", 1.0))
        alike = sum(_belongs(name, prefix, self.weights) for name in self.servers) or 1
        return weight / alike


def _belongs(server: str, prefix: str, weights: tuple[tuple[str, float], ...]) -> bool:
    """Whether the server's name begins with the prefix, and with no longer one of the others."""
    fitting = [other for other, _ in weights if server.startswith(other)]
    return bool(prefix) and prefix == max(fitting, key=len, default="")


def _check_weights(weights: tuple[tuple[str, float], ...], servers: tuple[str, ...]) -> None:
    """Raises InputError for weights that cannot be shared out."""
    for name, weight in weights:
        if not (name and isfinite(weight) and weight > 0):
            raise InputError(f"the weight of {name!r} is {weight}: it must be a number above 0")
    prefixes = [name for name, _ in weights]
    if len(set(prefixes)) < len(prefixes):
        raise InputError("a weight is given twice for the same name")
    if weights and not servers:
        raise InputError("weights need the names of the servers")
    for server in servers if weights else ():
        if not any(server.startswith(prefix) for prefix in prefixes):
            raise InputError(f"{server} has no weight", f"add one: --weight {server}=W, or what its name begins with")


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """One server's share (0 to 1) of the calls, what it may stand for, and the expected share.

    `low` and `high` are what the test of the verdict leaves open, each side for itself; unsigned calls widen it.
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

    `reasons[0]` is the headline. `more_calls`: a fresh block of so many calls settles what is INCONCLUSIVE, as
    likely as the reason says (None: no sensible number does, or it is settled). `undecided`: neither kept nor broken is
    proven. `strangers` answered without being expected; `silent` were expected and never answered ("(unseen)" where
    only their number is known). `dispersion` is D = chi-square / (servers - 1), `phi` the overdispersion between
    batches (`order.overdispersion`), `stickiness` the correlation of neighbours; None where there is no spread.
    The intervals stand on `effective_calls`. `pinned_connections` have one server each. Of `looks` planned, this is
    `look`; `look_alpha` is its error probability.
    """

    outcome: Outcome
    as_expected: bool
    expected: Outcome
    shares: tuple[ShareInterval, ...]
    dispersion: float | None
    fingerprint: str
    expected_fingerprint: str
    reasons: tuple[Reason, ...]
    undecided: bool = False
    more_calls: int | None = None
    strangers: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    tolerance: float = 0.2
    alpha: float = 0.001
    phi: float | None = None
    stickiness: float | None = None
    effective_calls: int = 0
    pinned_connections: int = 0
    look: int = 1
    looks: int = 1
    look_alpha: float = 0.001

    @property
    def second_block_helps(self) -> bool:
        """Whether a second block was planned, is still to come, and may tell what the first cannot."""
        return self.look < self.looks and self.reasons[0].code == TOO_FEW_CALLS
