"""The pieces of calls, and whole calls with what they must become in Bitrix24."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.domain.calls import (
    AboutCall,
    CallAnswered,
    CallEnded,
    CallRinging,
    CallStarted,
    CallTransferred,
    LegEnded,
)
from tests.unit.handlers.telephone import CLIENT, INSTALLER, LINE, Line, about, at

INCOMING: dict[str, Any] = {"direction": "incoming", "client": CLIENT, "line": LINE}
OUTGOING: dict[str, Any] = {"direction": "outgoing", "client": CLIENT, "line": LINE}


def ring(seconds: float, *people: str) -> list[AboutCall]:
    return [
        event
        for who in people
        for event in (
            CallStarted(**about(seconds, leg=f"leg-{who}")),
            CallRinging(**about(seconds, employee=who, leg=f"leg-{who}", **INCOMING)),
        )
    ]


def quiet(seconds: float, who: str, cause: Any = "") -> LegEnded:
    return LegEnded(**about(seconds, leg=f"leg-{who}", employee=who, cause=cause))


def came(seconds: float = 0) -> CallStarted:
    return CallStarted(**about(seconds, leg="trunk", **INCOMING))


def hung(seconds: float, cause: Any = "") -> LegEnded:
    return LegEnded(**about(seconds, leg="trunk", cause=cause))


def answered(seconds: float, who: str) -> CallAnswered:
    return CallAnswered(**about(seconds, employee=who, leg=f"leg-{who}", **INCOMING))


def dialled(seconds: float, who: str) -> CallStarted:
    return CallStarted(**about(seconds, employee=who, leg=f"leg-{who}", **OUTGOING))


@dataclass(frozen=True)
class Told:
    pieces: tuple[AboutCall, ...]
    user: int
    talk: int
    status: str
    kind: int = 2


SUMMARY = {"talk": 40, "employee": "102", "started_at": at(0), "answered_at": at(5), **INCOMING}
CALLS: dict[str, Told] = {
    "answered": Told((came(), *ring(1, "101"), answered(5, "101"), quiet(65, "101"), hung(65)), 11, 60, "200"),
    "group": Told(
        (
            came(),
            *ring(1, "101", "102", "103"),
            answered(7, "102"),
            quiet(7, "101"),
            quiet(7, "103"),
            quiet(27, "102"),
            hung(27),
        ),
        12,
        20,
        "200",
    ),
    "missed": Told((came(), *ring(1, "101"), quiet(20, "101", "missed"), hung(20, "cancelled")), 11, 0, "304"),
    "busy": Told((came(), *ring(1, "101"), quiet(2, "101", "busy"), hung(3)), 11, 0, "486"),
    "declined": Told((came(), *ring(1, "102"), quiet(4, "102", "refused"), hung(5)), 12, 0, "603"),
    "nobody": Told((came(), hung(9, "cancelled")), INSTALLER, 0, "304"),
    "blind": Told(
        (
            came(),
            *ring(1, "101"),
            answered(4, "101"),
            CallTransferred(**about(20, employee="101", to="102")),
            quiet(20, "101"),
            *ring(21, "102"),
            answered(25, "102"),
            quiet(64, "102"),
            hung(64),
        ),
        12,
        60,
        "200",
    ),
    "attended": Told(
        (
            came(),
            *ring(1, "101"),
            answered(4, "101"),
            CallTransferred(**about(30, employee="101", to="103", how="attended")),
            quiet(30, "101"),
            hung(44),
        ),
        13,
        40,
        "200",
    ),
    "outgoing": Told(
        (
            dialled(0, "103"),
            CallStarted(**about(1, leg="trunk", **OUTGOING)),
            CallAnswered(**about(11, employee="103", **OUTGOING)),
            hung(41),
            quiet(41, "103"),
        ),
        13,
        30,
        "200",
        1,
    ),
    "outgoing busy": Told((dialled(0, "101"), hung(3, "busy"), quiet(3, "101")), 11, 0, "486", 1),
    "outgoing given up": Told((dialled(0, "101"), hung(8, "cancelled"), quiet(8, "101")), 11, 0, "603-S", 1),
    "outgoing busy, said twice": Told(
        (dialled(0, "101"), hung(2.5), hung(3, "busy"), quiet(3, "101")), 11, 0, "486", 1
    ),
    "a transfer that came back": Told(
        (
            came(),
            *ring(1, "101"),
            answered(4, "101"),
            CallTransferred(**about(20, employee="101", to="102")),
            *ring(21, "102"),
            answered(22, "102"),
            answered(35, "101"),
            quiet(36, "102"),
            quiet(64, "101"),
            hung(64),
        ),
        11,
        60,
        "200",
    ),
    "only a summary": Told((CallEnded(**about(45, **SUMMARY)),), 12, 40, "200"),
    "told twice in two words": Told(
        (
            CallRinging(**about(1, employee="101", **INCOMING)),
            CallAnswered(**about(5, employee="102", **INCOMING)),
            CallEnded(**about(45)),
            CallEnded(**about(45, **SUMMARY)),
        ),
        12,
        40,
        "200",
    ),
    "lost in mid-call": Told(
        (came(), *ring(1, "101"), answered(5, "101"), CallEnded(**about(35, cause="lost"))), 11, 30, "200"
    ),
}


def is_so(line: Line, told: Told) -> None:
    row = line.row
    assert (row["USER_ID"], row["DURATION"], row["STATUS_CODE"], row["TYPE"]) == (
        told.user,
        told.talk,
        told.status,
        told.kind,
    )
    assert (row["EXTERNAL_CALL_ID"], row["PHONE_NUMBER"]) == ("office.c1", "+79161234567")
    assert row["CALL_START_DATE"].startswith("2026-09-01T09:00:")
    assert not [name for name in line.walk.links if name[0] == "call.open"]
