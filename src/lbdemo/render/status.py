"""The status as a few lines and a table."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_status(console: Console, status: dict[str, Any]) -> None:
    """Prints the record that `--json` prints, for a person."""
    lines = [
        ("context", _context(status["context"])),
        ("namespace", _namespace(status["namespace"])),
        ("strategy", status["strategy"] or "nothing installed; `lbdemo up` installs it"),
        ("istio", status["istio"]),
        ("releases", ", ".join(f"{r['name']} {r['status']} (revision {r['revision']})" for r in status["releases"])),
        ("unseen", "; ".join(status["unseen"])),
        ("image", ", ".join(sorted({p["image"] for p in status["pods"]}))),
    ]
    for name, value in lines:
        if value:
            console.print(Text.assemble((f"{name:<10} ", "bold"), value), soft_wrap=True)
    if status["pods"]:
        console.print(_pods(status["pods"]))


def _context(context: dict[str, Any]) -> str:
    name = context["name"] or "this pod's own cluster"
    return f"{name} ({context['server']})"


def _namespace(place: dict[str, Any]) -> str:
    injection = f", injection {place['injection']}" if place["injection"] else ""
    return f"{place['name']} ({place['state']}){injection}"


def _pods(pods: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("POD", no_wrap=True)
    for name in ("STATE", "SIDECAR", "RESTARTS", "NODE"):
        table.add_column(name)
    for pod in pods:
        state = Text(pod["state"], style="green" if pod["state"] == "Ready" else "yellow")
        table.add_row(pod["name"], state, "yes" if pod["sidecar"] else "no", str(pod["restarts"]), pod["node"])
    return table
