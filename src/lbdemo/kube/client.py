"""Carries questions to the API server: the first one alone, again when it is too busy, each shown by `-v`."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.kube.questions import Question
from lbdemo.kube.refusals import Refusal, refusal
from lbdemo.kube.transport import Reply, Transport

Document = Mapping[str, Any]

LOGIN = 300.0  # seconds the first question may take where a credential plugin may open a browser
STALE = 3.0  # seconds for which a failed way to the API server is believed before it is tried again
BUSY_TRIES = 4  # how often a question is asked that the API server is too busy for
BUSY_PAUSE = 5.0  # seconds to wait at most before it is asked again


VERSION = Question("the API server's version", Right("get", "version"), "/version")


class Client:
    """Carries questions through a transport. Safe to use from several threads at once.

    `trace` is called with each question as a line to paste. `plugin` says that a credential plugin may have to log
    the person in: the first question is asked alone and has LOGIN seconds then, and when it does not get through,
    what waits behind it fails alike, so that no plugin is called twice side by side.
    """

    def __init__(
        self, transport: Transport, context: str = "", *, trace: Callable[[str], None] | None = None,
        plugin: bool = False, pause: Callable[[float], object] = time.sleep,
    ) -> None:  # fmt: skip
        self.context = context
        self._transport = transport
        self._trace = trace
        self._plugin = plugin
        self._pause = pause
        self._first = threading.Lock()
        self._reached = False
        self._barred: tuple[float, Refusal] | None = None

    def ask(self, question: Question) -> Reply | Refusal:
        """The whole answer, or who refused and why."""
        for attempt in range(1, BUSY_TRIES + 1):
            answer = self._alone(question) if not self._reached else self._send(question, question.timeout)
            busy = isinstance(answer, Refusal) and answer.retry_after
            if not busy or attempt == BUSY_TRIES:
                break
            self._pause(min(busy, BUSY_PAUSE))
        return answer

    def document(self, question: Question) -> Document | Refusal:
        """The answer as JSON."""
        answer = self.ask(question)
        if isinstance(answer, Refusal):
            return answer
        try:
            document = json.loads(answer.body)
        except ValueError as error:
            return damaged(error)
        return document if isinstance(document, dict) else damaged(f"no object but {type(document).__name__}")

    @contextlib.contextmanager
    def stream(self, question: Question) -> Generator[Iterator[bytes] | Refusal]:
        """The answer as it comes. A stream that breaks raises OSError or HTTPException where it is read."""
        with contextlib.ExitStack() as opened:
            yield self._open(question, opened)

    def _open(self, question: Question, opened: contextlib.ExitStack) -> Iterator[bytes] | Refusal:
        if not self._reached and isinstance(barred := self._alone(VERSION), Refusal):
            return barred
        self._say(question)
        try:
            head, chunks = opened.enter_context(self._transport.stream(question.request(question.timeout)))
            if head.status < HTTPStatus.BAD_REQUEST:
                return chunks
            whole = Reply(head.status, head.headers, b"".join(chunks))
        except (OSError, HTTPException) as error:
            return unreached(error)
        return refusal(whole) or damaged(f"HTTP {head.status}")

    def unseen(self, question: Question, refused: Refusal) -> Unseen:
        """The same refusal for who looks: what could not be seen, and what would settle it."""
        return Unseen(question.what, refused.why, " ".join(refused.message.split()), question.right, self.context)

    def _alone(self, question: Question) -> Reply | Refusal:
        with self._first:
            if self._barred and time.monotonic() - self._barred[0] < STALE:
                return self._barred[1]
            if not self._reached:
                return self._opened_by(question)
        return self._send(question, question.timeout)  # who had to wait asks beside the others now

    def _opened_by(self, question: Question) -> Reply | Refusal:
        longest = max(LOGIN, question.timeout or LOGIN) if self._plugin else question.timeout
        answer = self._send(question, longest)
        if isinstance(answer, Refusal) and answer.why.everything:
            self._barred = time.monotonic(), answer
        else:
            self._reached = True
        return answer

    def _send(self, question: Question, timeout: float | None) -> Reply | Refusal:
        self._say(question)
        try:
            reply = self._transport.send(question.request(timeout))
        except (OSError, HTTPException) as error:
            return unreached(error)
        return refusal(reply) or reply

    def _say(self, question: Question) -> None:
        if self._trace is not None:
            self._trace(question.line(self.context))


def unreached(error: Exception) -> Refusal:
    """A question that came to nothing on its way: no answer in time, or half an answer."""
    why = Why.TIMED_OUT if isinstance(error, TimeoutError) else Why.AWAY
    return Refusal(0, "", str(error) or type(error).__name__, why)


def damaged(why: object) -> Refusal:
    """An answer that cannot be read."""
    return Refusal(0, "", str(why), Why.DAMAGED)
