"""`diagnose` of a called service in a namespace with 1 000 other Services and 5 000 pods, beside the same alone in one.

Needs a cluster (the current context) and LBDEMO_REGISTRY. Prints when the first words come, how long all takes beyond
the watch, what goes to and from the API server, and the memory of all processes together. The pods name a scheduler
that nobody runs, and are told to be ready at addresses of their own: they cost the nodes nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crowds import Request, populated
from footprint import Footprint, measure
from relay import Relay, relayed

SERVICES = int(os.environ.get("CROWD_SERVICES", "1000"))
PODS = int(os.environ.get("CROWD_PODS", "5000"))
NAMESPACE = "lbdemo-bench"
WATCH = 10.0  # seconds
ROUNDS = 3
SETTLED = 30.0  # seconds in which the control plane makes the slices
AIMS = "aims: first words within 1 s, done within 5 s beyond the watch, less than 150 MB"
OURS = (sys.executable, "-m", "lbdemo", "-n", NAMESPACE)


def main() -> None:
    if subprocess.run(["kubectl", "version"], capture_output=True, check=False).returncode:
        print("bench_diagnose_crowd: needs a cluster as the current context: skipped")
        return
    subprocess.run([*OURS, "up", "--yes", "--strategy", "clusterip"], check=True, capture_output=True)
    with populated([NAMESPACE]) as add, tempfile.TemporaryDirectory() as folder, relayed(Path(folder)) as way:
        alone = best(*way)
        add(services())
        add(pods())
        add(statuses())
        time.sleep(SETTLED)
        amid = best(*way)
    print(f"{SERVICES} Services and {PODS} pods beside it; {AIMS}")
    for name, figures in (("alone", alone), ("amid", amid)):
        print(f"{name:8}{row(*figures)}", flush=True)


def row(transferred: int, cost: Footprint) -> str:
    times = f"first words {cost.first:.2f} s, {cost.seconds - WATCH:.1f} s more than watched"
    return f"{times}, {transferred / 1e6:.2f} MB, {cost.memory / 1e6:.0f} MB of memory"


def best(relay: Relay, kubeconfig: Path) -> tuple[int, Footprint]:
    """Of several rounds the least of each figure: what else the machine did is not the cluster's size."""
    rounds = [once(relay, kubeconfig) for _ in range(ROUNDS)]
    costs = [cost for _, cost in rounds]
    least = Footprint(min(c.seconds for c in costs), min(c.memory for c in costs), min(c.first for c in costs))
    return min(transferred for transferred, _ in rounds), least


def once(relay: Relay, kubeconfig: Path) -> tuple[int, Footprint]:
    before = relay.transferred
    argv = [*OURS, "diagnose", "echo-server", "--watch", f"{WATCH:g}s"]
    cost = measure(argv, {**os.environ, "KUBECONFIG": str(kubeconfig)}, fine=(0, 1))
    return relay.transferred - before, cost


def services() -> Iterator[Request]:
    for number in range(SERVICES):
        spec = {"selector": {"app": f"crowd-{number}"}, "ports": [{"port": 8080, "name": "grpc"}]}
        yield Request(
            "POST", f"/api/v1/namespaces/{NAMESPACE}/services", {"metadata": {"name": f"crowd-{number}"}, "spec": spec}
        )


def pods() -> Iterator[Request]:
    for number in range(PODS):
        yield Request("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", pod(number))


def pod(number: int) -> dict[str, Any]:
    """As large as a usual one: two containers with some variables, one of them a sidecar."""
    env = [{"name": f"SETTING_{n}", "value": f"value-{n}.crowd-{number}:8080"} for n in range(15)]
    containers = [{"name": name, "image": f"registry.example/{name}:1", "env": env} for name in ("main", "sidecar")]
    labels = {"app": f"crowd-{number % SERVICES}", "version": "v1", "pod-template-hash": f"{number:08x}"}
    return {
        "metadata": {"name": f"crowd-{number}", "labels": labels},
        "spec": {"schedulerName": "nobody", "containers": containers},
    }


def statuses() -> Iterator[Request]:
    for number in range(PODS):
        address = f"10.99.{number // 250}.{number % 250 + 1}"
        conditions = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady", "PodScheduled")]
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions}
        yield Request("PATCH", f"/api/v1/namespaces/{NAMESPACE}/pods/crowd-{number}/status", {"status": status})


if __name__ == "__main__":
    main()
