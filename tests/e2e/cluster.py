"""A real cluster, as a test sees it: lbdemo run as a person runs it, and kubectl beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# What changes by itself, or only says where something runs.
FLEETING = ("events", "endpoints", "endpointslices.discovery.k8s.io", "ipaddresses.networking.k8s.io")


@dataclass(frozen=True)
class Done:
    """A program that ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(
    argv: Sequence[str], *, timeout: float = 400, stdin: str | None = None, environment: dict[str, str] | None = None
) -> Done:
    begun = time.monotonic()
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        timeout=timeout,
        input=stdin,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


def lbdemo_argv(namespace: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "lbdemo", "-n", namespace, *arguments]


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    done = run(["kubectl", *arguments], stdin=stdin)
    assert done.code == 0, f"kubectl {' '.join(arguments)}: {done.err}"
    return done.out


def settled(seconds: float = 120) -> None:
    """Waits until no namespace is on its way out: another test's leftovers would be counted before and missed after."""
    deadline = time.monotonic() + seconds
    while "Terminating" in kubectl("get", "namespaces", "--no-headers"):
        assert time.monotonic() < deadline, kubectl("get", "namespaces")
        time.sleep(0.5)


def inventory(seconds: float = 30) -> set[str]:
    """Every object of the cluster: kind, API version, namespace, name; asked again while kinds come and go."""
    settled()
    deadline = time.monotonic() + seconds
    while (listing := _listing()) is None:
        assert time.monotonic() < deadline, "kubectl cannot list all kinds that there are"
        time.sleep(1)
    rows = (line.split() for line in listing.splitlines())  # the columns' width depends on all the others
    return {" ".join(row) for row in rows if not _heartbeat(row)}


def _heartbeat(row: Sequence[str]) -> bool:
    """A node's or a component's own sign of life, which comes some time after it."""
    return row[0] == "Lease" and row[2].startswith("kube-")


def _listing() -> str | None:
    kinds = run(["kubectl", "api-resources", "--verbs=list", "-o", "name"])
    wanted = [kind for kind in kinds.out.split() if not kind.startswith(FLEETING)]
    columns = "K:.kind,A:.apiVersion,NS:.metadata.namespace,N:.metadata.name"
    found = run(["kubectl", "get", ",".join(wanted), "-A", "--no-headers", "-o", f"custom-columns={columns}"])
    return None if kinds.code or found.code else found.out


def eventually(
    what: Callable[[], bool], seconds: float = 60, told: Callable[[], str] = lambda: "it did not come true in time"
) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, told()
        time.sleep(0.5)


def changes_since(before: set[str]) -> tuple[list[str], list[str]]:
    """What is there no more, and what is new: short enough to read when it is not empty."""
    now = inventory()
    return sorted(before - now), sorted(now - before)


def new_since(before: set[str]) -> list[str]:
    return changes_since(before)[1]


CLIENTS = """
import pathlib
for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        words = path.read_bytes().split(b"\\0")
    except OSError:
        continue
    if b"--run" in words:
        print(words[words.index(b"--run") + 1].decode())
"""


class Cluster:
    """lbdemo in one namespace."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def __call__(self, *arguments: str, expect: int = 0, timeout: float = 400, **environment: str) -> Done:
        done = run(lbdemo_argv(self.namespace, *arguments), environment=environment, timeout=timeout)
        assert done.code == expect, f"lbdemo {' '.join(arguments)}: exit {done.code}\n{done.out}\n{done.err}"
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts it and lets it run."""
        argv = lbdemo_argv(self.namespace, *arguments)
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def pods(self) -> list[dict[str, Any]]:
        """The pods as `status --json` has them, without those on their way out."""
        return [pod for pod in self("status", "--json").json["pods"] if pod["state"] != "Terminating"]

    def clients(self) -> list[str]:
        """The `--run` names of the clients that are at work in the client's pod, beside its own."""
        return self.kubectl("exec", "deployment/echo-client", "-c", "echo", "--", "python3", "-c", CLIENTS).split()


def figures(result: dict[str, Any], drill: str) -> dict[str, Any]:
    """What a drill measured, in a result of `compare`."""
    found: dict[str, Any] = result["drills"][drill]["figures"]
    return found


def settled_round_robin(cluster: Cluster, *options: str) -> Any:
    """What `verify` finds once istiod has told every sidecar all: a push during a block upsets its turns by a few."""
    seen = []
    for _ in range(3):
        result = cluster("verify", "--json", *options).json["results"][0]
        assert result["verdict"]["outcome"] == "BALANCED"
        seen.append([share["calls"] for share in result["verdict"]["shares"]])
        if result["verdict"]["fingerprint"] == "round robin":
            return result
    raise AssertionError(f"no round robin in three blocks: {seen}")


def describe(cluster: Cluster) -> None:
    """What a person would look at next."""
    for arguments in (
        ("get", "pods,deployments,services", "-o", "wide"),
        ("get", "events", "--sort-by=.lastTimestamp"),
        ("logs", "-l", "app.kubernetes.io/part-of=lbdemo", "--tail=20", "--all-containers"),
    ):
        done = run(["kubectl", "-n", cluster.namespace, *arguments])
        print(f"--- kubectl {' '.join(arguments)}\n{done.out[-6000:]}{done.err[-500:]}")
