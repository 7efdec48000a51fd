"""What TLS costs, by two acts that differ in nothing else, and by rounds of short runs that take turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from lbdemo.local.acts import PLAIN, SECURE
from lbdemo.records import Quantiles, Result
from lbdemo.words import duration, number, percent

ROUNDS = 3
"""So many runs each way, in turns: what else the machine does meets both, and the rounds show what that comes to."""


@dataclass(frozen=True, slots=True)
class Way:
    """Calls with or without TLS, a figure a round: seconds of the median call at the acts' pace, and calls a second
    of a closed loop.
    """

    medians: tuple[float, ...]
    rates: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Both ways, whose runs took turns."""

    plain: Way
    secure: Way


def priced(results: tuple[Result, ...], rounds: Rounds) -> tuple[Result, ...]:
    """The results, the act with TLS with notes that compare it with the same calls without."""
    plain = next((result for result in results if result.name == PLAIN), None)
    return tuple(
        with_price(plain, result, rounds) if result.name == SECURE and plain is not None else result
        for result in results
    )


def figures(rounds: Rounds) -> dict[str, object]:
    """The middle of the rounds, for the record."""
    return {
        f"{name}_{how}_tls": value
        for how, way in (("with", rounds.secure), ("without", rounds.plain))
        for name, value in (
            ("p50_ms", round(median(way.medians) * 1000, 4)),
            ("closed_loop_calls_per_second", round(median(way.rates))),
        )
    }


def with_price(plain: Result, secure: Result, rounds: Rounds) -> Result:
    """The act with TLS, compared."""
    notes = (*secure.notes, *compared(plain, secure, rounds))
    return replace(secure, notes=notes, extra={**secure.extra, **figures(rounds)})


def compared(plain: Result, secure: Result, rounds: Rounds) -> tuple[str, ...]:
    """How long the servers took with and without TLS, and how many calls a second went at most."""
    return (*on_acts(plain.summary.service, secure.summary.service), on_medians(rounds), on_rates(rounds))


def on_acts(plain: Quantiles | None, secure: Quantiles | None) -> tuple[str, ...]:
    """Both acts side by side, from when calls were sent: one came after the other, so nothing is concluded."""
    if plain is None or secure is None:
        return ()
    pairs = (("p50", plain.p50, secure.p50), ("p99", plain.p99, secure.p99))
    told = [f"{name} {duration(after)} and {duration(before)}" for name, before, after in pairs if before and after]
    return (f"With TLS and without, from when calls were sent: {', '.join(told)}.",)


def on_medians(rounds: Rounds) -> str:
    """The median call; a difference is called one when all rounds agree."""
    plain, secure = rounds.plain.medians, rounds.secure.medians
    told = f"In {len(plain)} rounds, in turns, p50 is {_times(secure)} with TLS and {_times(plain)} without"
    if min(secure) > max(plain):
        return f"{told}: {duration(median(secure) - median(plain))} more."
    return f"{told}: no difference that these rounds can tell."


def on_rates(rounds: Rounds) -> str:
    """The most that went in closed loops; a difference is called one when all rounds agree."""
    plain, secure = rounds.plain.rates, rounds.secure.rates
    told = f"A closed loop makes {_numbers(secure)} calls a second with TLS and {_numbers(plain)} without"
    if max(secure) < min(plain):
        return f"{told}: {percent(1 - median(secure) / median(plain))} fewer."
    return f"{told}: no difference that these rounds can tell."


def _times(seconds: Sequence[float]) -> str:
    return _range(duration(min(seconds)), duration(max(seconds)))


def _numbers(rates: Sequence[float]) -> str:
    return _range(number(round(min(rates))), number(round(max(rates))))


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
