"""What an answer says: the decode of facts/bitrix24-platform.md §1.5, nothing more."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_V3 = "BITRIX_REST_V3_EXCEPTION_"
_TAG = re.compile(r"<[^>]{0,200}>")
_WEBHOOK = re.compile(r"/rest/\d+/[^/\s]+")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{32,}")
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer as it came. ``seconds`` is the time it took."""

    status: int
    body: bytes = field(default=b"", repr=False)
    location: str = field(default="", repr=False)
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Success:
    """``result`` of any shape; ``time`` is empty where the portal sends none (§1.4)."""

    result: Any
    time: Mapping[str, Any] = field(default_factory=dict)
    total: int | None = None
    next: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An answer that is not a success.

    ``shape`` tells what was seen: an ``error`` object, an ``opaque`` body (HTML, broken JSON, no result) or a
    ``redirect``. ``code`` is upper-cased and may be empty; ``words`` are the vendor's, without tags and secrets.
    """

    shape: Literal["error", "opaque", "redirect"]
    status: int
    code: str = ""
    words: str = ""
    location: str = field(default="", repr=False)


def decode(answer: Answer) -> Success | Fault:
    """A REST answer. An ``error`` counts at any status, 200 as well; a success is JSON with a ``result``."""
    body = _json(answer)
    if isinstance(body, Fault):
        return body
    if "result" not in body:
        return Fault(shape="opaque", status=answer.status, words=tidy(f"JSON without result: {sorted(body)[:5]}"))
    spent = body.get("time")
    return Success(
        result=body["result"],
        time=spent if isinstance(spent, dict) else {},
        total=_int(body.get("total")),
        next=_int(body.get("next")),
    )


def decode_plain(answer: Answer) -> dict[str, Any] | Fault:
    """An authorization server's answer: the whole object, or its error (§2.2; ``wrong_client`` comes with 200)."""
    return _json(answer)


def error_of(body: Mapping[str, Any], status: int) -> Fault | None:
    """The error inside ``body``, if it has one. Empty and numeric codes are errors too; v3 nests an object."""
    error = body.get("error")
    if error is None or error is False:
        return None
    words = body.get("error_description")
    if isinstance(error, Mapping):
        words = "; ".join([str(error.get("message") or ""), *_validations(error.get("validation"))]).strip("; ")
        error = error.get("code", "")
    code = str(error).strip().upper().removeprefix(_V3).removeprefix("VALIDATION_")
    return Fault(shape="error", status=status, code=code, words=tidy(str(words or body.get("argument") or "")))


def _validations(rows: Any) -> list[str]:
    """What v3 did not accept, field by field (§1.7)."""
    known = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return [f"{row.get('field', '?')}: {row.get('message', '')}" for row in known]


def tidy(words: str) -> str:
    """Vendor's words fit to keep: no tags, no webhook paths, no long tokens, at most 300 characters."""
    plain = " ".join(_TAG.sub(" ", words[: _LONGEST * 4]).split())
    return _TOKEN.sub("…", _WEBHOOK.sub("/rest/…", plain))[:_LONGEST]


def _json(answer: Answer) -> dict[str, Any] | Fault:
    if answer.status in REDIRECTS:
        return Fault(shape="redirect", status=answer.status, location=answer.location)
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Fault(shape="opaque", status=answer.status, words=tidy(answer.body[:2000].decode("utf-8", "replace")))
    if not isinstance(body, dict):
        return Fault(shape="opaque", status=answer.status, words="JSON, but not an object")
    return error_of(body, answer.status) or body


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
