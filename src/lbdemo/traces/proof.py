"""Whether each call was seen whole: a trace of each, with the hops that it should have, all naming the same pod."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lbdemo.traces.role import Role, role
from lbdemo.traces.trace import Trace
from lbdemo.words import listing

Path = Sequence[Role]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with some traces, how many there are, and one of them ("" where it is missing)."""

    what: str
    traces: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found of a run of `calls` calls: the `traces` of them, how many are `whole`, and what is wrong."""

    calls: int
    path: tuple[Role, ...]
    traces: tuple[Trace, ...]
    whole: int
    faults: tuple[Fault, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether there is a whole trace of each call, and nothing else."""
        return self.calls > 0 and self.whole == self.calls == len(self.traces) and not self.faults


def prove(traces: Iterable[Trace], run: str, calls: int, path: Path) -> Proof:
    """What traces say of a run; those of other runs, and of calls that do not count, are nobody's business here.

    A trace that does not begin at a client of ours is a stray one: its beginning is missing.
    """
    seen = list(traces)
    ours = tuple(trace for trace in seen if trace.run == run and not trace.gate)
    lacking = [(fault, trace.id) for trace in ours if (fault := amiss(trace, path))]
    strays = [
        ("stray: it does not begin at a caller", trace.id) for trace in seen if role(trace.root) is not Role.CALLER
    ]
    twice = len(ours) - len({trace.seq for trace in ours})
    faults = [Fault("without a trace", missing)] if (missing := calls - len(ours) + twice) > 0 else []
    faults += [Fault("more than one trace of a call", twice)] if twice else []
    whole = len(ours) - len(lacking)
    return Proof(calls, tuple(path), ours, whole, (*faults, *_counted([*lacking, *strays])))


def amiss(trace: Trace, path: Path) -> str:
    """What a trace lacks, or has too much; "" for nothing."""
    found = [role(span) for span in trace.spans]
    if found != [*path]:
        return _difference(found, path)
    if not trace.chain:
        return f"{_in_words(found)}, and not each below the one before"
    return _disagreement(trace)


def _difference(found: Sequence[Role], path: Path) -> str:
    less, more = Counter(path) - Counter(found), Counter(found) - Counter(path)
    words = [f"no span of {listing([each.value for each in less])}"] if less else []
    words += [f"too many of {listing([each.value for each in more])}"] if more else []
    return " and ".join(words) or f"in another order: {_in_words(found)}"


def _disagreement(trace: Trace) -> str:
    """Whether those who name the answering pod name the same."""
    named = {"the answer": trace.server}
    for span in trace.spans:
        if role(span) in (Role.INBOUND, Role.SERVER):
            named[f"the {role(span).value}"] = span.pod
    told = {who: pod for who, pod in named.items() if pod}
    if len(set(told.values())) < 2:
        return ""
    return "pods disagree: " + ", ".join(f"{who} says {pod}" for who, pod in told.items())


def _in_words(roles: Iterable[Role]) -> str:
    return " → ".join(each.value for each in roles)


def _counted(wrong: Sequence[tuple[str, str]]) -> list[Fault]:
    """The same fault once, the most frequent first, with the first trace that has it."""
    examples = dict(reversed(wrong))
    return [Fault(what, many, examples[what]) for what, many in Counter(what for what, _ in wrong).most_common()]
