"""What the drills show, as part of a record: figures of each kind of drill, beside what was promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, Self, TypeVar


@dataclass(frozen=True, slots=True)
class ScaleUp:
    """Seconds from the scale-up on until the new pods were ready, had a first call, had their even share.

    None is never, as long as it was watched.
    """

    pods_ready_s: float
    first_call_s: float | None
    even_again_s: float | None
    failed: int


@dataclass(frozen=True, slots=True)
class Restart:
    """One rolling restart under load. `attempts` are all that gRPC made for the calls, retries included.

    `longest_gap_s` is the longest time without a good answer, `rollout_s` from the command to the last old pod's end.
    """

    calls: int
    failed: int
    attempts: int
    longest_gap_s: float
    rollout_s: float


@dataclass(frozen=True, slots=True)
class RollingRestart:
    """The same restart twice: with calls that are made once, and with gRPC's own retries."""

    without_retries: Restart
    with_retries: Restart


@dataclass(frozen=True, slots=True)
class Kill:
    """A pod killed without grace. `last_trouble_s`: until then calls failed for it, or it was still called."""

    calls: int
    failed: int
    last_trouble_s: float
    longest_gap_s: float


@dataclass(frozen=True, slots=True)
class Slow:
    """A slow pod's share (0 to 1) of the calls that were answered, and the latency of all calls (ms); None: unknown."""

    calls: int
    slow_pod_share: float | None
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    failed: int


@dataclass(frozen=True, slots=True)
class Sick:
    """The part (0 to 1) of the calls that fails while a pod is sick.

    `error_share_with_outlier_detection` is None where the strategy has none.
    """

    error_share: float
    error_share_with_outlier_detection: float | None


Figures = ScaleUp | RollingRestart | Kill | Slow | Sick
F = TypeVar("F", bound=Figures)
KINDS: Mapping[str, type[Figures]] = {
    "scale-up": ScaleUp, "rolling-restart": RollingRestart, "kill": Kill, "slow": Slow, "sick": Sick,
}  # fmt: skip
NONE_SAYS = {"first_call_s": "never", "even_again_s": "never", "error_share_with_outlier_detection": "not measured"}
"""What None says of a figure where it is not "unknown"."""


@dataclass(frozen=True, slots=True)
class Drilled(Generic[F]):
    """What a drill measured. `name` is one of KINDS; `expected` says in words what the strategy promises."""

    name: str
    figures: F
    expected: str
    as_expected: bool

    def told(self) -> str:
        """The figures in one line."""
        figures = asdict(self.figures)
        runs = [f"{_words(name)}: {_line(run)}" for name, run in figures.items() if isinstance(run, Mapping)]
        return "; ".join(runs) or _line(figures)

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON; units are in the figures' names."""
        return {"figures": _rounded(asdict(self.figures)), "expected": self.expected, "as_expected": self.as_expected}

    @classmethod
    def from_dict(cls, name: str, record: Mapping[str, Any]) -> Self:
        """A drill of a record; members that a newer lbdemo has added are left out."""
        figures: Any = _known(KINDS[name], record["figures"])
        return cls(name, figures, record["expected"], record["as_expected"])


def _known(kind: type[Any], record: Mapping[str, Any]) -> Any:
    """The members of a record that this kind of figures has."""
    if kind is RollingRestart:
        return RollingRestart(*(_known(Restart, record[name]) for name in RollingRestart.__dataclass_fields__))
    return kind(**{name: record[name] for name in kind.__dataclass_fields__})


def _line(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_told(name, value)}" for name, value in figures.items())


def _words(name: str) -> str:
    return name.replace("_", " ")


def _told(name: str, value: float | None) -> str:
    if value is None:
        return NONE_SAYS.get(name, "unknown")
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value
