"""The form wire of Bitrix24: PHP's bracketed keys, both ways (facts/bitrix24-platform.md §1.3, §3.4, §5.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode

from connector.errors import Refused
from connector.speech import Text

MAX_DEPTH = 16
MAX_KEYS = 5000
MAX_BYTES = 2 * 1024 * 1024
SECRETS = frozenset(
    {"access_token", "refresh_token", "application_token", "auth_id", "refresh_id", "client_secret", "app_sid"}
)
_KEY = re.compile(r"([^\[]+)((?:\[[^\]]*\])*)")
_PART = re.compile(r"\[([^\]]*)\]")
_HIDDEN = "hidden"


class _Node(dict[str, Any]):
    """A PHP array in the making; ``following`` is the index that ``[]`` takes next."""

    following = 0

    def slot(self, part: str) -> str:
        if not part:
            part = str(self.following)
        if part.isdecimal() and len(part) < 16:
            self.following = max(self.following, int(part) + 1)
        return part


def decode_form(
    body: bytes, *, max_depth: int = MAX_DEPTH, max_keys: int = MAX_KEYS, max_bytes: int = MAX_BYTES
) -> dict[str, Any]:
    """A form (or JSON) body as nested ``dict`` / ``list`` with ``str`` leaves, as PHP would read it (§5.3).

    Keys that run 0..n make a list; a later scalar replaces an earlier array and the other way round; NUL characters
    go, because no database keeps them. Raises ``Refused`` (400, 413) over the caps or on broken JSON.
    """
    if len(body) > max_bytes:
        raise _refused("size", 413, f"{len(body)} bytes")
    if body[:1] == b"{":
        return _from_json(body, max_depth, max_keys)
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=max_keys)
    except ValueError:
        raise _refused("keys", 413, f"more than {max_keys} keys") from None
    root = _Node()
    for key, value in pairs:
        path = _path(key.replace("\x00", ""))
        if len(path) > max_depth:
            raise _refused("depth", 400, f"deeper than {max_depth}")
        _put(root, path, value.replace("\x00", ""))
    return {key: _settle(value) for key, value in root.items()}


def encode_params(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """PHP-bracketed pairs: ``None`` is empty, booleans are 1 and 0, an empty array is ``KEY[]=`` (§1.3)."""
    pairs: list[tuple[str, str]] = []
    for key, value in params.items():
        _encode(str(key), value, pairs)
    return pairs


def encode_query(params: Mapping[str, Any]) -> str:
    """:func:`encode_params` as one string with every key and value percent-encoded once, for ``batch`` (§3.4)."""
    return urlencode(encode_params(params), quote_via=quote, safe="", errors="replace")


def mask_event(body: bytes) -> bytes:
    """The body with every token replaced; all other bytes stay, so the events can be read from it again."""
    if body[:1] == b"{":
        return _masked_json(body)
    return b"&".join(_masked_pair(part) for part in body.split(b"&"))


def _masked_pair(part: bytes) -> bytes:
    raw, equals, value = part.partition(b"=")
    key = unquote_plus(raw.decode("utf-8", "replace"))
    return raw + equals + _HIDDEN.encode() if value and _path(key)[-1].lower() in SECRETS else part


def _masked_json(body: bytes) -> bytes:
    def hide(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: _HIDDEN if key.lower() in SECRETS and value else value for key, value in pairs}

    try:
        return json.dumps(json.loads(body, object_pairs_hook=hide), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return b""


def _path(key: str) -> list[str]:
    match = _KEY.match(key)
    return [match[1], *_PART.findall(match[2])] if match else [key]


def _put(root: _Node, path: list[str], value: str) -> None:
    node = root
    for part, _ in pairwise(path):
        slot = node.slot(part)
        child = node.get(slot)
        if not isinstance(child, _Node):
            child = node[slot] = _Node()
        node = child
    node[node.slot(path[-1])] = value


def _settle(value: Any) -> Any:
    if not isinstance(value, _Node):
        return value
    keys = [str(index) for index in range(len(value))]
    if all(key in value for key in keys):
        return [_settle(value[key]) for key in keys]
    return {key: _settle(child) for key, child in value.items()}


def _encode(key: str, value: Any, pairs: list[tuple[str, str]]) -> None:
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    else:
        pairs.append((key, _scalar(value)))
        return
    if not value:
        pairs.append((f"{key}[]", ""))
    for inner, child in items:
        _encode(f"{key}[{inner}]", child, pairs)


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _from_json(body: bytes, max_depth: int, max_keys: int) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        raise _refused("json", 400, "broken JSON") from None
    left = [max_keys]
    plain = _plain(read, max_depth + 1, left)
    return plain if isinstance(plain, dict) else {}


def _plain(value: Any, depth: int, left: list[int]) -> Any:
    """JSON as the form would have told it: scalars are text."""
    if not isinstance(value, dict | list):
        return _scalar(value).replace("\x00", "").encode("utf-8", "replace").decode()
    left[0] -= len(value)
    if depth == 0 or left[0] < 0:
        raise _refused("depth" if depth == 0 else "keys", 400, "too deep or too many keys")
    if isinstance(value, list):
        return [_plain(child, depth - 1, left) for child in value]
    return {str(key): _plain(child, depth - 1, left) for key, child in value.items()}


def _refused(what: str, status: int, detail: str) -> Refused:
    hint = Text(
        "This request cannot be read; send the form exactly as Bitrix24 sends it.",
        "Запрос не читается; отправьте форму в том виде, в каком её отправляет Битрикс24.",
    )
    return Refused(f"portal.form_{what}", hint=hint, status=status, detail=detail)
