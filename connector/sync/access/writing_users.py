"""Departments, user fields and dismissals: all of one user in one ``user.update`` (§3.1).

``UF_DEPARTMENT`` and fields with several values are replaced as a whole (gotcha 13), so each user is read again right
before, and what we do not know of stays. A set of departments is never written empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.speech import Text
from connector.sync.access.hands import Hands, packs_of, refusal
from connector.sync.access.matching import User
from connector.sync.access.memory import Move
from connector.sync.access.reading import users_in

KINDS = frozenset({"department", "field", "dismissed"})
_GONE = Text("the user is not in the portal any more", "этого сотрудника в портале больше нет")
_LAST = Text(
    "it became their last department meanwhile; nobody is left without one",
    "за это время это стал последний отдел, а без отдела нельзя",
)


def write_users(hands: Hands, moves: Sequence[Move]) -> None:
    """Carry out; every user is one command, fifty of them travel together."""
    by_user: dict[int, list[Move]] = {}
    for move in moves:
        by_user.setdefault(move.step.user, []).append(move)
    fields = {hands.sites[move.target].detail[0] for move in moves if move.target.kind == "field"}
    for pack in hands.going(packs_of(by_user.items())):
        fresh = users_in(hands.bulk, fields, ids=[user_id for user_id, _ in pack])
        _pack(hands, dict(pack), fresh)


def _pack(hands: Hands, pack: Mapping[int, list[Move]], fresh: Mapping[int, User]) -> None:
    hands.memory.begin(move for moves in pack.values() for move in moves)
    patches: dict[int, dict[str, Any]] = {}
    going: dict[int, list[Move]] = {}
    for user_id, moves in pack.items():
        if user_id not in fresh:
            hands.fail(moves, _GONE)
            continue
        stuck = _last_department(moves, fresh[user_id])
        hands.fail(stuck, _LAST)
        going[user_id] = [move for move in moves if move not in stuck]
        patches[user_id] = _patch(hands, going[user_id], fresh[user_id])
    settled = [move for user_id, moves in going.items() if not patches[user_id] for move in moves]
    commands = ((user_id, "user.update", {"ID": user_id, **patch}) for user_id, patch in patches.items() if patch)
    try:
        for key, outcome in hands.bulk.write(commands):
            if outcome.state == "ok" and outcome.result is True:
                settled += going[int(str(key))]
            else:
                hands.fail(going[int(str(key))], refusal(outcome))
    finally:
        hands.settle(settled)


def _patch(hands: Hands, moves: Sequence[Move], user: User) -> dict[str, Any]:
    """What of the user is to be written; nothing when it is so already."""
    patch: dict[str, Any] = {}
    departments, fields = list(user.departments), {name: list(values) for name, values in user.fields.items()}
    for move in moves:
        if move.target.kind == "dismissed":
            patch |= {"ACTIVE": "N"} if user.active else {}
        elif move.target.kind == "department":
            _merge(departments, move.target.number, there=move.gives)
        else:
            name, wire = hands.sites[move.target].detail
            _merge(fields[name], wire, there=move.gives)
    if departments != list(user.departments):
        patch["UF_DEPARTMENT"] = departments
    return patch | {name: values for name, values in fields.items() if values != list(user.fields[name])}


def _merge(values: list[Any], value: Any, *, there: bool) -> None:
    if there and value not in values:
        values.append(value)
    if not there and value in values:
        values.remove(value)


def _last_department(moves: Sequence[Move], user: User) -> list[Move]:
    """Moves out of departments that would leave the user without any."""
    here = [move for move in moves if move.target.kind == "department"]
    left = set(user.departments) - {move.target.number for move in here if not move.gives}
    if left or any(move.gives for move in here):
        return []
    return [move for move in here if not move.gives and move.target.number in user.departments]
