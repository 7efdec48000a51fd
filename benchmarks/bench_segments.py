"""TCP segments a call beside the truth: how well do sockets count calls? The table of docs/segments.md.

Needs a cluster (the current context), LBDEMO_REGISTRY and Go. Somebody's clients make a known number of calls over one
connection to somebody's server, whose socket is then asked for its TCP_INFO as `lbdemo diagnose` does. It prints the
table; `python benchmarks/bench_segments.py --write` also puts it into the page. About two minutes.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.collect.socket_script import WAYS, sockets
from lbdemo.diagnose.looks import ESTABLISHED

if TYPE_CHECKING:
    from e2e.foreign import Shop

TREE = Path(__file__).parents[1]
PAGE = TREE / "docs" / "segments.md"
MARKS = "<!-- measured: begin -->", "<!-- measured: end -->"
COMMAND = "python benchmarks/bench_segments.py --write"
HEAD = "| client | server | load | calls | segments in, a call | segments out, a call | bytes in, a call |"
LINE = "|---|---|---|---|---|---|---|"
METHOD = "--method=/helloworld.Greeter/SayHello"
CHAT = "--method=/grpc.examples.echo.Echo/BidirectionalStreamingEcho"

sys.path.insert(0, str(TREE / "tests"))


@dataclass(frozen=True)
class Case:
    """`rate` calls a second; the message has `size` bytes; `stream`: messages of one stream in place of calls."""

    client: str  # go, python, or envoy (which go's calls pass through)
    server: str  # go or python
    rate: int
    size: int = 5
    stream: bool = False

    @property
    def calls(self) -> int:
        """As many as take some 4 seconds, but no fewer than 200."""
        return max(200, min(4000, 4 * self.rate))

    @property
    def load(self) -> str:
        what = "messages of one stream" if self.stream else "calls"
        size = f" of {self.size // 1024} KiB" if self.size >= 1024 else ""
        return f"{self.rate:,} {what}{size} a second"


CASES = (
    *(Case(client, server, rate) for client in ("python", "go", "envoy") for server in ("python", "go")
      for rate in (50, 500)),
    Case("go", "go", 2000),
    *(Case(client, "python", 50, 16 * 1024) for client in ("python", "go")),
    *(Case(client, server, 50, stream=True) for client in ("python", "go") for server in ("python", "go")),
)  # fmt: skip


def servers(shop: Shop) -> None:
    """One server of each kind; beside Go's stands a container that has a Python, since its own image has nothing."""
    from e2e.foreign import go_server, python_server, service
    from e2e.foreign_images import image

    go = go_server("server-go", 1)
    beside = {"name": "beside", "image": image("python"), "command": ["/venv/bin/python", "-c"]}
    wait = "import signal; signal.sigwait([signal.SIGTERM])"
    go["spec"]["template"]["spec"]["containers"].append({**beside, "args": [wait]})
    shop.apply(python_server("server-python", 1), service("server-python"), go, service("server-go"))


def client(case: Case, name: str) -> dict[str, Any]:
    from e2e.foreign import go_client, python_client
    from e2e.foreign_proxies import LISTENS, container

    target, sign = f"server-{case.server}:80", "--" if case.client == "python" else "-"
    told = [f"{sign}calls={case.calls}", f"{sign}rate={case.rate}", f"{sign}size={case.size}"]
    told += [f"{sign}stream"] if case.stream else []
    if case.client == "python":
        return python_client(name, target, *told, CHAT if case.stream else METHOD)
    if case.client == "go":
        return go_client(name, target, *told)
    made = go_client(name, f"127.0.0.1:{LISTENS}", *told)
    first = {"restartPolicy": "Always", "startupProbe": {"tcpSocket": {"port": LISTENS}, "periodSeconds": 1}}
    made["spec"]["template"]["spec"]["initContainers"] = [container(f"server-{case.server}", 80) | first]
    return made


def row(shop: Shop, case: Case, number: int) -> str:
    """The case's line of the table."""
    name = f"client-{number}"
    shop.apply(client(case, name))
    answered = finished(shop, name, case.calls)
    pod = json.loads(shop.kubectl("get", "pods", "-l", f"app={name}", "-o", "json"))["items"][0]
    look = shop.kubectl("exec", f"deployment/server-{case.server}", "-c", beside(case), "--", *WAYS[0].command(1, 0))
    held = [one for one in sockets(look.splitlines())
            if one.state == ESTABLISHED and one.peer == pod["status"]["podIP"]]  # fmt: skip
    shop.kubectl("delete", "deployment", name, "--wait=false")
    assert len(held) == 1, f"{len(held)} connections of {name}"
    (one,) = held
    figures = [f"{(value or 0) / answered:.2f}" for value in (one.segments_in, one.segments_out)]
    words = (case.client, case.server, case.load, f"{answered:,}", *figures, f"{(one.bytes_in or 0) / answered:,.0f}")
    return f"| {' | '.join(words)} |"


def beside(case: Case) -> str:
    return "beside" if case.server == "go" else "main"


def finished(shop: Shop, name: str, calls: int, seconds: float = 60) -> int:
    """Waits until all calls have ended, and gives back how many were answered."""
    deadline = time.monotonic() + seconds
    while True:
        log = shop.kubectl("logs", f"deployment/{name}", "-c", "main", "--tail=1")
        found = re.search(r"calls (\d+) failed (\d+)", log)
        if found and int(found[1]) + int(found[2]) == calls:
            assert found[2] == "0", f"{name}: {log}"
            return calls
        assert time.monotonic() < deadline, f"{name} did not end: {log}"
        time.sleep(0.5)


def table(lines: Sequence[str]) -> str:
    today = datetime.datetime.now(datetime.UTC).date()
    return "\n".join((f"Measured on {today} by `{COMMAND}`.", "", HEAD, LINE, *lines))


def rows() -> Iterator[str]:
    from e2e.foreign import Shop

    shop = Shop.open()
    try:
        servers(shop)
        for number, case in enumerate(CASES):
            yield row(shop, case, number)
    finally:
        shop.close()


def main() -> None:
    if not os.environ.get("LBDEMO_REGISTRY") or not os.environ.get("LBDEMO_ENVOY_IMAGE"):
        print("bench_segments: needs a cluster, LBDEMO_REGISTRY and LBDEMO_ENVOY_IMAGE: skipped")
        return
    if subprocess.run(["kubectl", "version"], capture_output=True, check=False).returncode:
        print("bench_segments: needs a cluster as the current context: skipped")
        return
    print(f"{HEAD}\n{LINE}", flush=True)
    lines = []
    for line in rows():
        print(line, flush=True)
        lines.append(line)
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text().partition(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n{table(lines)}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}")


if __name__ == "__main__":
    main()
