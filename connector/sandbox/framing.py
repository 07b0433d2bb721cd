"""A page of the portal that shows a page of the application in a frame; to this machine only."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, render_template, request

from connector.sandbox.answers import ApiError
from connector.sandbox.loopback import check_host
from connector.sandbox.rest import json_answer

_NOBODY = "'none'"


def keep_here(blueprint: Blueprint) -> None:
    """Its routes answer to loopback's names alone, and tell an :class:`ApiError` as JSON."""

    @blueprint.before_request
    def only_here() -> None:
        check_host(request)

    @blueprint.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return json_answer(error.body(), error.status)


def framed(template: str, action: str, *, ancestors: str = "", **values: Any) -> Response:
    """``template`` with a form that goes to ``action`` in the frame, nowhere when that is empty.

    ``ancestors`` are the origins that may frame the page itself.
    """
    nonce, parts = secrets.token_urlsafe(16), urlsplit(action)
    origin = f"{parts.scheme}://{parts.netloc}" if action else _NOBODY
    answer = make_response(render_template(template, nonce=nonce, action=action, **values))
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; "
        f"form-action {origin}; frame-src {origin}; frame-ancestors {ancestors or _NOBODY}"
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
