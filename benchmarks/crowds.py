"""Thousands of objects of nobody on a cluster, quickly made, and gone at the end."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

AT_ONCE = 16
FINE = (http.client.OK, http.client.CREATED, http.client.CONFLICT)
KINDS = {"POST": "application/json", "PATCH": "application/merge-patch+json"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the API server. An object that is there already is fine."""

    method: str
    path: str
    document: dict[str, Any]


@contextlib.contextmanager
def populated(spaces: Sequence[str]) -> Iterator[Callable[[Iterable[Request]], None]]:
    """Makes the namespaces, yields what sends requests side by side, and deletes the namespaces, whatever happens."""
    proxy = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        line = proxy.stdout.readline() if proxy.stdout else ""
        port = int(line.rsplit(":", 1)[1])
        _send(port, [Request("POST", "/api/v1/namespaces", {"metadata": {"name": space}}) for space in spaces])
        yield lambda requests: _side_by_side(port, list(requests))
    finally:
        proxy.terminate()
        proxy.wait()
        subprocess.run(["kubectl", "delete", "namespace", *spaces, "--ignore-not-found"], check=True)


def _side_by_side(port: int, requests: Sequence[Request]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda part: _send(port, part), [requests[n::AT_ONCE] for n in range(AT_ONCE)]))


def _send(port: int, requests: Sequence[Request]) -> None:
    """One after another over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for one in requests:
        connection.request(one.method, one.path, json.dumps(one.document), {"Content-Type": KINDS[one.method]})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in FINE:
            raise RuntimeError(f"{one.path}: {answer.status} {said[:300]!r}")
    connection.close()
