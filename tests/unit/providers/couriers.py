"""Services that bring letters by webhook: the accounts of their fixtures, letters, and what they post."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from connector.domain.provider import Channel, Provider
from connector.domain.request import Request
from connector.registry import providers
from tests.contract.providers.recorded import RECEIVED_AT, account

SLUGS = ("mailgun", "sendgrid", "postmark")
BOUNDARY = "----next-8231"
KEY, PASSWORD = "recorded-signing-key-0123456789", "recorded-password_0123456789abc"
LETTER = (
    b"From: Anna <anna@client.example>\r\nTo: support@acme.ru\r\nSubject: Size\r\nMessage-ID: <a1@client.example>\r\n"
    b"Date: Thu, 15 Jan 2026 14:59:58 +0300\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"\xe5\xd3\xd4\xd8 42?\r\n"
    b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=price.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=\r\n--b--\r\n"
)


@dataclass
class Shelf:
    """A store in memory; while ``full`` it takes nothing."""

    files: dict[str, bytes] = field(default_factory=dict)
    full: bool = False

    def keep(self, name: str, mime: str, data: bytes) -> str:
        if self.full:
            raise OSError(28, "No space left on device")
        key = hashlib.sha256(data).hexdigest()
        self.files[key] = bytes(data)
        return key


def provider(slug: str) -> Provider:
    return providers()[slug]


def channel(slug: str) -> Channel:
    found = provider(slug).channel
    assert found is not None
    return found


def settings(slug: str, **changes: Any) -> Any:
    known = account(provider(slug))
    raw = {name: value for name, value in known.model_dump(by_alias=True).items() if name in known.model_fields_set}
    return provider(slug).settings.model_validate(raw | changes)


def form(fields: Sequence[tuple[str, str | bytes]]) -> tuple[str, bytes]:
    """A multipart form: its content type and its bytes."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + (value if isinstance(value, bytes) else value.encode())
        + b"\r\n"
        for name, value in fields
    ]
    return f"multipart/form-data; boundary={BOUNDARY}", b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def signed(at: datetime, token: str = "tok", key: str = KEY) -> list[tuple[str, str]]:
    stamp = str(int(at.timestamp()))
    signature = hmac.new(key.encode(), (stamp + token).encode(), "sha256").hexdigest()
    return [("timestamp", stamp), ("token", token), ("signature", signature)]


def basic(user: str = "bitrix24", password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def post(body: bytes, content_type: str, path: str = "/hooks/support", **headers: str) -> Request:
    known = {"content-type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Request(method="POST", path=path, headers=known, body=body, received_at=RECEIVED_AT)


def mailgun(raw: bytes | None = LETTER, *, at: datetime = RECEIVED_AT, token: str = "tok", **more: str) -> Request:
    """``raw`` ``None``: the route forwards the letter taken apart."""
    letter = [("body-plain", "Size?")] if raw is None else [("body-mime", raw)]
    fields = [("recipient", "support@acme.ru"), ("sender", "anna@client.example"), *signed(at, token)]
    kind, body = form([*fields, *more.items(), *letter])
    return post(body, kind, "/hooks/support/mime")


def mailgun_encoded(raw: bytes) -> Request:
    body = urlencode([("recipient", "support@acme.ru"), *signed(RECEIVED_AT), ("body-mime", raw)]).encode()
    return post(body, "application/x-www-form-urlencoded", "/hooks/support/mime")


def sendgrid(raw: bytes | None = LETTER, **more: str) -> Request:
    envelope = json.dumps({"to": ["support@acme.ru"], "from": "anna@client.example"})
    letter = [("text", "Size?")] if raw is None else [("email", raw)]
    kind, body = form([("envelope", envelope), *more.items(), *letter])
    return post(body, kind, authorization=basic())


def postmark(raw: bytes | None = LETTER, **more: Any) -> Request:
    told: Mapping[str, Any] = {
        "OriginalRecipient": "support@acme.ru",
        "MessageID": "p1",
        "TextBody": "Size?",
        "Headers": [{"Name": "Return-Path", "Value": "<anna@client.example>"}],
        "Attachments": [],
        **({} if raw is None else {"RawEmail": raw.decode("utf-8", "replace")}),
        **more,
    }
    return post(json.dumps(told).encode(), "application/json", authorization=basic())


POSTS = {"mailgun": mailgun, "sendgrid": sendgrid, "postmark": postmark}
