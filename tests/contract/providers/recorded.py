"""Recorded requests of providers as files, and a wire that leads to a stand-in instead of the network.

A ``.http`` file is a whole request: request line, headers, blank line, body (bytes as they are). The line
``X-Received-At: <ISO time>`` is no header of the request but the time at which it came.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import TypeAdapter

from connector.domain.door import Door
from connector.domain.events import Event, dump
from connector.domain.provider import AccountSettings, Provider, StandIn, Upload
from connector.domain.request import Reply, Request
from connector.domain.values import FileKind
from connector.registry import providers

RECEIVED_AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
FOLDERS = Path(__file__).parents[3] / "connector" / "providers"


def parse_http(content: bytes) -> Request:
    """The request that a ``.http`` file holds; lines of the head may end in LF or CRLF."""
    head, _, body = content.replace(b"\r\n", b"\n", content.split(b"\n\n")[0].count(b"\r\n")).partition(b"\n\n")
    first, *lines = head.decode("ascii").splitlines()
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    moment = headers.pop("x-received-at", "")
    return Request(
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=body.removesuffix(b"\n"),
        received_at=datetime.fromisoformat(moment) if moment else RECEIVED_AT,
    )


def fixtures(provider: Provider) -> list[Path]:
    """All recorded requests of a provider."""
    return sorted((FOLDERS / provider.slug / "fixtures").glob("*.http"))


def account(provider: Provider) -> AccountSettings:
    """The account for which the fixtures were recorded."""
    raw = json.loads((FOLDERS / provider.slug / "fixtures" / "account.json").read_text(encoding="utf-8"))
    return provider.settings.model_validate(raw)


def demo_account(provider: Provider, api_url: str = "http://127.0.0.1:1") -> AccountSettings:
    """An account that points at a stand-in."""
    assert provider.demo_settings is not None
    raw = {"account": "demo", "portal": "main", **provider.demo_settings(api_url)}
    return provider.settings.model_validate(raw)


def meaning(path: Path) -> list[dict[str, Any]]:
    """The events that a fixture means, from the file beside it; absent fields have their defaults."""
    loaded = _events().validate_json(path.with_suffix(".events.json").read_bytes())
    return [json.loads(dump(event)) for event in loaded]


@cache
def _events() -> TypeAdapter[list[Event]]:
    return TypeAdapter(list[Event])


def channel_fixtures(*, refused: bool) -> list[tuple[Provider, Path]]:
    """Fixtures of all channel providers: those with a meaning, or those that are to be refused."""
    return [
        (provider, path)
        for provider in providers().values()
        for path in (fixtures(provider) if provider.channel else ())
        if path.name.startswith(("forged__", "unsigned__", "hostile__")) == refused
    ]


def kept(door: Door, request: Request, settings: AccountSettings) -> Request:
    """The request as it is kept and read: condensed, where the provider does so. Files are known by their content."""
    if door.condense is None:
        return request
    return door.condense(request, settings, lambda name, mime, data: hashlib.sha256(data).hexdigest())


class Wire:
    """An ``Http`` whose other end is a stand-in; requests are prepared by the real library."""

    def __init__(self, handle: Callable[[Request], Reply]) -> None:
        self.handle = handle
        self.seen: list[Request] = []

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        assert kwargs.pop("allow_redirects") is False
        assert kwargs.pop("timeout")
        prepared = requests.Request(method, url, **kwargs).prepare()
        parts = urlsplit(str(prepared.url))
        body = prepared.body or b""
        request = Request(
            method=str(prepared.method),
            path=parts.path,
            query=parts.query,
            headers={name.lower(): value for name, value in prepared.headers.items()},
            body=body.encode() if isinstance(body, str) else body,
            received_at=datetime.now(UTC),
        )
        self.seen.append(request)
        return response(self.handle(request))


def response(reply: Reply) -> requests.Response:
    """A stand-in's reply as the library would hand it over."""
    answer = requests.Response()
    answer.status_code = reply.status
    answer._content = reply.body
    answer.headers.update({"content-type": reply.content_type, **reply.headers})
    return answer


def stand(provider: Provider) -> tuple[AccountSettings, StandIn, Wire]:
    """A fresh stand-in with the account that points at it and the wire between them."""
    settings = demo_account(provider)
    assert provider.standin is not None
    standin = provider.standin(settings)
    return settings, standin, Wire(standin.handle)


def upload(name: str, content: bytes, kind: FileKind = "document", mime: str = "application/pdf") -> Upload:
    """A file that leaves with a message."""
    url = f"https://connector.example/media/{name}"
    return Upload(name=name, mime=mime, kind=kind, size=len(content), url=url, read=lambda: content)
