"""``POST|GET /hooks/<account>``: what providers send.

This path decides how much the house can take in, so it stands in front of Flask: plain WSGI, and nothing between the
raw body and :class:`~connector.intake.Intake` but the size limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from flask import Response

from connector.bootstrap import Connector
from connector.domain.request import Reply, Request
from connector.errors import Refused, TransientError
from connector.intake import new_trace
from connector.metrics import counters
from connector.speech import Text
from webhooks.answers import BROKEN, TOO_LARGE, deferred, told
from webhooks.chat.rooms import is_chat

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

PREFIX = "/hooks/"
_METHODS = frozenset({"POST", "GET"})
_REASONS = {200: "200 OK", 201: "201 Created", 202: "202 Accepted", 204: "204 No Content"}

_METHOD = Text("Send webhooks with POST", "Отправляйте вебхуки методом POST")
_CUT = Text("The body ended early; send it again", "Тело запроса оборвалось; отправьте его ещё раз")


class Hooks:
    """WSGI middleware: takes ``/hooks/…``, passes everything else on."""

    def __init__(self, inner: WSGIApplication, connector: Connector) -> None:
        self._inner, self._clock, self._doors = inner, connector.clock, connector.intake.doors
        self._accept, self._limit = connector.intake.accept, connector.settings.limits.body
        self._limits = {
            name: max(self._limit, addressee.door.limit)
            for name, addressee in connector.intake.doors.items()
            if addressee.door
        }
        self._chats = frozenset(name for name, account in connector.accounts.items() if is_chat(account))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self._inner(environ, start_response)
        place = path[len(PREFIX) :].rstrip("/")
        account = place.partition("/")[0]
        if account in self._chats:  # strangers may write there: the chat's own limits hold
            return self._inner(environ, start_response)
        try:
            reply = self._accept(place, self._counted(environ, path, account))
        except Exception as error:  # whatever it is, the sender gets an answer that says what to do
            return self._explained(error, account if account in self._doors else "")(environ, start_response)
        return _answered(reply, start_response)

    def _counted(self, environ: WSGIEnvironment, path: str, account: str) -> Request:
        """The request; what is turned away before the intake sees it is counted all the same."""
        try:
            return self._taken(environ, path, account)
        except Refused as refused:
            counters().envelope(account if account in self._doors else "", "refused", refused.cause)
            raise

    def _taken(self, environ: WSGIEnvironment, path: str, account: str) -> Request:
        """The request exactly as received, header names in lower case."""
        method = environ["REQUEST_METHOD"]
        if method not in _METHODS:
            raise Refused("method.not_allowed", hint=_METHOD, status=405)
        headers = {name[5:].replace("_", "-").lower(): environ[name] for name in environ if name.startswith("HTTP_")}
        if content_type := environ.get("CONTENT_TYPE"):
            headers["content-type"] = content_type
        head = Request(
            method=method,
            path=path,
            query=environ.get("QUERY_STRING", ""),
            headers=headers,
            body=b"",
            received_at=self._clock(),
            remote=environ.get("REMOTE_ADDR", ""),
        )
        known = self._doors.get(account)
        if known and known.door and known.door.by_head:
            known.door.verify(head, known.settings)
        return replace(head, body=_body(environ, self._limits.get(account, self._limit)))

    def _explained(self, error: Exception, account: str) -> Response:
        if isinstance(error, Refused):
            log.warning("hook.refused", account=account, cause=error.cause, status=error.status)
            return told(error.status, error.cause, error.hint)
        if isinstance(error, TransientError):
            log.warning("hook.deferred", account=account, cause=error.cause)
            return deferred(error)
        trace = new_trace(self._clock())
        log.error("hook.failed", account=account, trace=trace, exc_info=error)
        return told(500, "internal", BROKEN, trace=trace)


def _body(environ: WSGIEnvironment, limit: int) -> bytes:
    """The whole body, never more than the limit, also when its length is not told (chunked)."""
    told_length = environ.get("CONTENT_LENGTH") or ""
    length = int(told_length) if told_length.isascii() and told_length.isdecimal() else None
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""
    if length is not None and length > limit:
        raise _too_large(limit)
    body = bytes(environ["wsgi.input"].read(limit + 1 if length is None else length))
    if len(body) > limit:
        raise _too_large(limit)
    if length is not None and len(body) != length:
        raise Refused("body.cut", hint=_CUT, status=400)
    return body


def _too_large(limit: int) -> Refused:
    return Refused("body.too_large", hint=TOO_LARGE.with_(limit=limit), status=413)


def _answered(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body)))]
    if reply.status == 204:
        headers = []
    headers += [(name, value) for name, value in reply.headers.items()]
    start_response(_REASONS.get(reply.status) or f"{reply.status} -", headers)
    return [reply.body]
