"""What `compare` shows side by side, in words: what each strategy costs, and what each drill showed of it.

The terminal and the page both show these tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lbdemo.render import figures
from lbdemo.words import percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

# The figures of each drill that fit a terminal: (figure, heading); the record has all of them.
DRILL_COLUMNS = {
    "scale-up": (("first_call_s", "first call"), ("even_again_s", "even again")),
    "rolling-restart": (
        ("failed", "failed without retries"),
        ("failed_with_retries", "with retries"),
        ("attempts_with_retries", "attempts"),
        ("calls_with_retries", "for calls"),
        ("longest_gap_s", "longest gap"),
    ),
    "kill": (("failed", "failed"), ("last_trouble_s", "trouble until")),
    "slow": (("slow_pod_share", "slow pod's share"), ("p90_ms", "p90"), ("p99_ms", "p99")),
    "sick": (("error_share", "errors"), ("error_share_with_outlier_detection", "with outlier detection")),
}
COST_COLUMNS = (
    ("setup_s", "setup"),
    ("proxy_memory_mb", "proxy memory"),
    ("proxy_cpu_ms_per_1000_calls", "proxy CPU/1000 calls"),
    ("control_plane_memory_mb", "control plane"),
)
UNITS = {"s": "s", "mb": "MB", "ms": "ms", "calls": "ms"}


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy: its figures, what it promises, and whether that came true (None: nothing is promised)."""

    name: str
    cells: tuple[str, ...]
    promise: str = ""
    kept: bool | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """One table: `heads` of the cells; a row a strategy."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


def boards(results: Sequence[Record]) -> tuple[Board, ...]:
    """A table of the costs, one of each drill; those without figures left out."""
    drills = dict.fromkeys(name for result in results for name in _drills(result))
    found = (costs(results), *(drill(name, results) for name in drills))
    return tuple(board for board in found if board.rows and board.heads)


def without_boards(report: Record) -> Record:
    """The report without the figures that these tables show."""
    return {**report, "results": [{**result, "extra": _rest(result)} for result in report["results"]]}


def _rest(result: Record) -> dict[str, Any]:
    shown = {name for name, _ in COST_COLUMNS}
    rest = {name: value for name, value in result["extra"].items() if name not in shown}
    if drills := _drills(result):
        rest["drills"] = {name: value for name, value in rest["drills"].items() if name not in drills}
    return rest


def costs(results: Sequence[Record]) -> Board:
    """What each strategy costs: set-up time, memory and CPU of what it adds."""
    rows = [
        Row(result["name"], tuple(cell(result["extra"], name) for name, _ in COST_COLUMNS))
        for result in results
        if any(name in result["extra"] for name, _ in COST_COLUMNS)
    ]
    return Board("cost", tuple(heading for _, heading in COST_COLUMNS), tuple(rows))


def drill(name: str, results: Sequence[Record]) -> Board:
    """One drill over all strategies, each beside its own promise."""
    told = [(result["name"], drilled) for result in results if (drilled := _drills(result).get(name))]
    columns = DRILL_COLUMNS.get(name) or tuple(
        (key, figures.printable(key).replace("_", " "))
        for key in dict.fromkeys(k for _, d in told for k in d["figures"])
    )
    rows = [
        Row(
            strategy,
            tuple(cell(drilled["figures"], key) for key, _ in columns),
            figures.printable(drilled["expected"]),
            drilled["as_expected"],
        )
        for strategy, drilled in told
    ]
    return Board(name, tuple(heading for _, heading in columns), tuple(rows))


def cell(record: Mapping[str, Any], name: str) -> str:
    """A figure with the unit that its name ends with; a dash for one that is not there.

    None is "never" for a time of a drill in seconds, otherwise "unknown".
    """
    if name not in record:
        return figures.NONE
    value = record[name]
    unit = name.rpartition("_")[2]
    if value is None:
        return "never" if unit == "s" else "unknown"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return figures.plain(value)
    if "share" in name:
        return percent(value)
    if unit in UNITS:
        return f"{round(value, 2):g} {UNITS[unit]}"
    return figures.plain(value)


def _drills(result: Record) -> Mapping[str, Any]:
    """The drills of a result, as far as they are what a drill gives: records also come from elsewhere."""
    drills = result["extra"].get("drills")
    if not isinstance(drills, Mapping):
        return {}
    wanted = {"figures", "expected", "as_expected"}
    return {name: one for name, one in drills.items() if isinstance(one, Mapping) and wanted <= set(one)}
