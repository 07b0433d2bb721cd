"""PBXs that post to us: their recorded requests, and how each proves who sent one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import SecretStr, TypeAdapter

from connector.domain.calls import AboutCall
from connector.domain.events import Event
from connector.domain.provider import AccountSettings, Provider
from connector.domain.request import Request
from connector.domain.telephony import Telephony
from connector.registry import providers
from tests.contract.providers.recorded import FOLDERS, account, fixtures, parse_http


def telephony_fixtures(*beginnings: str, refused: bool = False) -> list[tuple[Provider, Path]]:
    """Fixtures of all PBXs that post to us: those with a meaning, those to be refused, or those that begin so."""
    return [
        (provider, path)
        for provider in providers().values()
        for path in (fixtures(provider) if provider.telephony else ())
        if (path.name.startswith(beginnings) if beginnings else _role(path) == ("refused" if refused else "meant"))
    ]


def _role(path: Path) -> str:
    """What a fixture of a PBX is there for, by how its name begins."""
    beginnings = {"refused": ("forged__", "unsigned__", "hostile__"), "apart": ("golden__", "handshake__")}
    return next((role for role, known in beginnings.items() if path.name.startswith(known)), "meant")


def golden_account(provider: Provider, path: Path) -> AccountSettings:
    """The account with the published secret of a golden vector: its ``.account.json`` says what differs."""
    raw = json.loads((path.parent / "account.json").read_bytes())
    return provider.settings.model_validate(raw | json.loads(path.with_suffix(".account.json").read_bytes()))


@dataclass(frozen=True, kw_only=True)
class Proof:
    """By what a request of a PBX proves who sent it: ``fixtures/proof.json``.

    One of ``header``, ``field`` (of a form or a JSON body), ``query`` (parameter) or ``path`` (its last part) bears it.
    ``covers`` are fields of a form that it is made of: the first one that a request has, changed, does not fit any
    more; ``*`` is the whole body. ``secrets`` are the settings that are secret: none of them may be empty or be seen.
    """

    header: str = ""
    field: str = ""
    query: str = ""
    path: bool = False
    covers: tuple[str, ...] = ()
    secrets: tuple[str, ...]

    def shown(self, request: Request) -> str:
        """The proof of a request, as text."""
        if self.header:
            return request.header(self.header)
        if self.path:
            return request.path.rstrip("/").rpartition("/")[2]
        if self.query:
            return dict(parse_qsl(request.query, keep_blank_values=True))[self.query]
        if _is_json(request):
            return str(json.loads(request.body)[self.field])
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True))[self.field]

    def replaced(self, request: Request, value: str | None) -> Request:
        """The request with another proof, or without any (``None``)."""
        if self.header:
            rest = {name: told for name, told in request.headers.items() if name != self.header.lower()}
            return replace(request, headers=rest if value is None else {**rest, self.header.lower(): value})
        if self.path:
            kept = request.path.rstrip("/").rpartition("/")[0]
            return replace(request, path=kept if value is None else f"{kept}/{value}")
        if self.query:
            return replace(request, query=_with(request.query, self.query, value))
        if _is_json(request):
            rest = {name: told for name, told in json.loads(request.body).items() if name != self.field}
            return replace(request, body=json.dumps(rest if value is None else {**rest, self.field: value}).encode())
        return replace(request, body=_with(request.body.decode(), self.field, value).encode())

    def tampered(self, request: Request) -> Request | None:
        """The request with something else in what the proof covers; ``None`` when it covers nothing."""
        if "*" in self.covers:
            return replace(request, body=request.body[:-1] + b" " + request.body[-1:])
        told = dict(parse_qsl(request.body.decode(), keep_blank_values=True)) if self.covers else {}
        field = next((name for name in self.covers if name in told), "")
        return replace(request, body=_with(request.body.decode(), field, f"{told[field]}1").encode()) if field else None


def proof(provider: Provider) -> Proof:
    """How requests of a PBX are proved."""
    return _proof(provider.slug)


@cache
def _proof(slug: str) -> Proof:
    return TypeAdapter(Proof).validate_json((FOLDERS / slug / "fixtures" / "proof.json").read_bytes())


def _is_json(request: Request) -> bool:
    return "json" in request.header("content-type")


def _with(form: str, field: str, value: str | None) -> str:
    rest = [(name, told) for name, told in parse_qsl(form, keep_blank_values=True) if name != field]
    return urlencode(rest if value is None else [*rest, (field, value)])


PBXS = [provider for provider in providers().values() if provider.telephony]
POSTING = [provider for provider in PBXS if provider.telephony and provider.telephony.listen is None]
MEANT = telephony_fixtures()
REFUSED = telephony_fixtures(refused=True)
PROVED = [*MEANT, *telephony_fixtures("golden__")]


def named(value: Any) -> str:
    return value.slug if isinstance(value, Provider) else value.stem if isinstance(value, Path) else str(value)


def telephony(provider: Provider) -> Telephony:
    assert provider.telephony is not None
    return provider.telephony


def recorded(path: Path) -> Request:
    return parse_http(path.read_bytes())


def settings_for(provider: Provider, path: Path) -> Any:
    return golden_account(provider, path) if path.name.startswith("golden__") else account(provider)


def told(provider: Provider, path: Path) -> list[Event]:
    return telephony(provider).parse(recorded(path), account(provider))


def calls(provider: Provider, path: Path) -> list[AboutCall]:
    return [event for event in told(provider, path) if isinstance(event, AboutCall)]


def secrets_of(provider: Provider, settings: Any) -> list[str]:
    values = [getattr(settings, name) for name in proof(provider).secrets]
    flat = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
    assert all(isinstance(each, SecretStr) for each in flat)
    return [each.get_secret_value() for each in flat]


def assert_no_secret(provider: Provider, text: str, settings: Any) -> None:
    # The secrets of golden vectors are words such as "secret", which texts may well contain.
    assert [secret for secret in secrets_of(provider, settings) if len(secret) > 8 and secret in text] == []
