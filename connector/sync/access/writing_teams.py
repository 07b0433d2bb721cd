"""People of teams, by REST 3.0 (facts/bitrix24-telephony-crm.md §3.3).

Never ``node.member.set``: it removes whom it is not told of, heads as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.errors import PermanentError
from connector.speech import Text
from connector.sync.access.hands import Hands, packs_of, said
from connector.sync.access.memory import Move

_ROLE = "MEMBER_TEAM_EMPLOYEE"
_NOT_DONE = Text(
    "Bitrix24 did not do it; the next run tries again", "Битрикс24 этого не сделал; повторим в следующий запуск"
)


def write_teams(hands: Hands, moves: Sequence[Move]) -> None:
    """Add, then remove; one request for up to fifty people of a team."""
    by_team: dict[int, list[Move]] = {}
    for move in moves:
        by_team.setdefault(move.target.number, []).append(move)
    for team, some in by_team.items():
        for pack in hands.going(packs_of(some)):
            hands.memory.begin(pack)
            _add(hands, team, [move for move in pack if move.gives])
            _remove(hands, team, [move for move in pack if not move.gives])


def _add(hands: Hands, team: int, moves: Sequence[Move]) -> None:
    done = _asked(hands, "humanresources.node.member.add", team, moves, role=_ROLE)
    good = isinstance(done, Mapping) and done.get("success", done.get("result")) is True
    if good or done is True:
        hands.settle(moves)
    elif done is not None:
        hands.fail(moves, _NOT_DONE)


def _remove(hands: Hands, team: int, moves: Sequence[Move]) -> None:
    done = _asked(hands, "humanresources.node.member.remove", team, moves)
    if done is None:
        return
    removed = {int(user) for user in done.get("removed") or ()} if isinstance(done, Mapping) else set()
    rows = (done.get("failed") or ()) if isinstance(done, Mapping) else ()
    why = {int(row["userId"]): str(row.get("reason") or "") for row in rows}
    hands.settle([move for move in moves if move.step.user in removed])
    for move in moves:
        if move.step.user not in removed:
            reason = why.get(move.step.user, "")
            hands.fail([move], Text(reason, reason) if reason else _NOT_DONE)


def _asked(hands: Hands, method: str, team: int, moves: Sequence[Move], **more: Any) -> Any:
    """The answer; ``None`` when there is none, and the moves have failed."""
    if not moves:
        return None
    params = {"nodeId": team, "userIds": [move.step.user for move in moves], **more}
    try:
        return hands.portal.call(method, params, live=False)
    except PermanentError as error:
        hands.fail(moves, said(error))
        return None
