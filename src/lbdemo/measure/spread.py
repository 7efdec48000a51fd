"""Who was expected, who answered, and how their shares compare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from lbdemo.measure.bands import EXACT, Source, scaled
from lbdemo.measure.exact import above, below, highest, lowest
from lbdemo.measure.fingerprint import SKEWED, STICKY, UNKNOWN, chi_square, fingerprint
from lbdemo.measure.intervals import log10_at_least, log10_at_most
from lbdemo.measure.names import NAMELESS
from lbdemo.measure.roster import expected_shares, roster
from lbdemo.measure.verdict import Expectation, Outcome, ShareInterval

if TYPE_CHECKING:
    from lbdemo.measure.counts import Counts
    from lbdemo.measure.order import Order

PINNED_SHARE = 0.99
"""From this share on a server counts as the only one: the rest are stragglers."""


@dataclass(frozen=True)
class Spread:
    """The calls over the servers, against the expected shares.

    `calls` are those of which it is known which server they were for; each of the `unsigned` ones may have been for
    any of them. `inflation` is by how much they say less than independent calls would. `roster` are the expected
    servers; `shares` has their intervals, then those of the strangers, who answered without being expected. `silent`
    were expected and never answered; those of them that the gate had seen `vanished`.
    """

    calls: int
    unsigned: int
    inflation: float
    roster: tuple[str, ...]
    shares: tuple[ShareInterval, ...]
    strangers: tuple[str, ...]
    silent: tuple[str, ...]
    vanished: tuple[str, ...]
    tolerance: float
    alpha: float
    order: Order | None
    source: Source = EXACT

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
        return max(self.expected, key=lambda i: (self.accused(i), not i.calls, abs(i.share / i.expected_share - 1)))

    @property
    def nameless(self) -> int:
        """Calls whose answers do not say from which server they are."""
        return sum(interval.calls for interval in self.shares if interval.server in NAMELESS)

    @property
    def effective(self) -> int:
        """So many independent calls would say as much."""
        return max(0, floor((self.calls + self.unsigned) / self.inflation))

    @cached_property
    def dispersion(self) -> float | None:
        """D = chi-square / (servers - 1), against the expected shares; None where there is no spread."""
        if len(self.counts) < 2 or not sum(self.counts):
            return None
        shares = [interval.expected_share for interval in self.expected]
        if not any(interval.calls for interval in self.expected):
            shares = [1 / len(self.counts)] * len(self.counts)
        return chi_square(self.counts, shares) / (len(self.counts) - 1)

    @cached_property
    def fingerprint(self) -> str:
        """The policy that the calls look like; '' when nobody can tell, or strangers answered."""
        if self.changed or self.dispersion is None:
            return UNKNOWN
        if self.pinned_connections:
            return STICKY
        seen = fingerprint(self.counts, self.dispersion, self.order, self.alpha)
        return UNKNOWN if seen in (STICKY, SKEWED) and self._failures_hide_it else seen

    @property
    def _failures_hide_it(self) -> bool:
        """Whether totals are uneven perhaps just because of calls that nobody signed, and nothing else is lumpy."""
        many = self.unsigned > (1 - PINNED_SHARE) * (self.calls + self.unsigned)
        lumpy = self.order is not None and self.order.surely_sticky
        return many and not lumpy and not any(map(self.accused, self.expected))

    @property
    def log10_worst(self) -> float:
        """log10 of a bound on the probability that a fair choice leaves some server as far off as `worst`."""
        return self._log10_fair(self.worst)

    @property
    def log10_top(self) -> float:
        """log10 of a bound on the probability that a fair choice gives some server as many calls as `top`."""
        return self._log10_fair(self.top)

    @cached_property
    def outcome(self) -> Outcome:
        """What the spread alone shows, whatever the failures."""
        if not self.calls or len(self.roster) < 2 or self.mostly_nameless or self.changed:
            return Outcome.INCONCLUSIVE
        if self._is_pinned or self.pinned_connections:
            return Outcome.PINNED
        if self.order is not None and self.order.in_turns:
            return Outcome.IN_TURNS
        if any(self.accused(interval) for interval in self.expected):
            return Outcome.UNBALANCED
        if all(self._inside(interval) for interval in self.expected) and not self.strangers:
            return Outcome.BALANCED
        return Outcome.INCONCLUSIVE

    @property
    def _is_pinned(self) -> bool:
        top = self.top
        return top.calls >= PINNED_SHARE * (self.calls + self.unsigned) and self._too_much(top)

    @cached_property
    def pinned_connections(self) -> int:
        """How many connections there are, when each of them has one server to itself, beyond chance; else 0."""
        rows = [row for row in self.order.connections if sum(row) > 1] if self.order else []
        if len(rows) < 2 or any(max(row) < PINNED_SHARE * sum(row) for row in rows):
            return 0
        # A fair choice follows the first call of a connection to its server, again and again, as seldom as this.
        luck = sum((sum(row) - 1) * -log10(len(self.roster)) for row in rows)
        return len(rows) if luck < log10(self.alpha / 2) else 0

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

    def _inside(self, interval: ShareInterval) -> bool:
        """Whether the share is proven to lie in the band: an intersection of tests, which needs no correction.

        R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24 (1982): when each
        of the tests errs with `alpha` at most, so does their intersection.
        """
        low, high = self.source.inner(interval.expected_share, self.tolerance)
        least, most = self._bounds(interval)
        return above(least, self.effective, low, self.alpha) and below(most, self.effective, high, self.alpha)

    def accused(self, interval: ShareInterval) -> bool:
        """Whether the share is proven to lie outside of the band: one of many accusations (Bonferroni)."""
        low, _ = self.source.outer(interval.expected_share, self.tolerance)
        _, most = self._bounds(interval)
        return below(most, self.effective, low, self._alpha_each) or self._too_much(interval)

    def _too_much(self, interval: ShareInterval) -> bool:
        _, high = self.source.outer(interval.expected_share or 1 / len(self.roster), self.tolerance)
        least, _ = self._bounds(interval)
        return high < 1 and above(least, self.effective, high, self._alpha_each)

    @property
    def _alpha_each(self) -> float:
        return self.alpha / (2 * len(self.roster))

    def _bounds(self, interval: ShareInterval) -> tuple[int, int]:
        return bounds(interval.calls, self.calls, self.unsigned, self.inflation)

    def _log10_fair(self, interval: ShareInterval) -> float:
        """How seldom a fair choice strays so far, of as many independent calls as these are worth."""
        servers = len(self.roster)
        fair = interval.expected_share or 1 / servers
        tail = log10_at_least if interval.share >= fair else log10_at_most
        calls = round(interval.share * self.effective)
        return min(0.0, tail(calls, self.effective, fair) + log10(servers))


def bounds(calls: int, signed: int, unsigned: int, inflation: float) -> tuple[int, int]:
    """The fewest and the most of the effective calls that may have been a server's.

    The fewest when no unsigned call was for it, the most when all of them were. Rounded to the unsafe side.
    """
    if inflation <= 1:
        return calls, calls + unsigned
    effective = floor((signed + unsigned) / inflation)
    return floor(calls / inflation), min(effective, ceil((calls + unsigned) / inflation))


def spread(counts: Counts, expectation: Expectation, alpha: float) -> Spread:
    """Compares the calls that reached servers with the expected share of each, at this error probability."""
    calls, unsigned = counts.arrivals
    known = roster(counts, calls, expectation)
    fair = expected_shares(known, expectation)
    strangers = tuple(sorted(calls.keys() - set(known), key=lambda name: (-calls[name], name)))
    signed = sum(calls.values())
    source = counts.source
    # A source that tells of too many calls makes as many of them worth nothing.
    inflation = (counts.order.inflation(alpha) if counts.order else 1.0) * (1 + source.error)

    def interval(name: str) -> ShareInterval:
        mine = calls.get(name, 0)
        least, most = bounds(mine, signed, unsigned, inflation)
        of = floor((signed + unsigned) / inflation)
        low, high = (lowest(least, of, alpha), highest(most, of, alpha)) if of else (0.0, 1.0)
        low, high = scaled(low, 1 / source.odds), scaled(high, source.odds)
        return ShareInterval(name, mine, mine / signed if signed else 0.0, low, high, fair.get(name, 0.0))

    return Spread(
        calls=signed,
        unsigned=unsigned,
        inflation=inflation,
        roster=known,
        shares=tuple(interval(name) for name in (*known, *strangers)),
        strangers=strangers,
        silent=tuple(name for name in known if name not in calls),
        vanished=tuple(name for name in known if name not in calls and name in counts.gate_servers),
        tolerance=expectation.tolerance,
        alpha=alpha,
        order=counts.order,
        source=source,
    )
