"""What only the page of a local `lbdemo ui` has: the cluster's events, and the buttons. For who knows the token."""

from __future__ import annotations

import contextlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lbdemo.cluster.page.actions import Action, Desk, Done
from lbdemo.cluster.page.happenings import Happenings
from lbdemo.errors import InputError, LbdemoError
from lbdemo.front.page import HEADERS

if TYPE_CHECKING:
    from lbdemo.cluster.page.front import Handler

PATH = "/api"
TOKEN = "x-lbdemo-token"
JSON = {"content-type": "application/json", **HEADERS}
LINES = {"content-type": "application/x-ndjson", **HEADERS}


@dataclass(frozen=True, slots=True)
class PageApi:
    """Events, and buttons unless `desk` is None. The token is known to who has read the page."""

    happenings: Happenings
    desk: Desk | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def told(self) -> dict[str, Any]:
        """What the page is told of it."""
        return {"path": PATH, "token": self.token, "readOnly": self.desk is None}

    def get(self, handler: Handler, path: str) -> None:
        """Answers a question."""
        if not self._knows(handler):
            return
        if path == f"{PATH}/events":
            self._events(handler)
        elif path == f"{PATH}/actions" and self.desk is not None:
            self._listed(handler, self.desk)
        else:
            handler.refuse(HTTPStatus.NOT_FOUND, "there is nothing here")

    def post(self, handler: Handler, path: str, body: bytes) -> None:
        """Presses a button."""
        if not self._knows(handler):
            return
        if path != f"{PATH}/actions" or self.desk is None:
            handler.refuse(HTTPStatus.NOT_FOUND, "there is nothing here")
            return
        try:
            action = self.desk.find(json.loads(body), self.happenings.pods)
        except (ValueError, InputError) as error:
            handler.refuse(HTTPStatus.BAD_REQUEST, getattr(error, "message", "this is no JSON"))
        else:
            done = self._done(self.desk, action)
            handler.answer(HTTPStatus.OK, JSON, json.dumps(asdict(done)).encode())

    def _done(self, desk: Desk, action: Action) -> Done:
        """Runs the command; every page hears of it before what comes of it."""
        pod = str(action.request.get("pod", ""))
        self.happenings.tell("action", pod, desk.command(action))
        done = desk.do(action)
        if not done.ok:
            self.happenings.tell("action-failed", pod, done.text)
        return done

    def _listed(self, handler: Handler, desk: Desk) -> None:
        try:
            listed = desk.listed(self.happenings.pods)
        except LbdemoError as error:
            handler.refuse(HTTPStatus.BAD_GATEWAY, error.message)
        else:
            handler.answer(HTTPStatus.OK, JSON, json.dumps({"actions": listed}).encode())

    def _events(self, handler: Handler) -> None:
        """A line each, as they come; an empty one now and then, by which a page that has left is noticed."""
        handler.begin(HTTPStatus.OK, LINES, length=None)
        handler.piece(b"\n")
        with contextlib.closing(self.happenings.listen()) as news:
            for happening in news:
                handler.piece(json.dumps(happening.to_dict()).encode() + b"\n" if happening else b"\n")
        handler.end()

    def _knows(self, handler: Handler) -> bool:
        given = handler.headers.get(TOKEN, "").encode()
        if hmac.compare_digest(given, self.token.encode()):
            return True
        handler.close_connection = True
        handler.refuse(HTTPStatus.FORBIDDEN, "only the page itself may ask for this")
        return False
