"""``imopenlines.operator.*`` and ``imopenlines.session.*`` (facts/bitrix24-openlines.md §2.2, §2.3)."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from connector.sandbox import desk, model
from connector.sandbox.answers import ApiError, Params, is_yes, upper, whole
from connector.sandbox.dialogs import current_line, is_open, join, open_session, take
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import Chat, Session

Action = Callable[[Call, Chat, Params], Any]


def may_see(call: Call, chat: Chat) -> bool:
    """Members of the chat, admins and the line's queue (the line's "join" permission)."""
    user = call.who.user_id
    queue = current_line(call.portal, chat).queue
    return user in chat.members or user in queue or call.portal.users[user].admin


def the_chat(call: Call, given: Params, empty: str = "CHAT_ID") -> Chat:
    """The chat of ``CHAT_ID``; 400 ``CHAT_ID`` (or ``empty``), 403 ``ACCESS_DENIED``."""
    number = whole(given.get("CHAT_ID"))
    if not number:
        raise ApiError(empty, "Chat ID can't be empty", 400)
    chat = call.portal.chat(number)
    if not may_see(call, chat):
        raise ApiError("ACCESS_DENIED", "You don't have access to this chat", 403)
    return chat


def _answer(call: Call, chat: Chat, given: Params) -> bool:
    take(call.portal, desk.open_dialog(call.portal, chat), call.who.user_id)
    return True


def _skip(call: Call, chat: Chat, given: Params) -> bool:
    session = call.portal.session_of(chat)
    if session is None or not is_open(session):
        raise ApiError("ACCESS_DENIED_KICK", "The dialog cannot be passed on", 400)
    queue = [user for user in current_line(call.portal, chat).queue if user != session.operator]
    if queue:
        take(call.portal, session, queue[0])
    session.status = model.SKIPPED
    return True


def _spam(call: Call, chat: Chat, given: Params) -> bool:
    desk.finish(call.portal, chat, call.who.user_id, model.SPAM)
    return True


def _transfer(call: Call, chat: Chat, given: Params) -> bool:
    target = str(given.get("TRANSFER_ID") or "")
    user, queue = whole(given.get("USER_ID")), whole(given.get("QUEUE_ID"))
    if target.startswith("queue"):
        queue = whole(target.removeprefix("queue"))
    elif target:
        user = whole(target)
    if not user and not queue:
        raise ApiError("TRANSFER_ID_EMPTY", "Transfer ID can't be empty", 400)
    desk.transfer(call.portal, chat, user_id=user, line_id=queue)
    return True


def _finish(call: Call, chat: Chat, given: Params) -> bool:
    if desk.open_dialog(call.portal, chat).operator != call.who.user_id:
        raise ApiError("ACCESS_DENIED", "You are not the operator of this dialog", 400)
    desk.finish(call.portal, chat, call.who.user_id)
    return True


def _finish_another(call: Call, chat: Chat, given: Params) -> bool:
    desk.finish(call.portal, chat, call.who.user_id)
    return True


def _start(call: Call, chat: Chat, given: Params) -> bool:
    if not is_open(call.portal.session_of(chat)):
        open_session(call.portal, chat, call.who.user_id)
    take(call.portal, desk.open_dialog(call.portal, chat), call.who.user_id)
    return True


def _join(call: Call, chat: Chat, given: Params) -> bool:
    desk.open_dialog(call.portal, chat)
    join(chat, call.who.user_id)
    return True


def _pin(call: Call, chat: Chat, given: Params) -> bool:
    chat.pinned = given.get("ACTIVATE", "Y") == "Y"
    return True


def _silent(call: Call, chat: Chat, given: Params) -> bool:
    chat.silent = is_yes(given.get("ACTIVATE"), True)
    return True


def _folded(action: Action) -> Method:
    """Parameter names in any case (these methods normalise them)."""

    def run(call: Call, params: Params) -> Any:
        given = upper(params)
        return action(call, the_chat(call, given), given)

    return Method(run=run, scope="imopenlines")


def _exact(action: Action) -> Method:
    """Parameter names in upper case only (these methods do not normalise them)."""

    def run(call: Call, params: Params) -> Any:
        return action(call, the_chat(call, params, "CHAT_ID_EMPTY"), params)

    return Method(run=run, scope="imopenlines")


def session_open(call: Call, params: Params) -> dict[str, str]:
    """The chat of a USER_CODE; the ``imol|`` prefix is tolerated."""
    code = str(params.get("USER_CODE") or "").removeprefix("imol|")
    chat = call.portal.chats.get(call.portal.chat_codes.get(code, 0))
    if chat is None or not may_see(call, chat):
        raise ApiError("ACCESS_DENIED", "You don't have access to this chat", 403)
    join(chat, call.who.user_id)
    return {"chatId": str(chat.id)}


def head_vote(call: Call, params: Params) -> bool:
    """A supervisor's rating (1 to 5) or comment of a session."""
    session: Session | None = call.portal.sessions.get(whole(params.get("SESSION_ID")))
    if session is None:
        raise ApiError("EMPTY_SESSION_ID", "Session ID can't be empty", 400)
    if not params.get("RATING") and not params.get("COMMENT"):
        raise ApiError("EMPTY_VOTE_PARAMS", "Rating or comment is required", 400)
    session.head_vote = whole(params.get("RATING"), session.head_vote)
    session.comment = str(params.get("COMMENT") or session.comment)
    return True


METHODS = MappingProxyType(
    {
        "imopenlines.operator.answer": _folded(_answer),
        "imopenlines.operator.skip": _folded(_skip),
        "imopenlines.operator.spam": _folded(_spam),
        "imopenlines.operator.finish": _folded(_finish),
        "imopenlines.operator.another.finish": _exact(_finish_another),
        "imopenlines.operator.transfer": _exact(_transfer),
        "imopenlines.session.start": _exact(_start),
        "imopenlines.session.join": _exact(_join),
        "imopenlines.session.intercept": _exact(_answer),
        "imopenlines.session.mode.pin": _exact(_pin),
        "imopenlines.session.mode.silent": _exact(_silent),
        "imopenlines.session.open": Method(run=session_open, scope="imopenlines"),
        "imopenlines.session.head.vote": Method(run=head_vote, scope="imopenlines"),
    }
)
