"""One question to the API server, and the same as a line to paste."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from lbdemo.kube.answers import Right
from lbdemo.kube.transport import Request

JSON = "application/json"
METADATA = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
TIMEOUT = 20.0  # seconds that one short question may take


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: `what` in words for a person, `right` the one that it takes. Parameters that are "" are left out.

    `typed` is the kubectl command (without kubectl and its context) that does the same, "" for `get --raw`.
    """

    what: str
    right: Right
    path: str
    method: str = "GET"
    query: Mapping[str, str | int | None] = field(default_factory=dict)
    accept: str = JSON
    document: Mapping[str, Any] | None = None
    content: str = JSON
    timeout: float | None = TIMEOUT
    typed: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Path and parameters."""
        given = {name: value for name, value in self.query.items() if value not in ("", None)}
        return f"{self.path}?{urlencode(given)}" if given else self.path

    def request(self, timeout: float | None) -> Request:
        """As HTTP."""
        headers = {"Accept": self.accept, "User-Agent": "lbdemo"}
        body = b""
        if self.document is not None:
            body = json.dumps(self.document).encode()
            headers["Content-Type"] = self.content
        return Request(self.method, self.address, headers, body, timeout)

    def line(self, context: str) -> str:
        """The same as a line to paste."""
        chosen = ["--context", context] if context else []
        argv = ["kubectl", *chosen, *(self.typed or ("get", "--raw", self.address))]
        reads_stdin = argv[-2:] == ["-f", "-"]
        here = f" <<'EOF'\n{json.dumps(self.document)}\nEOF" if reads_stdin else ""
        return shlex.join(argv) + here
