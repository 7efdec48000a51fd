"""What a person waits for most often: `status` beside one `kubectl get`, an `up` that changes nothing, `verify`.

Needs a cluster (the current context) and LBDEMO_REGISTRY. All are run in turns, so that what disturbs one disturbs
all; prints medians, by how much they are longer than `kubectl get`, and of `verify` how long the calls alone take.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

NAMESPACE = "lbdemo-bench"
ROUNDS = 7
LBDEMO = [sys.executable, "-m", "lbdemo", "-n", NAMESPACE]
COMMANDS = {
    "kubectl get pods,svc,deploy": ["kubectl", "-n", NAMESPACE, "get", "pods,svc,deploy"],
    "lbdemo --version": [*LBDEMO, "--version"],
    "lbdemo status": [*LBDEMO, "status"],
    "lbdemo up, nothing to change": [*LBDEMO, "up"],
    "lbdemo verify, 2 pods": [*LBDEMO, "verify", "--json"],
}
AIMS = {
    "lbdemo status": "aim: 2.5 x kubectl get",
    "lbdemo up, nothing to change": "aim: 0.6 s",
    "lbdemo verify, 2 pods": "aim: 3 s",
}


def timed(argv: Sequence[str]) -> tuple[float, str]:
    """Seconds and stdout of one run."""
    begun = time.perf_counter()
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return time.perf_counter() - begun, done.stdout


def main() -> None:
    known = subprocess.run(["kubectl", "version"], capture_output=True, check=False).returncode == 0
    if not known or not os.environ.get("LBDEMO_REGISTRY"):
        print("bench_status: needs a cluster as the current context, and LBDEMO_REGISTRY: skipped")
        return
    subprocess.run([*LBDEMO, "up"], check=True, stdout=subprocess.DEVNULL)
    try:
        measure()
    finally:
        subprocess.run([*LBDEMO, "clean"], check=True, stdout=subprocess.DEVNULL)


def measure() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    said = dict.fromkeys(COMMANDS, "")
    for _ in range(ROUNDS):
        for name, argv in COMMANDS.items():
            seconds, said[name] = timed(argv)
            times[name].append(seconds)
    base = statistics.median(times["kubectl get pods,svc,deploy"])
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:30} {median:6.2f} s  {median / base:6.2f} x kubectl get  {AIMS.get(name, '')}".rstrip())
    calls = json.loads(said["lbdemo verify, 2 pods"])["results"][0]["summary"]["seconds"]
    print(f"{'  of which its calls':30} {calls:6.2f} s")


if __name__ == "__main__":
    main()
