"""What a diagnosis takes between the last look and the last word, by the size of the service: CPU time, as ratios."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

from rich.console import Console

from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Caller, Evidence
from lbdemo.render.diagnosis import print_diagnosis

SIZES = ((3, 3), (10, 20), (50, 50))


def service(pods: int, callers: int) -> Evidence:
    """So many pods and callers, all connected to all, in twelve looks."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from diagnose.shops import pod, shop

    servers = [pod(f"payments-{n}", f"10.0.0.{n + 1}") for n in range(pods)]
    addresses = {f"caller-{n}": f"10.1.0.{n + 1}" for n in range(callers)}
    clients = [
        Caller(f"shop/{name}", (address,), "sockets", pod(name, address), f"deployment/{name}")
        for name, address in addresses.items()
    ]
    held = {server.name: dict.fromkeys(addresses.values(), 1) for server in servers}
    segments = {server.name: dict.fromkeys(addresses.values(), 3) for server in servers}
    return shop(held, callers=clients, pods=servers, headless=True, segments=segments)


def seconds(evidence: Evidence) -> float:
    begun = time.process_time()
    print_diagnosis(Console(file=io.StringIO(), width=120), diagnose(evidence).to_dict())
    return time.process_time() - begun


def main() -> None:
    first = 0.0
    for pods, callers in SIZES:
        taken = seconds(service(pods, callers))
        first = first or taken
        print(
            f"{pods} pods, {callers} callers, {12 * pods * callers} sockets: {taken:.2f} s CPU, {taken / first:.1f} x"
        )


if __name__ == "__main__":
    main()
