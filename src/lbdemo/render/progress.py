"""Steps as they go, live on a terminal."""

from __future__ import annotations

import threading
import time

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text


class LiveProgress:
    """Finished steps above, running ones below with a spinner, what they do just now, and their seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: dict[str, tuple[str, float, str]] = {}
        self._lock = threading.Lock()
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(get_renderable=self._block, console=console, refresh_per_second=10, transient=True)

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, key: str, title: str) -> None:
        """Shows it as running."""
        with self._lock:
            self._running[key] = (title, time.monotonic(), "")

    def progress(self, key: str, text: str) -> None:
        """Shows what it is doing."""
        with self._lock:
            if key in self._running:
                title, begun, _ = self._running[key]
                self._running[key] = (title, begun, text)

    def finished(self, key: str, title: str, seconds: float, note: str) -> None:
        """Moves it above."""
        self._over(
            key,
            Text.assemble(("✓ ", "green"), title, (f"  {note}" if note else "", "dim"), (f"  {seconds:.1f} s", "cyan")),
        )

    def failed(self, key: str, title: str, seconds: float) -> None:
        """Moves it above, marked."""
        self._over(key, Text.assemble(("✗ ", "red"), title, (f"  {seconds:.1f} s", "cyan")))

    def _over(self, key: str, line: Text) -> None:
        with self._lock:
            self._running.pop(key, None)
        self._console.print(line, soft_wrap=False)

    def _block(self) -> Group:
        with self._lock:
            rows = list(self._running.values())
        return Group(*(self._row(*row) for row in rows))

    def _row(self, title: str, begun: float, text: str) -> Table:
        row = Table.grid(padding=(0, 1))
        row.add_column(width=1)
        row.add_column(no_wrap=True, overflow="ellipsis")
        words = Text.assemble(
            title, (f"  {text}" if text else "", "dim"), (f"  {time.monotonic() - begun:.0f} s", "cyan")
        )
        row.add_row(self._spinner, words)
        return row
