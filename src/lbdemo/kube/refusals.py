"""What the API server's failures mean, read off the reason that its `Status` names; nobody's sentences are searched.

A failure of kubectl's proxy itself is told by what it lacks: the API server puts an `Audit-Id` on all that it answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from lbdemo.kube.answers import Why
from lbdemo.kube.transport import Reply

LOGIN = "getting credentials: "  # how client-go begins what it has to say of a credential plugin
REASONS = {
    "Forbidden": Why.FORBIDDEN,
    "Unauthorized": Why.UNKNOWN_USER,
    "Timeout": Why.TIMED_OUT,
    "ServerTimeout": Why.TIMED_OUT,
    "ServiceUnavailable": Why.BROKEN,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A failure that somebody answered with. `reason` is the API server's word, such as NotFound or Conflict."""

    code: int  # HTTP's
    reason: str
    message: str
    why: Why
    name: str = ""  # of the object that the failure is about
    causes: tuple[str, ...] = ()  # further reasons, such as NamespaceTerminating
    retry_after: float = 0.0  # seconds, when the API server asks to be left alone so long
    passed: Reply | None = None  # the answer itself where it is no Status of the API server's: a program's behind it

    @property
    def absent(self) -> bool:
        """Whether the kind is known, and the object is not there."""
        return self.reason == "NotFound" and bool(self.name)

    @property
    def terminating(self) -> bool:
        """Whether the namespace is being deleted."""
        return "NamespaceTerminating" in self.causes


def refusal(reply: Reply) -> Refusal | None:
    """What kept the question from being answered; None when it was."""
    if reply.status < HTTPStatus.BAD_REQUEST:
        return None
    if "audit-id" not in reply.headers:
        return _of_proxy(reply)
    status = _status(reply.body)
    details = status.get("details") or {}
    reason = str(status.get("reason") or "")
    return Refusal(
        code=reply.status,
        reason=reason,
        message=str(status.get("message") or reply.body[:300].decode("utf-8", "replace").strip()),
        why=_why(reply.status, reason, details),
        name=str(details.get("name") or ""),
        causes=tuple(str(cause.get("reason", "")) for cause in details.get("causes") or ()),
        retry_after=_seconds(reply.headers) if reply.status == HTTPStatus.TOO_MANY_REQUESTS and status else 0.0,
        passed=None if status else reply,
    )


def _of_proxy(reply: Reply) -> Refusal:
    said = reply.body.decode("utf-8", "replace").strip()
    why = Why.LOGIN if said.startswith(LOGIN) else Why.AWAY
    if reply.status == HTTPStatus.FORBIDDEN:  # kubectl's proxy itself lets no exec or attach pass
        why = Why.REFUSED
    return Refusal(reply.status, "", said, why)


def _why(code: int, reason: str, details: Mapping[str, Any]) -> Why:
    if code == HTTPStatus.NOT_FOUND:
        return Why.ABSENT if reason == "NotFound" and details.get("name") else Why.NO_SUCH_KIND
    if code == HTTPStatus.UNAUTHORIZED:
        return Why.UNKNOWN_USER
    if code == HTTPStatus.SERVICE_UNAVAILABLE and not reason:
        return Why.BROKEN
    return REASONS.get(reason, Why.REFUSED)


def _status(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    is_status = isinstance(document, dict) and document.get("kind") == "Status"
    return document if is_status and isinstance(document.get("details") or {}, dict) else {}


def _seconds(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "")
    return float(text) if text.isdigit() else 1.0
