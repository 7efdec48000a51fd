"""The Envoy that serves the page and its gRPC-Web calls from one origin. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lbdemo.front.envoy import GRPC_WEB, calls, listener, spans
from lbdemo.front.page import TRACES, WAYS, Way, headers

NAME = "page"
LARGEST_FILE = 1 << 20
"""Bytes: Envoy's own limit would be 4,096, that of a ConfigMap is this."""


def page_listener(
    where: Mapping[str, Any], files: Mapping[str, str], told: str, shown: Sequence[Way],
    routes: Mapping[str, Mapping[str, Any]] | None = None, traces: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A listener with the page's files (by path, where Envoy finds them), what the page is told, and the calls.

    Calls of a way go to the cluster of its name; `routes` are further settings of their routes, by that name. Where
    `traces` names a cluster that shows them, the page's Envoy tells of its own part of each request.
    """
    fixed = [_answer(path, {"filename": name}, name) for path, name in files.items()]
    more, told_of = routes or {}, spans(NAME) if traces else {}
    shows = [calls(traces, TRACES)] if traces else []
    return listener(
        NAME,
        where,
        [
            *fixed,
            _answer(WAYS, {"inline_string": told}, WAYS),
            *shows,
            *(calls(way.name, f"{way.path}/", prefix_rewrite="/", **more.get(way.name, {})) for way in shown),
        ],
        [GRPC_WEB],
        # A stream may say nothing for as long as it likes.
        stream_idle_timeout="0s",
        **told_of,
        route_config={"max_direct_response_body_size_bytes": LARGEST_FILE},
    ) | {"enable_reuse_port": False}  # or a second one would take the same port, and half of the connections


def _answer(path: str, body: Mapping[str, str], name: str) -> dict[str, Any]:
    added = [
        {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for key, value in headers(name).items()
    ]
    return {
        "match": {"path": path},
        "direct_response": {"status": 200, "body": dict(body)},
        "response_headers_to_add": added,
    }
