"""What `compare` shows side by side, in words: what each strategy costs, and what each drill showed of it.

The terminal and the page both show these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lbdemo.records.costs import Costs
from lbdemo.records.drills import KINDS, Drilled, Kill, RollingRestart, ScaleUp, Sick, Slow
from lbdemo.render import figures
from lbdemo.traces.hops import Hop
from lbdemo.traces.record import hops_of
from lbdemo.traces.role import Role
from lbdemo.words import duration, number, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

UNKNOWN, NEVER = "unknown", "never"


def seconds(value: float | None, unknown: str = UNKNOWN) -> str:
    """A time in seconds."""
    return _with_unit(value, "s", unknown)


def milliseconds(value: float | None) -> str:
    """A time in milliseconds."""
    return _with_unit(value, "ms", UNKNOWN)


def megabytes(value: float | None) -> str:
    """A size in MB; what a strategy does not have has none."""
    return figures.NONE if value == 0 else _with_unit(value, "MB", UNKNOWN)


def share(value: float | None) -> str:
    """A part of the calls."""
    return UNKNOWN if value is None else percent(value)


def _with_unit(value: float | None, unit: str, unknown: str) -> str:
    return unknown if value is None else f"{round(value, 2):g} {unit}"


def _cpu(costs: Costs) -> str:
    value = costs.proxy_cpu_ms_per_1000_calls
    return figures.NONE if value == 0 and not costs.proxies else milliseconds(value)


def _scale_up(found: ScaleUp) -> Cells:
    return {"first call": seconds(found.first_call_s, NEVER), "even again": seconds(found.even_again_s, NEVER)}


def _restart(found: RollingRestart) -> Cells:
    plain, retried = found.without_retries, found.with_retries
    return {
        "failed without retries": f"{number(plain.failed)} of {number(plain.calls)}",
        "with retries": f"{number(retried.failed)} of {number(retried.calls)}",
        "attempts": number(retried.attempts),
        "longest gap": seconds(plain.longest_gap_s),
    }


def _kill(found: Kill) -> Cells:
    return {"failed": number(found.failed), "trouble until": seconds(found.last_trouble_s)}


def _slow(found: Slow) -> Cells:
    return {
        "slow pod's share": share(found.slow_pod_share),
        "p90": milliseconds(found.p90_ms),
        "p99": milliseconds(found.p99_ms),
    }


def _sick(found: Sick) -> Cells:
    detected = found.error_share_with_outlier_detection
    return {
        "errors": share(found.error_share),
        "with outlier detection": figures.NONE if detected is None else share(detected),
    }


def _cost(found: Costs) -> Cells:
    return {
        "setup": seconds(found.setup_s),
        "proxy memory": megabytes(found.proxy_memory_mb),
        "proxy CPU/1000 calls": _cpu(found),
        "control plane": megabytes(found.control_plane_memory_mb),
    }


Cells = dict[str, str]  # by heading: what fits a terminal; the record has all figures
CELLS: Mapping[str, Callable[[Any], Cells]] = {
    "scale-up": _scale_up, "rolling-restart": _restart, "kill": _kill, "slow": _slow, "sick": _sick,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy: its figures, what it promises, and whether that came true (None: nothing is promised)."""

    name: str
    cells: tuple[str, ...]
    promise: str = ""
    kept: bool | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """One table: `heads` of the cells; a row a strategy; `notes` say why something is not known."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def boards(results: Sequence[Record]) -> tuple[Board, ...]:
    """A table of the costs, one of each drill; those without figures left out."""
    found = (costs(results), hops(results), *(drill(name, results) for name in KINDS))
    return tuple(board for board in found if board.rows)


def costs(results: Sequence[Record]) -> Board:
    """What each strategy costs: set-up time, memory and CPU of what it adds."""
    told = [(result["name"], Costs.from_dict(result["costs"])) for result in results if result["costs"]]
    cells = [_cost(found) for _, found in told]
    rows = [Row(name, tuple(its.values())) for (name, _), its in zip(told, cells, strict=True)]
    notes = tuple(f"{figures.printable(name)}: {figures.printable(found.note)}" for name, found in told if found.note)
    return Board("cost", _heads(cells), tuple(rows), notes)


def hops(results: Sequence[Record]) -> Board:
    """What each hop costs beyond those below it, where a comparison's calls were traced: p50 and p99."""
    told = {result["name"]: hops_of(result["extra"]["traces"]) for result in results if "traces" in result["extra"]}
    roles = [each for each in Role if any(hop.role is each for found in told.values() for hop in found)]
    times = {"p50": lambda hop: hop.p50, "p99": lambda hop: hop.p99}
    rows = [
        Row(f"{name} {word}", tuple(_time_of(each, found, time) for each in roles))
        for name, found in told.items()
        for word, time in times.items()
    ]
    return Board("hop", tuple(each.value for each in roles), tuple(rows))


def _time_of(role: Role, hops: Sequence[Hop], time: Callable[[Hop], float | None]) -> str:
    value = next((time(hop) for hop in hops if hop.role is role), None)
    return figures.NONE if value is None else duration(value)


def drill(name: str, results: Sequence[Record]) -> Board:
    """One drill over all strategies, each beside its own promise."""
    told = [
        (result["name"], Drilled[Any].from_dict(name, result["drills"][name]))
        for result in results
        if name in result["drills"]
    ]
    cells = [CELLS[name](drilled.figures) for _, drilled in told]
    rows = [
        Row(strategy, tuple(its.values()), figures.printable(drilled.expected), drilled.as_expected)
        for (strategy, drilled), its in zip(told, cells, strict=True)
    ]
    return Board(name, _heads(cells), tuple(rows))


def _heads(rows: Sequence[Cells]) -> tuple[str, ...]:
    return tuple(rows[0]) if rows else ()
