"""``sign``: who sent a request, in both directions (facts/providers.md §3.2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.formbody import pairs
from connector.providers.gate import check_network
from connector.providers.mango.settings import MangoSettings
from connector.providers.payload import check_method, json_object
from connector.speech import Text

_UNSIGNED = Text("Send the form fields vpbx_api_key, sign and json.", "Передайте поля формы vpbx_api_key, sign и json.")
_MISMATCH = Text(
    "The signature does not fit: compare api_key and sign_key of the account with the cabinet of Mango Office.",
    "Подпись не подходит: сверьте api_key и sign_key аккаунта с личным кабинетом Mango Office.",
)


def sign(settings: MangoSettings, text: str) -> str:
    """SHA-256 of key, JSON text as it travels, and salt; lower-case hex."""
    key, salt = settings.api_key.get_secret_value(), settings.sign_key.get_secret_value()
    return hashlib.sha256(f"{key}{text}{salt}".encode()).hexdigest()


def verify(request: Request, settings: MangoSettings) -> None:
    """Raises ``Refused``: 405 method, 403 address, 401 signature, 400 or 415 for a body that cannot be read."""
    check_method(request)
    check_network(request, settings.allow_from, "mango")
    fields = _fields(request)
    key, signature, text = (fields.get(name, "") for name in ("vpbx_api_key", "sign", "json"))
    if not (key and signature and text):
        raise Refused("mango.unsigned", hint=_UNSIGNED, status=401)
    ours = hmac.compare_digest(key.encode(), settings.api_key.get_secret_value().encode())
    # The exact text is signed, whatever the order of its keys: it is never written anew (facts §10).
    fits = hmac.compare_digest(signature.encode(), sign(settings, text).encode())
    if not (ours and fits):
        raise Refused("mango.signature", hint=_MISMATCH, status=401)
    body(request)


def body(request: Request) -> dict[str, Any]:
    """The decoded ``json`` field. Raises ``Refused`` (400) when it is no object."""
    return request.once(_body)


def _fields(request: Request) -> Mapping[str, str]:
    return dict(pairs(request))


def _body(request: Request) -> dict[str, Any]:
    text = _fields(request).get("json", "")
    return json_object(replace(request, headers={"content-type": "application/json"}, body=text.encode()))
