"""The scoreboard of `compare`: strategies side by side, what each costs, and what the drills showed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from lbdemo.render import figures

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.render.figures import Record

# The figures of each drill that fit a terminal: (figure, heading); the record has all of them.
DRILL_COLUMNS = {
    "scale-up": (("first_call_s", "first call"), ("even_again_s", "even again")),
    "rolling-restart": (("failed", "failed"), ("longest_gap_s", "longest gap")),
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
UNITS = {"s": " s", "mb": " MB", "ms": " ms", "calls": " ms", "share": ""}


def print_scoreboard(console: Console, report: Record) -> None:
    """What `compare` adds to the report: one table of costs, one of each drill."""
    results = report["results"]
    if not results:
        return
    console.print(costs(results))
    for drill in dict.fromkeys(name for result in results for name in result["extra"].get("drills", {})):
        console.print()
        console.print(drill_table(drill, results))


def without_scores(report: Record) -> Record:
    """The report without the figures that the scoreboard shows in tables."""
    shown = {"drills", *(name for name, _ in COST_COLUMNS)}
    results = [
        {**result, "extra": {name: value for name, value in result["extra"].items() if name not in shown}}
        for result in report["results"]
    ]
    return {**report, "results": results}


def costs(results: list[Record]) -> Table:
    """What each strategy costs: set-up time, memory and CPU of what it adds."""
    table = _table("cost")
    for _, heading in COST_COLUMNS:
        table.add_column(heading, justify="right")
    for result in results:
        table.add_row(Text(result["name"]), *(cell(result["extra"], name) for name, _ in COST_COLUMNS))
    return table


def drill_table(drill: str, results: list[Record]) -> Table:
    """One drill over all strategies; what differs from the strategy's own promise is marked."""
    columns = DRILL_COLUMNS.get(drill, ())
    table = _table(drill)
    for _, heading in columns:
        table.add_column(heading, justify="right")
    table.add_column("as expected?")
    for result in results:
        if drilled := result["extra"].get("drills", {}).get(drill):
            cells = [cell(drilled["figures"], name, never="never") for name, _ in columns]
            kept = drilled["as_expected"]
            told = Text("yes", "green") if kept else Text(f"NO: {figures.printable(drilled['expected'])}", "bold red")
            table.add_row(Text(result["name"]), *cells, told)
    return table


def cell(record: Record, name: str, never: str = "unknown") -> str:
    """A figure with the unit that its name ends with; `never` for one of None, a dash for one that is not there."""
    if name not in record:
        return figures.NONE
    value: Any = record[name]
    if value is None:
        return never
    if "share" in name:
        return f"{value * 100:.0f} %"
    return f"{round(value, 2):g}{UNITS.get(name.rpartition('_')[2], '')}"


def _table(title: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(title, no_wrap=True, style="bold")
    return table
