"""How the calls were spread before the watch, period by period, as far as a Prometheus has kept it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lbdemo.diagnose.parts import UNEVEN
from lbdemo.diagnose.times import moment
from lbdemo.measure.counts import Counts
from lbdemo.measure.judge import judge
from lbdemo.measure.verdict import Expectation, Outcome

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.diagnose.scrapes import Period

ALPHA = Expectation().alpha


@dataclass(frozen=True, slots=True)
class Stretch:
    """One period: when it was (RFC 3339), what each of the pods got, and what that shows."""

    start: str
    end: str
    calls: tuple[tuple[str, int], ...]  # by pod, those without calls among them
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class History:
    """The periods that are known, the oldest first. `source` is whose they are."""

    source: str
    stretches: tuple[Stretch, ...]

    @property
    def calls(self) -> tuple[tuple[str, int], ...]:
        """What each pod got in all of them, those with most first."""
        total: Counter[str] = Counter()
        for stretch in self.stretches:
            total.update(dict(stretch.calls))
        return tuple(sorted(total.items(), key=lambda each: (-each[1], each[0])))

    @property
    def uneven_since(self) -> str:
        """The beginning of the first uneven period after which none was provably even; "" where the last that is known
        was even."""
        since = ""
        for stretch in reversed(self.stretches):
            if stretch.outcome is Outcome.BALANCED:
                break
            since = stretch.start if stretch.outcome in UNEVEN else since
        return since

    @property
    def seconds(self) -> float:
        """From the first to the last of them."""
        first, last = self.stretches[0].start, self.stretches[-1].end
        return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()

    @property
    def even_before(self) -> bool:
        """Whether some period was provably even."""
        return any(stretch.outcome is Outcome.BALANCED for stretch in self.stretches)


def history(case: Case) -> History | None:
    """The history of the ready pods; None where no Prometheus has kept any."""
    scrapes = case.evidence.scrapes
    ready = {server.name for server in case.ready}
    if scrapes is None or not scrapes.history or not case.evidence.made:
        return None
    alpha = ALPHA / len(scrapes.history)
    return History(scrapes.name, tuple(_stretch(each, ready, case.evidence, alpha) for each in scrapes.history))


def _stretch(period: Period, ready: set[str], evidence: Evidence, alpha: float) -> Stretch:
    """A period of the pods that were there then and are ready now."""
    calls = tuple((pod, many) for pod, many in period.calls if pod in ready)
    start, end = moment(evidence, period.start), moment(evidence, period.end)
    return Stretch(start, end, calls, _outcome(calls, alpha))


def _outcome(calls: Sequence[tuple[str, int]], alpha: float) -> Outcome:
    total = sum(many for _, many in calls)
    servers = tuple((pod, many) for pod, many in calls if many)
    expected = Expectation(servers=tuple(pod for pod, _ in calls), alpha=alpha)
    return judge(Counts(sent=total, answered=total, errors=(), servers=servers), expected).outcome
