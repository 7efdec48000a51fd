"""Calls that run, as a caller's Envoy counts them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller


@dataclass(frozen=True, slots=True)
class Running:
    """A caller's calls that ran in the last look, by server, how many began between the first look and the last, and
    how many ran on average over all looks."""

    each: tuple[tuple[str, int], ...]
    begun: int
    means: tuple[tuple[str, float], ...]

    @property
    def total(self) -> int:
        """All that ran in the last look."""
        return sum(many for _, many in self.each)

    @property
    def most(self) -> int:
        """The most at one server."""
        return max(many for _, many in self.each)

    @property
    def least(self) -> int:
        """The least at one server."""
        return min(many for _, many in self.each)

    @property
    def streams(self) -> bool:
        """Whether calls run for longer than they were watched: at least two a server, and fewer began than run."""
        return self.total >= 2 * len(self.each) and self.begun < self.total


def running(case: Case, caller: Caller) -> Running | None:
    """What runs at each ready server; None where the caller's Envoy was not looked at twice or knows none of them."""
    looks = case.envoy_looks(caller.name)
    named = {address: server.name for server in case.ready for address in server.addresses}
    if len(looks) < 2 or not named:
        return None
    active: list[Counter[str]] = []
    totals: list[int] = []
    for look in looks:
        hosts = [host for host in case.hosts(look) if host.address in named]
        now = Counter({server.name: 0 for server in case.ready})
        for host in hosts:
            now[named[host.address]] += host.calls_active
        active.append(now)
        totals.append(sum(host.calls_total for host in hosts))
    names = sorted(active[-1])
    each = tuple((name, active[-1][name]) for name in names)
    return Running(each, max(0, totals[-1] - totals[0]), tuple((n, fmean(now[n] for now in active)) for n in names))
