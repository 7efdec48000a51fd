"""What a drill reads off the calls: pure functions of samples in the order in which they were sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise

from lbdemo.records import Sample

CALLS_A_SERVER = 60  # calls for each server in the window that is looked at for evenness
TURNS = 3  # so many turns after the window's first call a server may come in and still count as there from the start
UNEVEN = 0.4  # how far off its fair share a server may be in that window: about 3 sigma of a random choice


def failed(samples: Sequence[Sample]) -> int:
    """Calls that ended with an error."""
    return sum(not sample.ok for sample in samples)


def first_answer(samples: Sequence[Sample], servers: Collection[str], mark: float) -> float | None:
    """Seconds from `mark` until one of the servers got its first call; None when none of them ever did."""
    return next((s.sent - mark for s in samples if s.ok and s.server in servers), None)


def even_again(samples: Sequence[Sample], servers: Collection[str], mark: float) -> float | None:
    """Seconds from `mark` until calls spread evenly over just these servers; None when they never did.

    Even means: in a window of CALLS_A_SERVER calls for each server, every share is within UNEVEN of the fair one.
    The time is that of the window's first call; or, when one of them takes part only later, of its first one.
    """
    answered = [sample for sample in samples if sample.ok]
    size = CALLS_A_SERVER * len(servers)
    counts = Counter(sample.server for sample in answered[:size])
    for start in range(len(answered) - size + 1):
        if start:
            counts[answered[start - 1].server] -= 1
            counts[answered[start + size - 1].server] += 1
        if all(abs(counts[server] / CALLS_A_SERVER - 1) <= UNEVEN for server in servers):
            window = answered[start : start + size]
            last = max(next(n for n, s in enumerate(window) if s.server == server) for server in servers)
            return max(0.0, window[last if last > TURNS * len(servers) else 0].sent - mark)
    return None


def longest_gap(samples: Sequence[Sample]) -> float:
    """The longest time in seconds in which no call was answered well, from the first call to the end of the last."""
    if not samples:
        return 0.0
    begin, end = min(sample.sent for sample in samples), max(sample.due + sample.latency for sample in samples)
    ends = [begin, *sorted(sample.due + sample.latency for sample in samples if sample.ok), end]
    return max((later - earlier for earlier, later in pairwise(ends)), default=0.0)


def last_trouble(samples: Sequence[Sample], victim: str, mark: float) -> float:
    """Seconds from `mark` until the last call that failed or that the victim still answered; 0 when there is none."""
    return max((s.sent - mark for s in samples if not s.ok or s.server == victim), default=0.0)


def last_answer(samples: Sequence[Sample], victim: str, mark: float) -> float:
    """When the last call was sent that the victim answered well; `mark` when it answered none."""
    return max((s.sent for s in samples if s.ok and s.server == victim), default=mark)


def busiest(samples: Sequence[Sample]) -> str:
    """The server that answered most calls."""
    counts = Counter(sample.server for sample in samples if sample.ok)
    return counts.most_common(1)[0][0] if counts else ""
