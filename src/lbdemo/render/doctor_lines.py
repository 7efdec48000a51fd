"""An examination in lines: one for each check that is not fine, and one that sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.render.figures import Record


def lines(record: Record) -> list[str]:
    """What failed and what may trouble, then the summary."""
    told = [check for check in record["checks"] if check["status"] in ("failed", "warning")]
    return [*(f"{c['status']}  {c['group']}/{c['name']}: {c['seen']}" for c in told), summary(record)]


def summary(record: Record) -> str:
    """Fit or not, for what, and how many checks stand how."""
    whatever = record["summary"]
    what = f"`lbdemo {record['for']}`" + (f" with strategy {record['strategy']}" if record["strategy"] else "")
    parts = [f"{whatever['ok']} ok", count(whatever["warning"], "warning"), f"{whatever['failed']} failed"]
    parts += [f"{whatever['skipped']} skipped"]
    return f"{'fit' if record['fit'] else 'NOT fit'} for {what}: {', '.join(parts)}"
