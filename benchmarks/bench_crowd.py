"""`up`, `status` and `clean` among 5 000 config maps of 20 kB and 5 000 pods, beside the same on an empty cluster.

Needs a cluster (the current context) and LBDEMO_REGISTRY. Prints what goes to and from the API server, the memory of
all processes together, and the time. The pods are labelled as a mesh's, and name a scheduler that nobody runs, so that
they cost the nodes nothing.
"""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from crowds import Request, populated
from footprint import Footprint, measure
from relay import Relay, relayed

OBJECTS = int(os.environ.get("CROWD_OBJECTS", "5000"))  # of each kind
SIZE = 20_000  # bytes of data in a config map
SPACES = tuple(f"crowd-{number}" for number in range(5))
ROUNDS = 2
NAMESPACE = "lbdemo-bench"
COMMANDS = (("up", "--yes"), ("status",), ("clean", "--yes"))
LIMITS = "aims: less than 3 MB more, less than 150 MB, at most 1 s longer"


def main() -> None:
    if subprocess.run(["kubectl", "version"], capture_output=True, check=False).returncode:
        print("bench_crowd: needs a cluster as the current context: skipped")
        return
    subprocess.run([sys.executable, "-m", "lbdemo", "build"], check=True, capture_output=True)
    with tempfile.TemporaryDirectory() as folder, relayed(Path(folder)) as (relay, kubeconfig):
        alone = best(relay, kubeconfig)
        with crowd():
            amid = best(relay, kubeconfig)
    print(f"{OBJECTS} config maps of {SIZE / 1000:g} kB and {OBJECTS} pods; {LIMITS}")
    print(f"{'':8}{'transfer':>20}{'memory':>20}{'time':>20}")
    for (name, *_), before, after in zip(COMMANDS, alone, amid, strict=True):
        print(row(name, before, after), flush=True)


Cost = tuple[int, Footprint]  # bytes transferred, and the rest


def row(name: str, before: Cost, after: Cost) -> str:
    """The empty cluster's figures, and those in the crowd."""
    transfer = f"{before[0] / 1e6:.2f} → {after[0] / 1e6:.2f} MB"
    memory = f"{before[1].memory / 1e6:.0f} → {after[1].memory / 1e6:.0f} MB"
    seconds = f"{before[1].seconds:.1f} → {after[1].seconds:.1f} s"
    return f"{name:8}{transfer:>20}{memory:>20}{seconds:>20}"


def best(relay: Relay, kubeconfig: Path) -> list[Cost]:
    """Of several rounds the least of each figure: what else the machine did is not the cluster's size."""
    rounds = [run_all(relay, kubeconfig) for _ in range(ROUNDS)]
    return [
        (min(cost[0] for cost in costs), Footprint(min(c.seconds for _, c in costs), min(c.memory for _, c in costs)))
        for costs in zip(*rounds, strict=True)
    ]


def run_all(relay: Relay, kubeconfig: Path) -> list[Cost]:
    """Each command once, from an empty namespace back to one."""
    return [run(relay, kubeconfig, command) for command in COMMANDS]


def run(relay: Relay, kubeconfig: Path, command: Sequence[str]) -> Cost:
    before = relay.transferred
    argv = [sys.executable, "-m", "lbdemo", "-n", NAMESPACE, *command]
    taken = measure(argv, {**os.environ, "KUBECONFIG": str(kubeconfig)})
    return relay.transferred - before, taken


@contextlib.contextmanager
def crowd() -> Iterator[None]:
    """Thousands of objects of nobody, in namespaces of their own; gone at the end, whatever happens."""
    with populated(SPACES) as add:
        numbers = range(OBJECTS)
        add(Request("POST", f"/api/v1/namespaces/{space(n)}/configmaps", config_map(n)) for n in numbers)
        add(Request("POST", f"/api/v1/namespaces/{space(n)}/pods", pod(n)) for n in numbers)
        yield


def space(number: int) -> str:
    return SPACES[number % len(SPACES)]


def config_map(number: int) -> dict[str, Any]:
    """Random text: a compressed list would be smaller than real ones."""
    text = base64.b64encode(os.urandom(SIZE * 3 // 4)).decode()
    return {"metadata": {"name": f"crowd-{number}"}, "data": {"text": text}}


def pod(number: int) -> dict[str, Any]:
    labels = {"app": "crowd", "security.istio.io/tlsMode": "istio"}
    spec = {"schedulerName": "nobody", "containers": [{"name": "main", "image": "crowd"}]}
    return {"metadata": {"name": f"crowd-{number}", "labels": labels}, "spec": spec}


if __name__ == "__main__":
    main()
