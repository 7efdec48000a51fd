"""TCP segments beside the truth: how well do sockets count calls? The tables of docs/segments.md.

Needs a cluster (the current context), LBDEMO_REGISTRY and Go. Somebody's clients make a known number of calls over one
connection to somebody's server, whose socket is then asked for its TCP_INFO as `lbdemo diagnose` does; then over
connections to three servers that count calls themselves. It prints the tables; `python benchmarks/bench_segments.py
--write` also puts them into the page. About four minutes.
"""

from __future__ import annotations

import datetime
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
from lbdemo.diagnose.looks import ESTABLISHED, Socket

if TYPE_CHECKING:
    from e2e.foreign import Shop

TREE = Path(__file__).parents[1]
PAGE = TREE / "docs" / "segments.md"
MARKS = "<!-- measured: begin -->", "<!-- measured: end -->"
COMMAND = "python benchmarks/bench_segments.py --write"
HEAD = "| client | server | load | calls | segments in, a call | segments out, a call | bytes in, a call |"
METRICS = 9100  # where Go's servers count, as tests/e2e/foreign.py says
LINE = "|---|---|---|---|---|---|---|"
SHARES = "| client | connections | load | calls, pod by pod | by segments | largest error of a share |"
SHARES_LINE = "|---|---|---|---|---|---|"
PODS = 3
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


@dataclass(frozen=True)
class Spread:
    """Calls to three pods: a round robin over all, or a pool of so many connections to the Service's one address."""

    client: str
    rate: int
    pool: int = 0

    @property
    def calls(self) -> int:
        return 300 if self.rate < 100 else 3000

    def made(self, name: str) -> dict[str, Any]:
        from e2e.foreign import PORT, go_client, python_client
        from e2e.foreign_proxies import LISTENS

        target = "several:80" if self.pool else f"dns:///several-pods:{PORT}"
        if self.client == "python":
            how = (f"--channels={self.pool}", "--own-connections") if self.pool else ("--policy=round_robin",)
            return python_client(name, target, f"--calls={self.calls}", f"--rate={self.rate}", METHOD, *how)
        told = [f"-calls={self.calls}", f"-rate={self.rate}"]
        if self.client == "envoy":
            return behind_envoy(go_client(name, f"127.0.0.1:{LISTENS}", *told), "several-pods", PORT)
        return go_client(name, target, *told, f"-connections={self.pool}" if self.pool else "-policy=round_robin")


CASES = (
    *(Case(client, server, rate) for client in ("python", "go", "envoy") for server in ("python", "go")
      for rate in (50, 500)),
    Case("go", "go", 2000),
    *(Case(client, "python", 50, 16 * 1024) for client in ("python", "go")),
    *(Case(client, server, 50, stream=True) for client in ("python", "go") for server in ("python", "go")),
)  # fmt: skip
SPREAD = (
    *(Spread(client, rate) for client in ("python", "go", "envoy") for rate in (50, 500)),
    *(Spread(client, rate, pool=5) for client in ("python", "go") for rate in (50, 500)),
)  # fmt: skip


def servers(shop: Shop) -> None:
    """One server of each kind, and three of Go's behind two Services: with an address, and headless.

    Beside Go's stands a container that has a Python, since its own image has nothing.
    """
    from e2e.foreign import go_server, python_server, service
    from e2e.foreign_images import image

    beside = {"name": "beside", "image": image("python"), "command": ["/venv/bin/python", "-c"]}
    wait = "import signal; signal.sigwait([signal.SIGTERM])"
    ours = [go_server("server-go", 1), go_server("several", PODS)]
    for one in ours:
        one["spec"]["template"]["spec"]["containers"].append({**beside, "args": [wait]})
    shop.apply(python_server("server-python", 1), service("server-python"), *ours, service("server-go"),
               service("several"), service("several-pods", headless=True, selector={"app": "several"}))  # fmt: skip


def client(case: Case, name: str) -> dict[str, Any]:
    from e2e.foreign import go_client, python_client
    from e2e.foreign_proxies import LISTENS

    target, sign = f"server-{case.server}:80", "--" if case.client == "python" else "-"
    told = [f"{sign}calls={case.calls}", f"{sign}rate={case.rate}", f"{sign}size={case.size}"]
    told += [f"{sign}stream"] if case.stream else []
    if case.client == "python":
        return python_client(name, target, *told, CHAT if case.stream else METHOD)
    if case.client == "go":
        return go_client(name, target, *told)
    return behind_envoy(go_client(name, f"127.0.0.1:{LISTENS}", *told), f"server-{case.server}", 80)


def behind_envoy(made: dict[str, Any], upstream: str, port: int) -> dict[str, Any]:
    """The client with an Envoy in its own pod, which listens before the client starts."""
    from e2e.foreign_proxies import LISTENS, container

    first = {"restartPolicy": "Always", "startupProbe": {"tcpSocket": {"port": LISTENS}, "periodSeconds": 1}}
    made["spec"]["template"]["spec"]["initContainers"] = [container(upstream, port) | first]
    return made


def row(shop: Shop, case: Case, number: int) -> str:
    """The case's line of the table."""
    name = f"client-{number}"
    shop.apply(client(case, name))
    answered = finished(shop, name, case.calls)
    held = connections(shop, f"deployment/server-{case.server}", beside(case.server), address(shop, name))
    shop.kubectl("delete", "deployment", name, "--wait=false")
    assert len(held) == 1, f"{len(held)} connections of {name}"
    (one,) = held
    figures = [f"{(value or 0) / answered:.2f}" for value in (one.segments_in, one.segments_out)]
    words = (case.client, case.server, case.load, f"{answered:,}", *figures, f"{(one.bytes_in or 0) / answered:,.0f}")
    return f"| {' | '.join(words)} |"


def beside(server: str) -> str:
    """The container of the server's pod that has a Python."""
    return "beside" if server == "go" else "main"


def address(shop: Shop, name: str) -> str:
    """The one client's own."""
    return str(shop.kubectl("get", "pods", "-l", f"app={name}", "-o", "jsonpath={.items[0].status.podIP}"))


def connections(shop: Shop, server: str, container: str, peer: str) -> list[Socket]:
    """What the server's kernel says of the client's connections."""
    look = shop.kubectl("exec", server, "-c", container, "--", *WAYS[0].command(1, 0))
    return [one for one in sockets(look.splitlines())
            if one.state == ESTABLISHED and one.peer == peer and one.local_port != METRICS]  # fmt: skip


def share_row(shop: Shop, spread: Spread, number: int) -> str:
    """The line of a client that calls several pods: their own counts beside the segments that came."""
    pods = shop.kubectl("get", "pods", "-l", "app=several", "-o", "jsonpath={.items[*].metadata.name}").split()
    before = [counted(shop, pod) for pod in pods]
    name = f"several-client-{number}"
    shop.apply(spread.made(name))
    finished(shop, name, spread.calls)
    calls = [counted(shop, pod) - old for pod, old in zip(pods, before, strict=True)]
    peer = address(shop, name)
    segments = [sum(one.segments_in or 0 for one in connections(shop, pod, "beside", peer)) for pod in pods]
    shop.kubectl("delete", "deployment", name, "--wait=false")
    errors = [abs(came / sum(segments) / (true / sum(calls)) - 1)
              for came, true in zip(segments, calls, strict=True) if true]  # fmt: skip
    how = f"pool of {spread.pool}, one address" if spread.pool else "round robin over pods"
    words = (spread.client, how, f"{spread.rate} calls a second", slashed(calls), slashed(segments),
             f"{max(errors):.1%}")  # fmt: skip
    return f"| {' | '.join(words)} |"


def slashed(numbers: Sequence[int]) -> str:
    return " / ".join(f"{number:,}" for number in numbers)


def counted(shop: Shop, pod: str) -> int:
    """How many calls the pod itself has counted."""
    page = shop.kubectl("get", "--raw", f"/api/v1/namespaces/{shop.namespace}/pods/{pod}:{METRICS}/proxy/metrics")
    found = re.search(r'^grpc_server_started_total{grpc_method="SayHello".*} (\d+)$', page, re.MULTILINE)
    assert found, page
    return int(found[1])


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


def tables() -> Iterator[str]:
    """The tables, line by line."""
    from e2e.foreign import Shop

    shop = Shop.open()
    try:
        servers(shop)
        yield from (HEAD, LINE)
        for number, case in enumerate(CASES):
            yield row(shop, case, number)
        yield from ("", SHARES, SHARES_LINE)
        for number, spread in enumerate(SPREAD):
            yield share_row(shop, spread, number)
    finally:
        shop.close()


def main() -> None:
    if not os.environ.get("LBDEMO_REGISTRY") or not os.environ.get("LBDEMO_ENVOY_IMAGE"):
        print("bench_segments: needs a cluster, LBDEMO_REGISTRY and LBDEMO_ENVOY_IMAGE: skipped")
        return
    if subprocess.run(["kubectl", "version"], capture_output=True, check=False).returncode:
        print("bench_segments: needs a cluster as the current context: skipped")
        return
    lines = [f"Measured on {datetime.datetime.now(datetime.UTC).date()} by `{COMMAND}`.", ""]
    for line in tables():
        print(line, flush=True)
        lines.append(line)
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text().partition(MARKS[0])
        told = "\n".join(lines)
        PAGE.write_text(f"{before}{MARKS[0]}\n{told}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}")


if __name__ == "__main__":
    main()
