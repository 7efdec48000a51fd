"""Who was expected, who answered, and how their shares compare."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

from lbdemo.measure.fingerprint import dispersion, fingerprint
from lbdemo.measure.intervals import log10_at_least, log10_at_most, simultaneous_z, wilson
from lbdemo.measure.names import NAMELESS
from lbdemo.measure.plan import band, plan_calls
from lbdemo.measure.verdict import Expectation, Outcome, ShareInterval

if TYPE_CHECKING:
    from lbdemo.measure.counts import Counts

PINNED_SHARE = 0.99
"""From this share on a server counts as the only one: the rest are stragglers."""

UNSEEN = "(unseen"
FARTHEST = 20
"""So many times the planned calls are proposed at most: a share closer to its limit needs no patience."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The answered calls over the servers, against fair shares.

    `roster` are the expected servers; `shares` has their intervals, then those of the strangers, who
    answered without being expected. `silent` were expected and never answered; those of them that the gate
    had seen `vanished`.
    """

    calls: int
    roster: tuple[str, ...]
    shares: tuple[ShareInterval, ...]
    strangers: tuple[str, ...]
    silent: tuple[str, ...]
    vanished: tuple[str, ...]
    tolerance: float
    alpha: float

    @property
    def counts(self) -> tuple[int, ...]:
        """The calls of the expected servers; of all when only others answered."""
        expected = tuple(interval.calls for interval in self.expected)
        return expected if any(expected) else tuple(interval.calls for interval in self.shares)

    @property
    def expected(self) -> tuple[ShareInterval, ...]:
        """The intervals of the expected servers."""
        return tuple(interval for interval in self.shares if interval.expected_share)

    @property
    def top(self) -> ShareInterval:
        """The server with the most calls."""
        return max(self.shares, key=lambda interval: interval.calls)

    @property
    def worst(self) -> ShareInterval:
        """The expected server to name: provably off if any is, then a silent one, then the farthest off."""
        return max(
            self.expected,
            key=lambda i: (_outside(i, self.tolerance), not i.calls, abs(i.share - i.expected_share)),
        )

    @property
    def nameless(self) -> int:
        """Calls whose answers do not say from which server they are."""
        return sum(interval.calls for interval in self.shares if interval.server in NAMELESS)

    @property
    def dispersion(self) -> float | None:
        """D = chi-square / (servers - 1)."""
        return dispersion(self.counts)

    @property
    def fingerprint(self) -> str:
        """The policy that the spread looks like; '' when too much of it is not from the expected servers."""
        return "" if self.changed else fingerprint(self.counts, self.alpha)

    @property
    def log10_worst(self) -> float:
        """log10 of a bound on the probability that a fair choice leaves some server as far off as `worst`."""
        return self._log10_fair(self.worst)

    @property
    def log10_top(self) -> float:
        """log10 of a bound on the probability that a fair choice gives some server as many calls as `top`."""
        return self._log10_fair(self.top)

    @property
    def outcome(self) -> Outcome:
        """What the spread alone shows, errors left aside."""
        if not self.calls or len(self.roster) < 2 or self.mostly_nameless or self.changed:
            return Outcome.INCONCLUSIVE
        if self.top.share >= PINNED_SHARE and self._excludes_fair(self.top):
            return Outcome.PINNED
        if any(_outside(interval, self.tolerance) and self._excludes_fair(interval) for interval in self.expected):
            return Outcome.UNBALANCED
        if all(_inside(interval, self.tolerance) for interval in self.expected) and not self.strangers:
            return Outcome.BALANCED
        return Outcome.INCONCLUSIVE

    @property
    def mostly_nameless(self) -> bool:
        """True when most answers do not say who gave them."""
        return self.nameless * 2 > self.calls

    @property
    def changed(self) -> bool:
        """True when more than stragglers came from servers that nobody expected: fair shares have no measure then."""
        strange = sum(interval.calls for interval in self.shares if not interval.expected_share)
        return strange > (1 - PINNED_SHARE) * self.calls

    @property
    def can_settle(self) -> bool:
        """True when calls, more of them or other ones, can settle what this spread cannot."""
        return len(self.roster) > 1 and not self.mostly_nameless

    @property
    def more_calls(self) -> int | None:
        """About how many calls more settle it, going on like this; None when no sensible number does."""
        if not self.can_settle:
            return None
        planned = plan_calls(len(self.roster), self.tolerance, self.alpha)
        if not self.calls or self.strangers:
            return planned
        lacking, enough = self.calls, max(planned, self.calls + 1)
        if not self._settled_by(enough):
            lacking, enough = enough, FARTHEST * enough
            if not self._settled_by(enough):
                return None
            while enough - lacking > 1 + lacking // 100:
                middle = (lacking + enough) // 2
                lacking, enough = (lacking, middle) if self._settled_by(middle) else (middle, enough)
            enough += enough // 100  # counts are whole numbers, so a share cannot go on exactly like this
        return enough - self.calls

    def _settled_by(self, calls: int) -> bool:
        grown = [
            _interval(i.server, i.share * calls, calls, i.expected_share, len(self.roster), self.alpha)
            for i in self.expected
        ]
        return all(_inside(i, self.tolerance) for i in grown) or any(_outside(i, self.tolerance) for i in grown)

    def _excludes_fair(self, interval: ShareInterval) -> bool:
        """True when a fair choice strays so far with a probability below alpha, both directions together.

        Wilson's intervals are approximate, and with a handful of calls not on the safe side; this is exact.
        """
        return self._log10_fair(interval) < log10(self.alpha / 2)

    def _log10_fair(self, interval: ShareInterval) -> float:
        servers = len(self.roster)
        tail = log10_at_least if interval.share >= 1 / servers else log10_at_most
        return min(0.0, tail(interval.calls, self.calls, 1 / servers) + log10(servers))


def spread(counts: Counts, expectation: Expectation) -> Spread:
    """Compares the calls that servers answered with the fair share of each."""
    calls = dict(counts.servers)
    roster = _roster(counts, expectation)
    strangers = tuple(sorted(calls.keys() - set(roster), key=lambda name: (-calls[name], name)))
    total = sum(calls.values())
    return Spread(
        calls=total,
        roster=roster,
        shares=tuple(
            _interval(name, calls.get(name, 0), total, fair, len(roster), expectation.alpha)
            for name, fair in [
                *((name, 1 / len(roster)) for name in roster),
                *((name, 0.0) for name in strangers),
            ]
        ),
        strangers=strangers,
        silent=tuple(name for name in roster if name not in calls),
        vanished=tuple(name for name in roster if name not in calls and name in counts.gate_servers),
        tolerance=expectation.tolerance,
        alpha=expectation.alpha,
    )


def _roster(counts: Counts, expectation: Expectation) -> tuple[str, ...]:
    """The servers that should share the calls, sorted; unseen ones fill up to the expected number."""
    if expectation.servers:
        return tuple(sorted(expectation.servers))
    calls = {server: number for server, number in counts.servers if server not in NAMELESS}
    gate = set(counts.gate_servers) - set(NAMELESS)
    if not expectation.count:
        return tuple(sorted(gate | calls.keys()))
    # Who was there from the start belongs to the expected ones; who came during the block does not.
    by_right = sorted(gate | calls.keys(), key=lambda name: (name not in gate, -calls.get(name, 0), name))
    known = sorted(by_right[: expectation.count])
    missing = expectation.count - len(known)
    return (*known, *(f"{UNSEEN})" if missing == 1 else f"{UNSEEN} {n})" for n in range(1, missing + 1)))


def _interval(server: str, calls: float, of: float, fair: float, servers: int, alpha: float) -> ShareInterval:
    low, high = wilson(calls, of, simultaneous_z(alpha, max(1, servers)))
    return ShareInterval(server, round(calls), calls / of if of else 0.0, low, high, fair)


def _inside(interval: ShareInterval, tolerance: float) -> bool:
    low, high = band(interval.expected_share, tolerance)
    return low <= interval.low and interval.high <= high


def _outside(interval: ShareInterval, tolerance: float) -> bool:
    low, high = band(interval.expected_share, tolerance)
    return interval.high < low or high < interval.low
