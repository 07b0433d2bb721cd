"""What is parked and what waits, put into the house before a person looks at it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from connector.bootstrap import Connector
from connector.domain.events import MessageReceived, ReplyWritten
from connector.domain.request import Request
from connector.domain.values import File, Im, Person
from connector.intake import new_trace
from connector.journal import CallTrail, Envelope, NewDelivery, Settlement, Step
from connector.speech import Text
from tests.e2e.faces.console_stage import HOSTILE

MAIN, SHOP = "portal:main", "account:shop"
SECRET = "s3cret-token-of-the-bot"
LINE = Text(
    "The open line is not connected. Connect it in Contact Center, then retry.",
    "Открытая линия не подключена. Подключите её в Контакт-центре и повторите.",
)
BLOCKED = Text(
    "The client blocked the bot. Nothing can be sent until they write again; discard, or reach them elsewhere.",
    "Клиент заблокировал бота. Пока он не напишет сам, отправить ничего нельзя: отбросьте или свяжитесь иначе.",
)
UNREAD = Text(
    "The request was kept but could not be read. Update the connector, then retry.",
    "Запрос сохранён, но не прочитан. Обновите коннектор и повторите.",
)
SLOW = Text(
    "Bitrix24 does not answer in time; it is tried again by itself.", "Битрикс24 не ответил вовремя; повтор — сам."
)
TALK = (
    ("1001", "Анна", "Здравствуйте! Где мой заказ 4512? Обещали вчера"),
    ("1002", "Иван", "Хочу вернуть чайник, течёт"),
    ("1003", "Maria", "Could you send the invoice again, please?"),
    ("1004", "Пётр", "Ау"),
)


def seed(house: Connector) -> dict[str, Any]:
    """Four parked messages, two parked replies, two unread requests, lanes that wait; numbers and traces by name."""
    now = house.clock()
    messages = [_message(*talk) for talk in TALK]
    hostile = _message("666", HOSTILE, f"{HOSTILE} \u202egnp.exe", lane=f"shop.{HOSTILE}")
    parked = _park(house, [*messages, hostile], MAIN, "line.not_connected", LINE, "CONNECTOR_NOT_ACTIVE", now)
    replies = [_reply(now, number) for number in (1, 2)]
    blocked = _park(house, replies, SHOP, "telegram.blocked", BLOCKED, "Forbidden: bot was blocked by the user", now)
    unread = [
        _unread(house, now, body)
        for body in (b'{"update_id": 7, "token": "' + SECRET.encode() + b'"}', b"\xff\xd8\xff\xe0")
    ]
    _wait(house, now)
    return {"parked": parked, "blocked": blocked, "unread": unread}


def _message(conversation: str, name: str, text: str, lane: str = "") -> NewDelivery:
    event = MessageReceived(
        account="shop",
        conversation=conversation,
        message_id=f"m{conversation}",
        client=Person(id=conversation, first_name=name, phone="+79123456789"),
        text=text,
        files=(File(ref="f1", name="чек.pdf", mime="application/pdf", size=120_000),) if conversation == "1002" else (),
    )
    return NewDelivery(destination=MAIN, event=event, lane=lane or event.lane, position=int(conversation))


def _reply(now: datetime, number: int) -> NewDelivery:
    event = ReplyWritten(
        portal="main",
        connector="c",
        line="1",
        account="shop",
        conversation="1005",
        im=Im(chat_id="8", message_id=str(number)),
        text=("Заказ уже в пути, будет завтра", "Курьер позвонит за час")[number - 1],
        author="5",
        written_at=now,
    )
    return NewDelivery(destination=SHOP, event=event, lane=event.lane, position=number)


def _envelope(now: datetime, body: bytes, **changes: Any) -> Envelope:
    request = Request(
        method="POST",
        path="/hooks/shop",
        headers={
            "content-type": "application/json",
            "user-agent": "Telegram",
            "x-telegram-bot-api-secret-token": SECRET,
            "x-odd": HOSTILE,
        },
        query=f"secret={SECRET}&page=1",
        body=body,
        received_at=now,
        remote="203.0.113.7",
    )
    trace = new_trace(now)
    return Envelope(**{"trace": trace, "account": "shop", "dedupe_key": trace, "request": request, **changes})


def _park(
    house: Connector, new: list[NewDelivery], destination: str, cause: str, hint: Text, detail: str, now: datetime
) -> list[int]:
    body = {"message": {"text": HOSTILE, "from": {"phone": "+79123456789"}}, "token": SECRET}
    for delivery in new:
        house.journal.accept(_envelope(now, json.dumps(body).encode()), [delivery])
    lease = house.journal.lease(destination)
    assert lease is not None
    claimed = house.journal.claim(lease, lanes=50, per_lane=9)
    settled = [
        Settlement(delivery=one, state="parked", attempts=3, cause=cause, hint=hint, detail=detail) for one in claimed
    ]
    calls = [
        CallTrail(
            trace=one.trace,
            delivery_id=one.id,
            what="imconnector.send.messages",
            started_at=now,
            seconds=0.4,
            outcome=cause,
            request_id="0a1b2c3d",
        )
        for one in claimed
    ]
    house.journal.step(lease, Step(settled=settled, calls=calls))
    house.journal.leave(lease, force=True)
    return sorted(one.id for one in claimed)


def _unread(house: Connector, now: datetime, body: bytes) -> str:
    envelope = _envelope(now, body, state="parked", cause="parse.failed", hint=UNREAD, detail="KeyError: 'message'")
    house.journal.accept(envelope, [])
    return envelope.trace


def _wait(house: Connector, now: datetime) -> None:
    """Five lanes at the portal, the first one tried and waiting; one at the account."""
    for number in range(5):
        for part in range(1 + number * 2):
            waiting = _message(f"200{number}", "Олег", f"Подскажите, пожалуйста, вопрос {part + 1}")
            house.journal.accept(_envelope(now, b"{}"), [waiting])
    house.journal.accept(_envelope(now, b"{}"), [_reply(now, 2)])
    lease = house.journal.lease(MAIN)
    assert lease is not None
    head = house.journal.claim(lease, lanes=1)[0]
    later = now + timedelta(minutes=6)
    told = {"cause": "portal.timeout", "hint": SLOW, "detail": "504 Gateway Time-out", "due_at": later}
    house.journal.step(lease, Step(settled=[Settlement(delivery=head, state="waiting", attempts=2, **told)]))
    house.journal.leave(lease, force=True)
