"""PHP's way with forms: bracketed names to nested arrays and back, and the merge of query and body.

facts/bitrix24-platform.md §1.3 (what a request may look like) and §5.3 (what an event looks like).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from connector.sandbox.answers import Params

MAX_INPUT_VARS = 1000
MAX_NESTING = 64
_HEAD = re.compile(r"^([^\[\]]+)((?:\[[^\]]*\])*)")
_PART = re.compile(r"\[([^\]]*)\]")


def parse_pairs(pairs: Iterable[tuple[str, str]], limit: int = MAX_INPUT_VARS) -> Params:
    """Bracketed ``(name, value)`` pairs to nested arrays. Pairs beyond ``limit`` vanish, as PHP lets them (§3.3)."""
    tree: Params = {}
    for count, (name, value) in enumerate(pairs):
        if count >= limit:
            break
        _place(tree, name, value)
    return {key: _listed(item) for key, item in tree.items()}


def parse_query(text: str, limit: int = MAX_INPUT_VARS) -> Params:
    """A urlencoded text to nested arrays."""
    return parse_pairs(parse_qsl(text, keep_blank_values=True), limit)


def _place(tree: Params, name: str, value: str) -> None:
    match = _HEAD.match(name)
    if not match:
        return
    parts = [match[1].replace(".", "_").replace(" ", "_"), *_PART.findall(match[2])]
    if len(parts) > MAX_NESTING:
        return
    node = tree
    for depth, part in enumerate(parts):
        key = part if part or depth == 0 else _next_index(node)
        if depth == len(parts) - 1:
            node[key] = value
            return
        if not isinstance(node.get(key), dict):
            node[key] = {}
        node = node[key]


def _next_index(node: Mapping[str, Any]) -> str:
    return str(max((int(key) for key in node if key.isdigit()), default=-1) + 1)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = {key: _listed(item) for key, item in value.items()}
    if items and all(key == str(index) for index, key in enumerate(items)):
        return list(items.values())
    return items


def encode_pairs(value: Any, name: str = "") -> list[tuple[str, str]]:
    """``http_build_query``: nulls and empty arrays disappear, booleans become 1/0, every scalar is a text."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return _encode_items(((str(key), item) for key, item in value.items()), name)
    if isinstance(value, list | tuple):
        return _encode_items(((str(index), item) for index, item in enumerate(value)), name)
    text = {True: "1", False: "0"}[value] if isinstance(value, bool) else str(value)
    return [(name, text)]


def _encode_items(items: Iterable[tuple[str, Any]], name: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, item in items:
        pairs.extend(encode_pairs(item, f"{name}[{key}]" if name else key))
    return pairs


def encode_form(value: Mapping[str, Any]) -> str:
    """A nested map as one urlencoded form body."""
    return "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in encode_pairs(value))


def parse_body(verb: str, content_type: str, body: bytes, fields: Iterable[tuple[str, str]] | None) -> Params:
    """The parameters of a request body.

    JSON counts only in a POST with the type ``application/json`` (a ``;charset`` tail is cut); any other body is
    read as a urlencoded text. Broken JSON silently means no parameters. ``fields`` are the parts of a multipart form.
    """
    if fields is not None:
        return parse_pairs(fields)
    if not body:
        return {}
    kind = content_type.split(";")[0].strip().lower()
    if verb == "POST" and kind == "application/json":
        return _json_params(body)
    return parse_query(body.decode("utf-8", "replace"))


def _json_params(body: bytes) -> Params:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return {}
