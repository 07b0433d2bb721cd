"""Operators of open lines (facts/bitrix24-telephony-crm.md §3.6, bitrix24-openlines.md §2.1).

A queue is written whole; its order is the order in which operators are asked. It reads back as user ids, departments
expanded: ``DEPARTMENT_ID`` of ``QUEUE_FULL`` tells by which department somebody stands there, and the queue as we wrote
it last is kept for portals that do not tell. An item that Bitrix24 does not like makes the call answer ``false``
without a reason, so it is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.domain.effects import Remember
from connector.errors import PermanentError
from connector.speech import Text
from connector.sync.access.hands import Hands, said
from connector.sync.access.matching import User
from connector.sync.access.memory import QUEUE, Move
from connector.sync.access.sites import queue_in

Entry = dict[str, str]
_FALSE = Text(
    "Bitrix24 did not take the queue: look in the line's settings whether everybody in it is an active employee",
    "Битрикс24 не принял очередь: проверьте в настройках линии, что все в ней — действующие сотрудники",
)
_ABSENT = Text(
    "Bitrix24 took the queue without this person: only active employees can answer",
    "Битрикс24 принял очередь без этого человека: отвечать может только действующий сотрудник",
)
_EMPTY = Text(
    "the queue would be empty, which Bitrix24 does not take",
    "очередь осталась бы пустой, а Битрикс24 этого не принимает",
)


def write_queues(hands: Hands, moves: Sequence[Move]) -> None:
    """Read, merge, write, read again; one line after another."""
    by_line: dict[int, list[Move]] = {}
    for move in moves:
        by_line.setdefault(move.target.number, []).append(move)
    for line, some in hands.going(by_line.items()):
        hands.memory.begin(some)
        try:
            _write(hands, line, some)
        except PermanentError as error:
            hands.fail(some, said(error))


def _write(hands: Hands, line: int, moves: Sequence[Move]) -> None:
    before = _read(hands, line)
    entries = entries_of(before, hands.memory.queue(line), hands.users)
    wished = merged(entries, moves)
    if not wished:
        hands.fail(moves, _EMPTY)
        return
    if wished != entries:
        params = {"CONFIG_ID": line, "PARAMS": {"QUEUE": wished}}
        if hands.portal.call("imopenlines.config.update", params, live=False) is not True:
            hands.fail(moves, _FALSE)
            return
    after = set(queue_in(_read(hands, line)))
    missing = [move for move in moves if move.gives and move.step.user not in after]
    kept = Remember(QUEUE, f"{hands.memory.portal}|{line}", wished)
    hands.settle([move for move in moves if move not in missing], more=[kept])
    hands.fail(missing, _ABSENT)


def _read(hands: Hands, line: int) -> Mapping[str, Any]:
    found = hands.portal.call("imopenlines.config.get", {"CONFIG_ID": line, "WITH_QUEUE": "Y"}, live=False)
    return found if isinstance(found, Mapping) else {}


def entries_of(line: Mapping[str, Any], ours: Sequence[Entry], users: Mapping[int, User]) -> list[Entry]:
    """The queue as it was written: departments where people stand in it by their department, in its order.

    Those who were dismissed are left out: Bitrix24 takes no queue that names one.
    """
    full = line.get("QUEUE_FULL")
    rows = full.values() if isinstance(full, Mapping) else ()
    told = {int(row["USER_ID"]): str(row.get("DEPARTMENT_ID") or "0") for row in rows}
    known = [entry["ENTITY_ID"] for entry in ours if entry["ENTITY_TYPE"] == "department"]
    single = {entry["ENTITY_ID"] for entry in ours if entry["ENTITY_TYPE"] == "user"}
    entries: list[Entry] = []
    for user_id in queue_in(line):
        if user_id in users and not users[user_id].active:
            continue
        department = told.get(user_id, "0")
        if department == "0" and str(user_id) not in single:
            department = _through(users.get(user_id), known)
        entry = _department(department) if department != "0" else _user(user_id)
        if entry not in entries:
            entries.append(entry)
    return entries


def merged(entries: Sequence[Entry], moves: Sequence[Move]) -> list[Entry]:
    """The queue without those who leave and with the new ones at its end; everything else stays where it is."""
    leaving = [_user(move.step.user) for move in moves if not move.gives]
    coming = [_user(move.step.user) for move in moves if move.gives]
    stay = [entry for entry in entries if entry not in leaving]
    return [*stay, *(entry for entry in coming if entry not in stay)]


def _through(user: User | None, departments: Sequence[str]) -> str:
    mine = {str(number) for number in user.departments} if user else set()
    return next((number for number in departments if number in mine), "0")


def _user(user_id: int) -> Entry:
    return {"ENTITY_TYPE": "user", "ENTITY_ID": str(user_id)}


def _department(number: str) -> Entry:
    return {"ENTITY_TYPE": "department", "ENTITY_ID": number}
