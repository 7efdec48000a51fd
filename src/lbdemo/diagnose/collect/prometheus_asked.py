"""A Prometheus, asked through the API server or at its own address: only ever by GET, and never for long."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, Protocol
from urllib.error import URLError
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.transport import CHUNK, Reply

if TYPE_CHECKING:
    from lbdemo.kube.api import Api

TIMEOUT = 2.0  # seconds that an answer may take
MOST = 64 * 1024 * 1024  # bytes of an answer that are read
LOGIN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Prometheus(Protocol):
    """One that may be asked. Safe to use from several threads."""

    @property
    def where(self) -> str:
        """Its address for a person, without any password."""

    def get(self, path: str, query: Mapping[str, str]) -> Reply | Unseen:
        """The answer, whatever its status; or why there is none."""


@dataclass(frozen=True, slots=True)
class ByService:
    """One in the cluster, asked through the API server."""

    api: Api
    namespace: str
    service: str
    port: int | str

    @property
    def where(self) -> str:
        """NAMESPACE/SERVICE:PORT."""
        return f"{self.namespace}/{self.service}:{self.port}"

    def get(self, path: str, query: Mapping[str, str]) -> Reply | Unseen:
        """The answer of one of the Service's endpoints, as the API server picks."""
        return self.api.service_get(self.service, self.namespace, self.port, path, query=query, timeout=TIMEOUT)


class ByUrl:
    """One that this machine reaches. A user and a password in the URL are sent to it, and never shown or kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.where = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
        self._headers = {"Accept": "application/json", "User-Agent": "lbdemo"}
        if parts.username:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"

    def get(self, path: str, query: Mapping[str, str]) -> Reply | Unseen:
        """The answer at the URL; it is not followed elsewhere, where the password would be sent along."""
        request = Request(f"{self.where}/{path}?{urlencode(query)}", headers=self._headers)  # http or https: `named`
        try:
            with build_opener(_AsItIs).open(request, timeout=TIMEOUT) as response:
                return Reply(response.status, {}, _whole(response))
        except TimeoutError:
            return self._unreached(f"no answer in {TIMEOUT:g} s")
        except URLError as error:
            late = isinstance(error.reason, TimeoutError)
            return self._unreached(f"no answer in {TIMEOUT:g} s" if late else str(error.reason))
        except (OSError, HTTPException, ValueError) as error:
            return self._unreached(str(error) or type(error).__name__)

    def _unreached(self, why: str) -> Unseen:
        return Unseen(f"Prometheus at {self.where}", Why.UNREACHED, why)


class _AsItIs(HTTPErrorProcessor):
    """Takes every answer for what it is: one that points elsewhere, and failures, too."""

    def http_response(self, _: Request, response: HTTPResponse) -> HTTPResponse:
        """The answer itself."""
        return response

    def https_response(self, _: Request, response: HTTPResponse) -> HTTPResponse:
        """The answer itself."""
        return response


def _whole(response: HTTPResponse) -> bytes:
    """The body, if it comes in time and is not endless."""
    until, parts, size = time.monotonic() + TIMEOUT, [], 0
    while chunk := response.read1(CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if time.monotonic() > until:
            raise TimeoutError
        if size > MOST:
            raise ValueError(f"an answer of more than {MOST} bytes")
    return b"".join(parts)


def result(prometheus: Prometheus, path: str, query: Mapping[str, str]) -> list[Any] | Unseen:
    """What a query of Prometheus' HTTP API results in; or why not."""
    reply = prometheus.get(f"api/v1/{path}", query)
    if isinstance(reply, Unseen):
        return reply
    what = f"Prometheus at {prometheus.where}"
    document = _object(reply.body)
    if document.get("status") == "error":
        return Unseen(what, Why.REFUSED, " ".join(str(document.get("error", "")).split()))
    if reply.status in LOGIN:
        return Unseen(
            what, Why.REFUSED, f"HTTP {reply.status}: it wants a user and a password (https://USER:PASSWORD@…)"
        )
    found = document["data"].get("result") if isinstance(document.get("data"), dict) else None
    if reply.status != HTTPStatus.OK or not isinstance(found, list):
        return Unseen(what, Why.DAMAGED, f"what answers there is no Prometheus (HTTP {reply.status})")
    return found


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
