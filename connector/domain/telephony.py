"""What a provider of telephony offers, and the settings that every PBX account has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from connector.domain.door import Door
from connector.domain.events import Event
from connector.domain.hours import parse_hours
from connector.domain.provider import AccountSettings, Http, Outgoing, Source
from connector.domain.request import Reply, Request
from connector.domain.values import File, Receipt
from connector.speech import Text

TOKEN = 16  # characters at least: whoever guesses it learns who calls
_TOKEN = Text("at least 16 characters", "не меньше 16 знаков")
_MAKE_TOKEN = Text("make one with: openssl rand -hex 24", "создайте так: openssl rand -hex 24")
_LINE = re.compile(r"(?=(?:[^0-9]*[0-9]){3})[0-9+() -]{3,50}")
_NUMBER = Text(
    "a telephone number: digits, +, spaces, dashes and brackets, 50 at most, 3 of them digits at least",
    "номер телефона: цифры, +, пробелы, дефисы и скобки, не больше 50 знаков, из них не меньше 3 цифр",
)
_NUMBER_EXAMPLE = Text(
    'for example "+74951234567", as the PBX writes it; a name goes into `name: ...` below it',
    'например "+74951234567", как его пишет АТС; название пишется ниже, в `name: ...`',
)


def _line(number: str) -> str:
    if not _LINE.fullmatch(number):
        raise ValueError(_NUMBER, _NUMBER_EXAMPLE)
    return number


class LineSettings(BaseModel):
    """One of our own numbers. What is not said here holds as the account says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    source: str = ""
    responsible: int | None = Field(default=None, ge=1)
    crm_create: bool | None = None


class PbxSettings(AccountSettings):
    """What every account of a PBX may say.

    ``lines`` are our own numbers (as the PBX writes them, or E.164); with ``only_lines`` calls of other numbers are
    none of this account's. ``responsible`` is the Bitrix24 user for calls that reached nobody (default: whoever
    installed the application). ``internal``: calls between colleagues are kept too. ``crm_create``: a lead for an
    unknown number; ``source`` is its CRM source (``crm.status`` SOURCE). ``hours`` are the working hours, for instance
    ``mon-fri 9:00-18:00, sat 10-15`` (the zone of the mappings). ``callback`` is after how many minutes a missed call
    must be called back (0: no reminder). ``route_token`` opens ``/route/<account>`` for the dial plan.
    """

    lines: dict[Annotated[str, AfterValidator(_line)], LineSettings] = Field(
        default_factory=dict, examples=[{"+74951234567": {"name": "Sales"}}]
    )
    only_lines: bool = False
    responsible: int | None = Field(default=None, ge=1, examples=[1])
    internal: bool = False
    crm_create: bool = True
    source: str = "CALL"
    hours: str = Field(default="", examples=["mon-fri 9:00-18:00"])
    callback: int = Field(default=30, ge=0, le=10080)
    route_token: SecretStr | None = None

    @property
    def remembers(self) -> bool:
        """Whether the PBX can be asked for its history, if its provider knows how."""
        return True

    @field_validator("route_token")
    @classmethod
    def _long(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value().strip()) < TOKEN:
            raise ValueError(_TOKEN, _MAKE_TOKEN)
        return token

    @field_validator("hours")
    @classmethod
    def _readable(cls, text: str) -> str:
        parse_hours(text)
        return text.strip()


@dataclass(frozen=True, kw_only=True)
class Found:
    """Who is responsible for a number. ``extension`` is empty when it is not known, or they are not to be disturbed."""

    phone: str
    name: str = ""
    user: int = 0
    extension: str = ""
    entity: str = ""
    entity_id: int = 0


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """A subscription by which a PBX tells us of calls, for a while: its ``id`` there, and when it is to be renewed."""

    id: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class Telephony(Door):
    """The telephony role of a provider.

    ``dial`` connects an employee with a number: its command is a ``Dial``; the receipt's first id, if any, is the
    PBX's id of the call. It raises ``TransientError``, ``PermanentError`` or ``Stopped``. ``recording`` tells where a
    recording lies now (it may ask the PBX): ``http(s)``, ``sftp`` or ``file`` URL; ``TransientError`` when it is not
    ready yet. ``history`` reads finished calls that began in the span as ``CallEnded(past=True)`` and what belongs to
    them. ``asks`` is the number that a request wants to be routed (empty: it asks nothing), ``tells`` the answer.
    ``renew`` subscribes to a PBX that forgets us after a while:
    ``renew(settings, hook_url, http, former)``, where ``former`` is the id of the last renewal, which is given up
    (empty: there was none); to be called again when it is due.
    """

    dial: Callable[[Outgoing, Any, Http], Receipt] | None = None
    recording: Callable[[File, Any, Http], Source] | None = None
    history: Callable[[datetime, datetime, Any, Http], Iterable[Event]] | None = None
    asks: Callable[[Request, Any], str] | None = None
    tells: Callable[[Found | None, Any], Reply] | None = None
    renew: Callable[[Any, str, Http, str], Renewal] | None = None
