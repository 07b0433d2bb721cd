"""Telephone calls of external PBXs: lines, calls and their cards, what is kept of finished ones.

facts/bitrix24-telephony-crm.md §1.1-1.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from connector.sandbox.answers import ApiError
from connector.sandbox.crm_tables import Table

OUTGOING, INCOMING, REDIRECTED, CALLBACK, INFO = 1, 2, 3, 4, 5
DIRECTIONS: Mapping[int, str] = MappingProxyType(
    {OUTGOING: "outgoing", INCOMING: "incoming", REDIRECTED: "incoming", CALLBACK: "callback", INFO: "info"}
)
DEDUP_WINDOW = 1800.0  # seconds, measured from the call's own beginning
LINE_LENGTH = 50
MISSED = "304"

CardAct = Literal["show", "hide", "close"]


@dataclass(kw_only=True)
class ExternalLine:
    """A line of an application; one of a webhook has no ``client_id``. Its key is the number."""

    id: int
    client_id: str
    number: str
    name: str = ""
    crm_auto_create: bool = True

    def row(self) -> dict[str, str]:
        """The line as ``telephony.externalLine.get`` tells it."""
        return {"NUMBER": self.number, "NAME": self.name, "CRM_AUTO_CREATE": "Y" if self.crm_auto_create else "N"}


@dataclass(frozen=True, kw_only=True)
class CardChange:
    """The card was shown to, hidden from or closed by a user, at a unix time."""

    at: float
    act: CardAct
    user: int


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """What was said in a call; ``lines`` are ``{side, start, stop, text}``, seconds from its beginning."""

    id: int
    cost: float
    currency: str
    lines: tuple[dict[str, Any], ...]


@dataclass(kw_only=True)
class PhoneCall:
    """One registered call. ``began`` is CALL_START_DATE, ``finished`` 0 while it is live, both unix seconds.

    ``crm`` maps ENTITY_TYPE to ENTITY_ID, the primary one first; ``created`` are those of them that the call created.
    ``internal``: the number is a colleague's extension, so the CRM has no part in it. ``user_id`` is who the call was
    registered on, ``employee`` who finished it.
    """

    call_id: str
    client_id: str
    user_id: int
    phone: str
    kind: int
    began: float
    line: str = ""
    external_id: str | None = None
    internal: bool = False
    clicked: bool = False
    crm: dict[str, int] = field(default_factory=dict)
    created: list[tuple[str, int]] = field(default_factory=list)
    shown_to: list[int] = field(default_factory=list)
    cards: list[CardChange] = field(default_factory=list)
    finished: float = 0.0
    employee: int = 0
    duration: int = 0
    status: str = ""
    reason: str = ""
    row: int = 0
    activity: int = 0
    in_chat: bool = False
    missed: bool = False
    called_back: bool = False
    record: int = 0
    transcript: Transcript | None = None

    @property
    def primary(self) -> tuple[str, int]:
        """The CRM row it is shown under, ``("", 0)`` when there is none."""
        return next(iter(self.crm.items()), ("", 0))

    @property
    def direction(self) -> str:
        """``outgoing``, ``incoming``, ``callback`` or ``info``."""
        return DIRECTIONS[self.kind]


class Exchange:
    """Everything of telephony that one portal holds. Hold the portal's lock."""

    def __init__(self, now_text: Callable[[], str]) -> None:
        self.lines: dict[int, ExternalLine] = {}
        self.calls: dict[str, PhoneCall] = {}
        self.statistics = Table(0, now_text)
        self.uploads: dict[str, str] = {}
        self._last = 0

    def next_id(self) -> int:
        """A number for a line or a transcript."""
        self._last += 1
        return self._last

    def line(self, client_id: str, number: str) -> ExternalLine | None:
        """The application's line of that number."""
        return next((one for one in self.lines_of(client_id) if one.number == number), None)

    def lines_of(self, client_id: str) -> list[ExternalLine]:
        """The lines of one application: nobody sees those of another."""
        return [one for one in self.lines.values() if one.client_id == client_id]

    def open_line(self, client_id: str, number: str, name: str = "", crm_auto_create: bool = True) -> ExternalLine:
        """One more line."""
        made = ExternalLine(
            id=self.next_id(), client_id=client_id, number=number, name=name, crm_auto_create=crm_auto_create
        )
        self.lines[made.id] = made
        return made

    def live(self, call_id: str) -> PhoneCall | None:
        """A call that is not finished."""
        held = self.calls.get(call_id)
        return None if held is None or held.finished else held

    def done(self, call_id: str) -> PhoneCall | None:
        """A call that is in the statistics."""
        held = self.calls.get(call_id)
        return held if held and held.finished else None

    def twin(self, call: PhoneCall, now: float) -> PhoneCall | None:
        """The live call that a repeated registration is taken for (§1.2).

        Line and external id count only when they are sent. A call that began more than 30 minutes ago, as a back-dated
        one did, has no twin.
        """
        for held in self.calls.values():
            same = (held.user_id, held.phone, held.kind, held.client_id) == (
                call.user_id,
                call.phone,
                call.kind,
                call.client_id,
            )
            lines = not call.line or held.line == call.line
            ids = call.external_id is None or held.external_id == call.external_id
            if same and lines and ids and not held.finished and now - held.began < DEDUP_WINDOW:
                return held
        return None

    def forget_app(self, client_id: str) -> None:
        """The application is uninstalled: its lines go."""
        self.lines = {number: one for number, one in self.lines.items() if one.client_id != client_id}


def core_error(text: str) -> ApiError:
    """The refusal of every telephony method: 400 ``ERROR_CORE`` with a text."""
    return ApiError("ERROR_CORE", text, 400)


def dialled(text: Any) -> str:
    """A telephone number as the portal keeps it: ``0-9 # * + , ;`` only."""
    return re.sub(r"[^0-9#*+,;]", "", str(text or ""))


def amount(value: Any) -> float:
    """A sum of money; 0 for what is none."""
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0
