"""A test message: put in as if a client of the account had written, and followed until Bitrix24 has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.checkup.accounts import line_of
from connector.domain.events import MessageReceived
from connector.domain.request import Request
from connector.domain.values import Person
from connector.errors import PermanentError
from connector.handlers.rehearsals import ANSWERED, CONVERSATION
from connector.intake import new_trace
from connector.journal import Envelope
from connector.repair import Deed, House
from connector.routes import routes
from connector.speech import Text

_LAST = "rehearsal"  # link by account: the key of its last test message
_CLIENT = {"en": ("Connector", "test"), "ru": ("Проверка", "связи")}
_WORDS = Text(
    "Test message of the connector, account {account}. Answer it to prove the way back: no client gets the answer.",
    "Проверочное сообщение коннектора, аккаунт {account}. Ответьте на него, чтобы проверить обратный путь: "
    "клиентам ответ не уйдёт.",
)
_NO_CHANNEL = Text(
    "{account} carries no messages, so there is nothing to try. See connector.yaml.",
    "{account} не передаёт сообщения, проверять нечего. Смотрите connector.yaml.",
)


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """How the last test message stands: ``state`` is its delivery's, ``seconds`` how long it took.

    ``chat_id`` and ``session_id`` are the portal's, once it has the message; ``answered``: an operator's answer in that
    chat has come back.
    """

    trace: str
    state: str
    began: datetime
    seconds: float | None = None
    hint: Text | None = None
    chat_id: str = ""
    session_id: str = ""
    answered: bool = False


def rehearse(house: House, account: str, deed: Deed) -> str:
    """Let the test client of ``account`` write to its open line; returns the trace.

    One client, one conversation for each account, however often it is tried. Raises ``PermanentError`` for an account
    that carries no messages or is not there.
    """
    known = house.accounts.get(account)
    if known is None or known.provider.channel is None:
        raise PermanentError("rehearsal.no_channel", hint=_NO_CHANNEL.with_(account=account))
    now = house.clock()
    trace = new_trace(now)
    event = _message(house, account, f"test.{trace}", now)
    request = Request(method="TEST", path="test message", headers={}, body=event.text.encode(), received_at=now)
    key = f"test:{trace}"
    _leave_a_former_line(house, account)
    envelope = Envelope(trace=trace, account=sender_of(account), dedupe_key=key, request=request)
    house.journal.accept(envelope, routes(event, known, now=now))
    house.journal.remember(_LAST, account, {"key": key})
    house.journal.remember(ANSWERED, account, None)
    house.journal.audit(deed.who, "rehearsal", deed.why, f"account:{account}", trace=trace)
    return trace


def last_rehearsal(house: House, account: str) -> Rehearsal | None:
    """The last test message of ``account``; ``None`` when there was none, or it is older than what is kept."""
    lane = lane_of(account)
    links = house.journal.recall_all([(_LAST, account), ("chat", lane), (ANSWERED, account)])
    last = links.get((_LAST, account))
    fate = house.journal.fate(sender_of(account), last["key"]) if last else None
    if fate is None:
        return None
    chat = links.get(("chat", lane)) or {} if fate.state == "done" else {}
    answer = links.get((ANSWERED, account)) or {}
    return Rehearsal(
        trace=fate.trace,
        state=fate.state,
        began=fate.created_at,
        seconds=(fate.settled_at - fate.created_at).total_seconds() if fate.settled_at else None,
        hint=fate.hint,
        chat_id=str(chat.get("chat_id", "")),
        session_id=str(chat.get("session_id", "")),
        answered=bool(chat) and str(answer.get("chat_id", "")) == str(chat.get("chat_id", "")),
    )


def sender_of(account: str) -> str:
    """Who sent it: not the account, which may be silent while it is tried out (trap 18)."""
    return f"test:{account}"


def lane_of(account: str) -> str:
    """The lane of its test client."""
    return f"{account}.{CONVERSATION}"


def _message(house: House, account: str, message_id: str, now: datetime) -> MessageReceived:
    language = house.settings.portals[house.accounts[account].portal].language
    first, last = _CLIENT[language]
    return MessageReceived(
        account=account,
        conversation=CONVERSATION,
        message_id=message_id,
        client=Person(id=CONVERSATION, first_name=first, last_name=last),
        text=_WORDS.with_(account=account).say(language),
        sent_at=now,
    )


def _leave_a_former_line(house: House, account: str) -> None:
    """A client's conversation stays on its line; the test goes to the line that the account serves now."""
    chat = house.journal.recall("chat", lane_of(account))
    if chat and str(chat.get("line", "")) != line_of(house, account):
        house.journal.remember("chat", lane_of(account), None)
