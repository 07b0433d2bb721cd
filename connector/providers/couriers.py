"""What the services share that bring letters by webhook: who may post, and a request made into the letter's digest.

They sign nothing (but Mailgun), so the password or the secret part of the address that they were given proves them
(facts/providers.md §4.6, §0).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import ConfigDict, Field, model_validator

from connector.domain.door import Read, Store
from connector.domain.events import Event
from connector.domain.provider import Channel
from connector.domain.request import Request
from connector.errors import ConnectorError, PermanentError, Refused
from connector.letters import digest
from connector.letters.headers import every
from connector.providers import postal, posting
from connector.providers.gate import OurSecret, check_secret
from connector.providers.payload import check_method
from connector.providers.postal import PostalSettings
from connector.speech import Text

_STRANGER = Text(
    "The user or the password is missing or wrong; the service posts to https://user:password@… as the account "
    "in connector.yaml says.",
    "Имя или пароль не переданы или неверны; сервис должен слать на https://имя:пароль@… из аккаунта в connector.yaml.",
)
_PROOF = Text("`user` and `password`, or `token`", "`user` и `password` либо `token`")
_PROOF_HINT = Text(
    "the service signs nothing: give its address a password or a secret part, made with: openssl rand -hex 24",
    "сервис ничего не подписывает: дайте его адресу пароль или секретную часть, создайте так: openssl rand -hex 24",
)
_UNREAD = Text(
    "The letter is kept, but could not be taken apart; update the connector and replay. The whole letter: {kept}",
    "Письмо сохранено, но его не удалось разобрать; обновите коннектор и повторите. Письмо целиком: {kept}",
)
_NOT_RAW = "not_raw"

Unpack = Callable[[Request], "Brought"]


class NotRaw(Exception):
    """What came is no whole letter; ``sender``, ``recipient`` and ``subject`` are as the service told them."""

    def __init__(self, sender: str, recipient: str, subject: str) -> None:
        super().__init__("no whole letter")
        self.about = {"sender": sender[:300], "recipient": recipient[:1000], "subject": subject[:500]}


class CourierSettings(PostalSettings):
    """``user`` and ``password`` stand in the address that the service posts to, ``token`` is its last part.

    One of both is needed; where both are given, both are asked for.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    user: str = "bitrix24"
    password: OurSecret | None = Field(default=None, examples=["${PASSWORD}"])
    token: OurSecret | None = None

    @model_validator(mode="after")
    def _proved(self) -> CourierSettings:
        if not (self.user and self.password) and not self.token:
            raise ValueError(_PROOF, _PROOF_HINT)
        return self

    def posted_to(self, hook_url: str) -> str:
        """Where the service is to post. It bears the secrets: never logged."""
        parts = urlsplit(hook_url.rstrip("/"))
        who = f"{quote(self.user, safe='')}:{self.password.get_secret_value()}@" if self.password else ""
        below = f"/{self.token.get_secret_value()}" if self.token else ""
        return f"{parts.scheme}://{who}{parts.netloc}{parts.path}{below}"


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A letter as a service brought it. ``said`` are headers of its own making: they go before the letter's."""

    raw: bytes
    recipients: tuple[str, ...] = ()
    sender: str = ""
    said: tuple[tuple[str, str], ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)


def channel(
    unpack: Unpack,
    not_raw: Text,
    *,
    limit: int,
    verify: Callable[[Request, Any], None] | None = None,
    condense: Callable[[Request, Any, Store], Request] | None = None,
) -> Channel:
    """What a service does for us: ``unpack`` finds the letter in its request, ``not_raw`` says what to switch on there
    when there is none, ``limit`` are the bytes of its largest request."""
    return Channel(
        verify=verify or by_password,
        dedupe_key=postal.dedupe_key,
        parse=partial(parse, not_raw=not_raw),
        paths=True,
        limit=limit,
        by_head=verify is None,
        condense=condense or partial(condensed, unpack=unpack),
        anew=partial(anew, unpack=unpack),
        send=posting.send,
        locate=postal.locate,
    )


def by_password(request: Request, settings: CourierSettings) -> None:
    """Raises ``Refused``: 405 method, 401 unless password and token, those that the account has, are right."""
    check_method(request)
    if settings.password is not None:
        _check_basic(request, f"{settings.user}:{settings.password.get_secret_value()}", settings.provider)
    if settings.token is not None:
        below = request.path.split("/")[3:]
        check_secret(below[0] if below else "", settings.token, settings.provider)


def condensed(request: Request, settings: PostalSettings, store: Store, unpack: Unpack) -> Request:
    """The request whose body is the digest of the letter; its files, and the letter itself, are in the store.

    ``unpack`` raises anything for what is no raw letter: then the whole body is kept and :func:`parse` parks it. The
    digest has no proof of the sender any more. Raises only what the store raises.
    """
    received, where = request.received_at, {"webhook": settings.provider}
    try:
        brought = unpack(request)
    except Exception as error:  # whatever the service sent instead, it is kept
        kept, about = _kept(request, store), error.about if isinstance(error, NotRaw) else {}
        where |= {**about, "kept": kept["request"]}
        told = {**kept, "broken": f"{settings.provider}.{_NOT_RAW}", "where": where}
    else:
        where |= {"recipient": ", ".join(brought.recipients)[:1000], "sender": brought.sender[:300], **brought.about}
        told = _digested(brought, store, where, request)
    return _framed(request, settings, {**told, "received": received.isoformat()})


def parse(request: Request, settings: PostalSettings, not_raw: Text) -> list[Event]:
    """The events of the letter. Raises ``PermanentError``: ``not_raw`` says what to switch on at the service."""
    told = request.once(_told)
    broken = str(told.get("broken", "")) if isinstance(told, dict) else ""
    if broken.endswith(f".{_NOT_RAW}"):
        about = (str(told["where"].get(name, "")) for name in ("sender", "subject"))
        raise PermanentError(broken, hint=not_raw.with_(kept=told["request"]), detail=": ".join(filter(None, about)))
    if broken:
        hint = _UNREAD.with_(kept=told["raw"])
        raise PermanentError(f"{settings.provider}.unread", hint=hint, detail=broken)
    return postal.parse(request, settings)


def anew(request: Request, settings: PostalSettings, read: Read, store: Store, unpack: Unpack) -> Request:
    """A kept request that could not be read, condensed again by today's code; any other stays as it is."""
    told = request.once(_told)
    if not isinstance(told, dict) or not told.get("broken"):
        return request
    if told.get("raw"):
        brought = Brought(raw=read(told["raw"]), said=tuple(map(tuple, told.get("said", []))))
        fresh = _digested(brought, store, told["where"], request)
        return _framed(request, settings, {**fresh, "received": told["received"]})
    whole = replace(request, headers={"content-type": told["content_type"]}, body=read(told["request"]))
    return condensed(whole, settings, store, unpack)


def _digested(brought: Brought, store: Store, where: Mapping[str, Any], request: Request) -> dict[str, Any]:
    try:
        told = digest(brought.raw, store, where=where, received=request.received_at)
        return {**told, "headers": [*_said(brought, told["headers"]), *told["headers"]]}
    except (OSError, ConnectorError):
        raise
    except Exception as error:  # no letter may stop the others: it is kept whole, and parks
        key = store("letter.eml", "message/rfc822", brought.raw)
        why = f"{type(error).__name__}: {error}"[:300]
        return {"v": 1, "raw": key, "said": brought.said, "where": where, "broken": why}


def _said(brought: Brought, headers: list[list[str]]) -> list[list[str]]:
    """What only the envelope tells: hidden copies and redirected letters name us nowhere else."""
    sender = [("Return-Path", f"<{brought.sender}>")] if brought.sender and not every(headers, "return-path") else []
    recipients = [("X-Envelope-To", recipient) for recipient in brought.recipients]
    said = [list(pair) for pair in (*sender, *recipients, *brought.said)]
    return [pair for pair in said if pair[1] not in every(headers, pair[0])]


def _kept(request: Request, store: Store) -> dict[str, Any]:
    kind = request.header("content-type")
    return {
        "v": 1,
        "raw": "",
        "request": store("request.bin", "application/octet-stream", request.body),
        "content_type": kind,
    }


def _framed(request: Request, settings: PostalSettings, told: Mapping[str, Any]) -> Request:
    """Only what proves nobody is kept of the head: the address may bear a secret, the headers a password."""
    agent = request.header("user-agent")[:200]
    headers = {"content-type": "application/json", **({"user-agent": agent} if agent else {})}
    path = f"/hooks/{settings.account}"
    return replace(request, path=path, query="", headers=headers, body=postal.frame(told))


def _told(request: Request) -> Any:
    return json.loads(request.body)


def _check_basic(request: Request, known: str, slug: str) -> None:
    scheme, _, encoded = request.header("authorization").partition(" ")
    try:
        offered = base64.b64decode(encoded.encode("ascii"), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, UnicodeEncodeError):
        offered = b""
    if not hmac.compare_digest(offered, known.encode()):
        raise Refused(f"{slug}.password", hint=_STRANGER, status=401)
