"""The calls in their order: what each server had of one batch after another. Heights tell it, no colour has to."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from lbdemo.render import svg
from lbdemo.render.figures import printable
from lbdemo.words import figure, number, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

HEIGHT = 26
FULL = 100
"""The height of a batch of which a server has all calls, in the units of the stretched field."""

FEWEST = 2
"""Of one server, or in one batch, there is no order to see."""


def strips(result: Record) -> str:
    """A row a server, with the batches from left to right; '' where there is no order to see."""
    batches = result["summary"]["batches"]
    if not batches or len(batches["servers"]) < FEWEST or len(batches["counts"]) < FEWEST:
        return ""
    fair = {share["server"]: share["expected_share"] for share in result["verdict"]["shares"]}
    sizes = [sum(batch) for batch in batches["counts"]]
    rows = []
    for index, server in enumerate(batches["servers"]):
        parts = [batch[index] / size if size else 0.0 for batch, size in zip(batches["counts"], sizes, strict=True)]
        rows.append(_row(printable(server), parts, fair.get(server, 0.0)))
    return f'<h3>In their order</h3>\n<p class="legend">{escape(caption(result))}</p>\n' + "\n".join(rows)


def caption(result: Record) -> str:
    """What is drawn, and the one figure that sums it up."""
    counts, phi = result["summary"]["batches"]["counts"], result["verdict"]["phi"]
    size = round(sum(map(sum, counts)) / len(counts))
    drawn = (
        f"{len(counts)} batches of about {number(size)} calls, as they were sent: the part of each that a server had"
    )
    spread = "" if phi is None else f"; from batch to batch it varies {figure(phi)} times as much as by chance"
    return f"{drawn}, dashed what is fair{spread} (round robin 0, dice 1, one server at a time far more)"


def _row(server: str, parts: Sequence[float], fair: float) -> str:
    least, most = percent(min(parts)), percent(max(parts))
    said = f"{least} of a batch" if least == most else f"{least} to {most} of a batch"
    return (
        f'<div class="row"><span class="name">{escape(server)}</span>{strip(server, parts, fair, said)}'
        f'<span class="values">{escape(said)}</span></div>'
    )


def strip(server: str, parts: Sequence[float], fair: float, said: str) -> str:
    """One server: a column a batch, as high as its part of it; `fair` is drawn through them."""
    columns = "".join(f"M{at} {FULL}V{FULL - round(part * FULL)}h1V{FULL}" for at, part in enumerate(parts) if part)
    size = f'width="100%" height="{HEIGHT}" viewBox="0 0 {len(parts)} {FULL}"'
    field = f'<svg {size} preserveAspectRatio="none"><path class="bar" d="{columns}"/></svg>'
    level = svg.line("fair", 0, 1, HEIGHT * (1 - fair)) if fair else ""
    return svg.chart("strip", HEIGHT, f"{server}, batch by batch: {said}", field + level)
