"""Questions to a program on this machine, over HTTP: straight, whatever proxy the environment asks for."""

from __future__ import annotations

import http.client
import json
from typing import Any

from lbdemo.errors import OperationFailedError


def get(address: str, path: str, limit: float) -> bytes:
    """What is answered at HOST:PORT within `limit` seconds. Raises OSError or HTTPException."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=limit)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def ask(who: str, address: str, path: str, limit: float) -> Any:
    """The same, read as JSON. Raises OperationFailedError, which says `who` did not answer."""
    try:
        return json.loads(get(address, path, limit))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OperationFailedError(f"{who} at {address} did not answer {path}: {error}") from error
