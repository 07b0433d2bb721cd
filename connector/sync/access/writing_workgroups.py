"""Members and moderators of workgroups (facts/bitrix24-telephony-crm.md §3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.portal import Outcome
from connector.speech import Text
from connector.sync.access.hands import Hands, packs_of, refusal
from connector.sync.access.memory import Move

_IGNORED = Text(
    "Bitrix24 left it as it was: owners and scrum masters stay, and only employees can be added",
    "Битрикс24 оставил как есть: владелец и скрам-мастер остаются, а добавить можно только сотрудника",
)
_ROLE = {"moderator": "E", "member": "K"}


def write_workgroups(hands: Hands, moves: Sequence[Move]) -> None:
    """Add, then give roles, then delete; each method takes many people of one group at once."""
    by_group: dict[int, list[Move]] = {}
    for move in moves:
        by_group.setdefault(move.target.number, []).append(move)
    for group, some in by_group.items():
        for pack in hands.going(packs_of(some)):
            hands.memory.begin(pack)
            _pack(hands, group, pack)


def _pack(hands: Hands, group: int, pack: Sequence[Move]) -> None:
    """People whom the portal does not name in its answer were ignored without an error."""
    ok: set[int] = set()
    new = [move for move in pack if not move.step.was]
    ok |= _asked(hands, "sonet_group.user.add", group, new)
    for grade in ("moderator", "member"):
        same = [move for move in pack if move.step.grade == grade and (move.step.was or grade == "moderator")]
        able = [move for move in same if move.step.was or move.step.user in ok]
        done = _asked(hands, "sonet_group.user.update", group, able, ROLE=_ROLE[grade])
        ok = (ok - {move.step.user for move in able}) | done
    ok |= _asked(hands, "sonet_group.user.delete", group, [move for move in pack if not move.step.grade])
    hands.settle([move for move in pack if move.step.user in ok])


def _asked(hands: Hands, method: str, group: int, moves: Sequence[Move], **more: Any) -> set[int]:
    """The users for whom it is done."""
    if not moves:
        return set()
    params = {"GROUP_ID": group, "USER_ID": [move.step.user for move in moves], **more}
    (outcome,) = (found for _, found in hands.bulk.write([(group, method, params)]))
    done = _users(outcome)
    left = [move for move in moves if move.step.user not in done]
    hands.fail(left, _IGNORED if outcome.state == "ok" else refusal(outcome))
    return done


def _users(outcome: Outcome) -> set[int]:
    if outcome.state != "ok":
        return set()
    some = outcome.result if isinstance(outcome.result, list) else [outcome.result]
    return {int(user) for user in some if str(user).isdecimal()}
