"""Start-up: `lbdemo --version` beside a bare Typer program and `kubectl version --client`. Prints ratios (medians)."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROUNDS = 15

BARE = """
import typer
app = typer.Typer(add_completion=False)
def show(wanted: bool):
    if wanted:
        print("1")
        raise typer.Exit
@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", callback=show, is_eager=True)):
    pass
app()
"""


def milliseconds(argv: Sequence[str]) -> float:
    """The wall time of one run."""
    begun = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        programs = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "bare Typer": [sys.executable, str(bare), "--version"],
            "lbdemo --version": [sys.executable, "-m", "lbdemo", "--version"],
            "lbdemo --help": [sys.executable, "-m", "lbdemo", "--help"],
        }
        if shutil.which("kubectl"):
            programs["kubectl version --client"] = ["kubectl", "version", "--client"]
        times: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(ROUNDS):  # in turns: what disturbs one disturbs all
            for name, argv in programs.items():
                times[name].append(milliseconds(argv))
    base = statistics.median(times["bare Typer"])
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:26} {median:7.1f} ms  {median / base:5.2f} x bare Typer")


if __name__ == "__main__":
    main()
