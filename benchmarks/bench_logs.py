"""Log lines a second and our CPU a line, beside `kubectl logs -f`.

Without an argument no cluster is needed: a stand-in for kubectl and its proxy writes the same lines, so that all of our
pipeline is at work, as fast as it can. With a namespace (`python benchmarks/bench_logs.py NAMESPACE`) an installed
client's pods are followed for a few seconds, by `kubectl logs -f` and by `lbdemo logs client` in turns. A line's CPU is
the process's own, without the kubectl processes that it starts. It asserts nothing about time.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from lbdemo.records import Sample, encode

LINES = 300_000
PODS = 2
SECONDS = 6.0
AIM = 15  # µs of our CPU a line
KINDS = {"raw": ["--raw"], "readable": [], "JSON": ["--json"]}
TICKS = os.sysconf("SC_CLK_TCK")

KUBECTL = """#!/bin/sh
here=$(dirname "$0")
for last; do :; done
case "$*" in
  *config*view*) cat "$here/config" ;;
  *proxy*) exec "$here/python" "$here/proxy" "${last#--unix-socket=}" "$here" ;;
  *logs*) cat "$here/lines"; exec sleep 600 ;;
esac
"""

PROXY = """
import socketserver, sys, threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

PIECE = 64 * 1024

class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path.endswith("/log"):
            self.stream(FOLDER / "lines")
        elif "watch=" in query:
            self.stream(None)
        else:
            self.give((FOLDER / "pods").read_bytes())

    def give(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Audit-Id", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, source):
        self.send_response(200)
        self.send_header("Audit-Id", "1")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        data = source.read_bytes() if source else b""
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self.wfile.write(b"%x\\r\\n%b\\r\\n" % (len(piece), piece))
        threading.Event().wait()

    def address_string(self):
        return ""

    def log_message(self, *_):
        pass

FOLDER = Path(sys.argv[2])
Server(sys.argv[1], Handler).serve_forever()
"""


def stand_in(folder: Path) -> None:
    """A kubectl whose proxy knows some pods and writes their lines as fast as they are read."""
    pods = [pod(number) for number in range(PODS)]
    server = {"clusters": [{"cluster": {"server": "none"}}], "current-context": "bench"}
    (folder / "config").write_text(json.dumps(server))
    (folder / "pods").write_text(json.dumps({"metadata": {"resourceVersion": "1"}, "items": pods}))
    (folder / "lines").write_text("".join(lines(LINES // PODS)))
    (folder / "proxy").write_text(PROXY)
    (folder / "python").symlink_to(sys.executable)
    (folder / "kubectl").write_text(KUBECTL)
    (folder / "kubectl").chmod(stat.S_IRWXU)


def pod(number: int) -> dict[str, object]:
    labels = {"app.kubernetes.io/name": "echo", "app.kubernetes.io/instance": "echo-client"}
    running = {"name": "echo", "containerID": f"c{number}", "state": {"running": {}}}
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"echo-client-{number}",
            "namespace": "bench",
            "uid": f"u{number}",
            "labels": labels,
            "resourceVersion": "1",
        },
        "spec": {"containers": [{"name": "echo"}]},
        "status": {"phase": "Running", "containerStatuses": [running]},
    }


def lines(count: int) -> Iterator[str]:
    for number in range(count):
        second, rest = divmod(number, 20_000)
        due = 1_700_000_000 + number / 20_000
        sample = Sample(number, due, due + 0.0002, 0.0005 + number % 97 * 1e-5, f"echo-server-{number % 3}", "OK")
        yield f"2026-01-02T03:04:{second % 60:02}.{rest * 50_000:09}Z {encode(sample)}\n"


def cost(argv: list[str], wanted: int | None) -> tuple[float, float, int]:
    """Runs a program until so many lines came (None: for some seconds): lines/s, CPU µs a line, lines."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        with ended(process):
            os.read(process.stdout.fileno(), 1)  # starting is not what is measured
            begun, spent, count = time.monotonic(), cpu(process.pid), 0
            while count < wanted if wanted else time.monotonic() - begun < SECONDS:
                chunk = os.read(process.stdout.fileno(), 1 << 20)
                if not chunk:
                    break
                count += chunk.count(b"\n")
            seconds, spent = time.monotonic() - begun, cpu(process.pid) - spent
    return count / seconds, spent / max(1, count) * 1e6, count


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends the program as Ctrl-C would, and reads on meanwhile: it may wait for its pipe."""
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        clock = threading.Timer(10, process.kill)
        clock.start()
        assert process.stdout
        while os.read(process.stdout.fileno(), 1 << 20):
            pass
        clock.cancel()


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has had, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def without_cluster() -> None:
    with tempfile.TemporaryDirectory() as folder:
        stand_in(Path(folder))
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
        compare("the stand-in, one pod", ["kubectl", "logs", "-f"], "bench", LINES // PODS)


def compare(name_of_plain: str, plain: list[str], namespace: str, wanted: int | None) -> None:
    ours = [sys.executable, "-m", "lbdemo", "logs", "-n", namespace]
    rate, spent, _ = cost(plain, wanted)
    print(f"{name_of_plain:22} {rate:9,.0f} lines/s  {spent:5.1f} µs a line")
    for name, options in KINDS.items():
        mine, cost_of_mine, count = cost([*ours, "client", *options], wanted and wanted * PODS)
        figures = f"{mine:9,.0f} lines/s  {cost_of_mine:5.1f} µs a line (aim: {AIM})"
        print(f"{'logs client, ' + name:22} {figures}  {mine / rate:5.2f} of the lines/s above, {count:,} lines")


def with_cluster(namespace: str) -> None:
    selector = "app.kubernetes.io/instance=echo-client"
    plain = ["kubectl", "-n", namespace, "logs", "-f", "-c", "echo", "-l", selector, "--tail=-1"]
    compare("kubectl logs -f", plain, namespace, None)


def main() -> None:
    if sys.argv[1:]:
        with_cluster(sys.argv[1])
    else:
        without_cluster()


if __name__ == "__main__":
    main()
