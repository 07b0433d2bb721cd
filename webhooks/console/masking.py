"""What a person may see of a request: everything but secrets. Texts and numbers of clients stay: operators need them.

What cannot be seen (control characters, marks that turn the direction of writing) is shown by its number, so that what
is read is what is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from connector.journal import Envelope
from connector.logs import MASK, mask_credentials, names_secret

LONGEST = 20_000  # characters of one body that a page shows
_DEEPEST = 40
_HEAD = 256  # bytes of what is no text
_LARGE = 60_000  # characters above which a text is not taken apart
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\ud800-\udfff]"
)

Form = Literal["empty", "json", "form", "text", "binary"]


@dataclass(frozen=True, kw_only=True)
class Body:
    """A body for reading. ``size`` is bytes as received; ``cut`` when the text is not all of it."""

    form: Form
    text: str
    size: int
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as a person may see it."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: Body

    @property
    def line(self) -> str:
        """Method and address."""
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def head(self) -> str:
        """The headers, one a line."""
        return "\n".join(f"{name}: {value}" for name, value in self.headers)


def seen(envelope: Envelope) -> Seen:
    """The request of ``envelope``; secrets of its path, query, headers and body are masked."""
    request = envelope.request
    return Seen(
        method=visible(request.method),
        path=visible(mask_credentials(request.path)),
        query=visible(mask_credentials(request.query)),
        headers=tuple((visible(name), visible(_text(name, value))) for name, value in sorted(request.headers.items())),
        body=body_of(request.body, request.header("content-type")),
    )


def body_of(body: bytes, content_type: str = "") -> Body:
    """JSON and forms set out line by line, other texts as they are, anything else as size and first bytes in hex."""
    if not body:
        return Body(form="empty", text="", size=0)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _binary(body)
    if text.count("\0") > len(text) // 100:
        return _binary(body)
    form, shown = _set_out(text, content_type)
    cut = len(shown) > LONGEST or len(text) > _LARGE
    return Body(form=form, text=visible(shown[:LONGEST]), size=len(body), cut=cut)


def pretty(value: Any) -> str:
    """A JSON value line by line, secrets masked, at most :data:`LONGEST` characters."""
    return visible(json.dumps(masked(value), ensure_ascii=False, indent=2)[:LONGEST])


def masked(value: Any, depth: int = 0) -> Any:
    """A JSON value without secrets: by the names of its fields, and by what looks like one."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {
            str(name): MASK if _hides(str(name), inner) else masked(inner, depth + 1) for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(inner, depth + 1) for inner in value]
    return mask_credentials(value) if isinstance(value, str) else value


def filled(value: Any) -> Any:
    """A JSON value without the fields that say nothing."""
    if isinstance(value, Mapping):
        told = {name: filled(inner) for name, inner in value.items()}
        return {name: inner for name, inner in told.items() if inner not in ("", None, [], {})}
    return [filled(inner) for inner in value] if isinstance(value, list) else value


def visible(text: str) -> str:
    """``text`` with what cannot be seen as ``\\u202e`` and the like; new lines and tabs stay."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _hides(name: str, value: Any) -> bool:
    """Whether a field is masked whole. Bitrix24's ``auth`` holds more than tokens, so it is looked through."""
    if value is None or isinstance(value, bool) or (name.lower() == "auth" and isinstance(value, Mapping)):
        return False
    return names_secret(name)


def _text(name: str, value: str) -> str:
    return MASK if names_secret(name) else mask_credentials(value)


def _set_out(text: str, content_type: str) -> tuple[Form, str]:
    if len(text) > _LARGE:
        # Twice as much is masked as is shown: a secret that a cut tears in two would not be recognised.
        return "text", mask_credentials(text[: 2 * LONGEST])
    if text.lstrip()[:1] in ("{", "["):
        try:
            return "json", json.dumps(masked(json.loads(text)), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            return "text", mask_credentials(text)
    if "form-urlencoded" in content_type.lower():
        pairs = _pairs(text)
        if pairs:
            return "form", "\n".join(f"{name} = {_of_pair(name, value)}" for name, value in pairs)
    return "text", mask_credentials(text)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=2000)
    except ValueError:
        return []


def _of_pair(name: str, value: str) -> str:
    """``auth[access_token]`` is a secret by its last part."""
    return _text(name.rpartition("[")[2].rstrip("]") or name, value)


def _binary(body: bytes) -> Body:
    lines = [body[start : start + 16].hex(" ") for start in range(0, min(len(body), _HEAD), 16)]
    return Body(form="binary", text="\n".join(lines), size=len(body), cut=len(body) > _HEAD)
