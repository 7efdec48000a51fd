"""What came of looks at counters: a verdict for each caller, and one for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.measure.flows.flow import Flow
    from lbdemo.measure.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class FlowVerdict:
    """The verdict on the calls of one caller, or ("" ) of all.

    `calls` were counted in `intervals` of time, which last `seconds` together. Where it is too early to say, watching
    for `watch` seconds brings as many calls as are wanted, if they go on coming as they did; None where it is settled,
    or where no time does.
    """

    caller: str
    verdict: Verdict
    calls: int
    intervals: int
    seconds: float
    watch: float | None = None


@dataclass(frozen=True, slots=True)
class FlowsVerdict:
    """`whole` is the verdict on all calls, `callers` has one for each caller; of a single caller both say the same.

    `flows` is what was judged, with what was left out.
    """

    whole: FlowVerdict
    callers: tuple[FlowVerdict, ...]
    flows: tuple[Flow, ...]

    @property
    def outcome(self) -> Outcome:
        """What all of it shows."""
        return self.whole.verdict.outcome
