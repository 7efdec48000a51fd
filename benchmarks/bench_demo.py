"""`lbdemo demo`, acts 1 to 3, as a person starts it: wall time, CPU time of all processes, where the time goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

RUNS = 3
AIM = 6.0


def run() -> tuple[float, float, dict[str, float]]:
    """Seconds by the clock, seconds of CPU, and the seconds of calls of each act."""
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "lbdemo", "demo", "--json"], capture_output=True, check=False)
    wall, after = time.perf_counter() - begun, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    report = json.loads(done.stdout)
    return wall, cpu, {result["name"]: result["summary"]["seconds"] for result in report["results"]}


def main() -> None:
    for number in range(1, RUNS + 1):
        wall, cpu, acts = run()
        told = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in acts.items())
        told += f", everything else {wall - sum(acts.values()):.2f} s"
        print(f"demo run {number}: {wall:.2f} s (aim: under {AIM:g} s), CPU {cpu:.2f} s; {told}")


if __name__ == "__main__":
    main()
