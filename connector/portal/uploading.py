"""A file given to the portal in two steps: a method answers where it is to be posted (telephony-crm §1.5 mode C)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from connector.domain.ports import Budget
from connector.errors import PermanentError, TransientError
from connector.portal.answers import Answer, Success
from connector.portal.conversation import Errand, Post
from connector.portal.hints import HINTS
from connector.portal.transport import Transport

UPLOAD = "upload"  # what the second request runs
SHARE, AGAIN = 0.5, 5.0  # of the burst that may be in use; seconds until the next try
AT_ONCE = 4
_FIELD = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def upload(
    errand: Errand, name: str, mime: str, content: bytes, *, transport: Transport, perform: Callable[[Errand], Success]
) -> Any:
    """Ask with ``errand`` where to, post ``content`` there; returns the decoded result of the second request.

    The address bears the token of the asking, so it is used at once and never logged. It must be the portal's own:
    nothing is posted to another host. ``maybe_done`` is true of the second request alone.
    """
    asked: list[str] = []
    try:
        told = perform(_listening(errand, transport.post, asked)).result
    except TransientError as error:
        error.maybe_done = False  # nothing was posted
        raise
    if isinstance(told, Mapping) and "FILE_ID" in told:
        return told  # it wants no content
    url, field = _address(told, asked[-1] if asked else "")

    def post(_: str, body: Mapping[str, Any], *, request_id: str = "") -> Answer:
        return _enveloped(transport.post_file(url, field, (name, content, mime), request_id=request_id))

    sending = Errand(
        method=UPLOAD, params={}, load={UPLOAD: 1.0}, live=errand.live, request_id=errand.request_id, post=post
    )
    return perform(sending).result


class Uploads:
    """How many files this process gives to a portal at once: each is in memory, and a slow line must not be theirs."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def place(self, budget: Budget) -> Iterator[None]:
        """Raises ``TransientError`` when there is none, or while talk and cards need the portal's requests.

        It does not wait, as bulk work does: whoever waits holds a thread that others could use.
        """
        level = budget.level()
        busy = 0 < level["burst"] * SHARE < level["used"]
        if busy or not self._places.acquire(blocking=False):
            raise TransientError("portal.busy", hint=HINTS["busy"], retry_after=AGAIN)
        try:
            yield
        finally:
            self._places.release()


def _listening(errand: Errand, post: Post, asked: list[str]) -> Errand:
    """The errand, noting which address of the portal answered it: the portal may have moved meanwhile."""

    def noted(url: str, body: Mapping[str, Any], *, request_id: str = "") -> Answer:
        asked.append(url)
        return post(url, body, request_id=request_id)

    return replace(errand, post=noted)


def _address(told: Any, asked: str) -> tuple[str, str]:
    """Where to post and under which field. Behind a proxy the portal may take its own scheme and port for others than
    ours, so only path and query are its word; the host has to be the one that was asked.
    """
    said: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    url, field = str(said.get("uploadUrl") or ""), str(said.get("fieldName") or "")
    try:
        theirs, ours = urlsplit(url), urlsplit(asked)
    except ValueError:
        theirs, ours = urlsplit(""), urlsplit(asked)
    if not _FIELD.fullmatch(field) or not theirs.path.startswith("/"):
        raise PermanentError("portal.no_upload_url", hint=HINTS["no_upload_url"])
    if not theirs.hostname or theirs.hostname != ours.hostname:
        raise PermanentError("portal.upload_elsewhere", hint=HINTS["upload_elsewhere"])
    return theirs._replace(scheme=ours.scheme, netloc=ours.netloc, fragment="").geturl(), field


def _enveloped(answer: Answer) -> Answer:
    """Old portals answer the bare ``{"FILE_ID": …}`` without ``result``."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return answer
    if not isinstance(body, dict) or "FILE_ID" not in body:
        return answer
    wrapped = json.dumps({"result": body}).encode()
    return Answer(status=answer.status, body=wrapped, location=answer.location, seconds=answer.seconds)
