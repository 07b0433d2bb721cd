"""Reads the body of a Bot API call as the pretend Telegram gets it: JSON, urlencoded or multipart."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from connector.domain.request import Request

_NAME = re.compile(rb'name="([^"]*)"')
_FILE_NAME = re.compile(rb"filename=\"([^\"]*)\"|filename\*=utf-8''([^\s;]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Part:
    """An uploaded file."""

    name: str
    content: bytes


def read(request: Request) -> dict[str, Any]:
    """Fields by name; texts that are JSON lists or objects are decoded, files are :class:`Part`."""
    content_type = request.header("content-type")
    if content_type.startswith("multipart/form-data"):
        return _multipart(content_type, request.body)
    if content_type.startswith("application/json"):
        value = json.loads(request.body)
        return value if isinstance(value, dict) else {}
    return {name: _decoded(value) for name, value in parse_qsl(request.body.decode(), keep_blank_values=True)}


def _multipart(content_type: str, body: bytes) -> dict[str, Any]:
    boundary = content_type.partition("boundary=")[2].partition(";")[0].strip('"').encode()
    fields: dict[str, Any] = {}
    for chunk in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = chunk.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        file = _FILE_NAME.search(head)
        if name is None:
            continue
        fields[name[1].decode()] = (
            Part(name=(file[1] or file[2] or b"").decode(), content=content) if file else _decoded(content.decode())
        )
    return fields


def _decoded(value: str) -> Any:
    return json.loads(value) if value[:1] in ("[", "{") else value
