"""A house with mailboxes: one that is read, one that lost its server, one that webhooks bring letters to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connector.bootstrap import Connector
from connector.domain.events import LetterBounced, LetterReceived, MessageReceived
from connector.domain.letters import Letter
from connector.domain.mailing import QUARANTINE
from connector.domain.request import Request
from connector.domain.values import File, Person
from connector.handlers.letters.arriving import SPAM
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery, Settlement, Step
from tests.unit.webhooks.mailbox import stood

MAIN = "portal:main"
HOSTILE = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"
YAML = """
portals:
  main: {url: "http://127.0.0.1:1", app: {client_id: local.1, client_secret: secret}}
accounts:
  support:
    provider: mail
    portal: main
    line: 2
    address: support@acme.ru
    imap: {host: 127.0.0.1, port: 1, password: secret, security: none, folders: [INBOX, Заявки]}
    smtp: {host: 127.0.0.1, port: 1, security: none}
  orders:
    provider: mail
    portal: main
    line: 3
    address: orders@acme.ru
    imap: {host: 127.0.0.1, port: 1, password: secret, security: none}
    smtp: {host: 127.0.0.1, port: 1, security: none}
  news:
    provider: mailgun
    portal: main
    line: 4
    address: news@acme.ru
    signing_key: key-0123456789abcdef0123456789abcdef
    smtp: {user: news@acme.ru, password: secret}
"""
JUNK = (
    ("Вам начислена выплата 248 000 ₽", "Служба выплат", "noreply@payout-centre.example", "Перейдите по ссылке…"),
    ("Re: your invoice 4512", "Accounts", "billing@invoice-4512.example", "Dear customer, find the invoice attached."),
    ("Заказ 4512: где он?", "Анна Петрова", "anna@home.ru", "Здравствуйте! Обещали вчера, а его всё нет."),
    (HOSTILE, HOSTILE, '"><svg/onload=alert(1)>@x.example', f"{HOSTILE} \u202egnp.exe"),
)


def seed(house: Connector) -> None:
    """Streams, marks, a letter that went its way, one that did not arrive, and four in quarantine."""
    _stream(house, "support", "connected", 3 * 3600)
    _stream(house, "orders", "refused", 900, ("The server refused the password", "Сервер не принял пароль"))
    for folder, uid in (("INBOX", 48213), ("Заявки", 311)):
        house.journal.remember("stream.mark", f"support/{folder}", {"uidvalidity": 7, "uid": uid})
    came = received("Вопрос по доставке", "Иван Кузнецов", "ivan@home.ru", "Когда привезут?")
    bounced = LetterBounced(
        account="support", conversation="lost", message_id="1@acme.ru", recipient="bob@gone.example", status="5.1.1",
        said="550 no such user here",
    )  # fmt: skip
    put(house, came, state="done")
    put(house, bounced, state="done", flagged="the letter that did not arrive is none of ours: nobody is told")
    for number, (subject, name, address, text) in enumerate(JUNK):
        spam = received(subject, name, address, text, spam="X-Spam-Flag: YES", at=number)
        put(house, spam, ago=timedelta(hours=9 - number), state="parked", cause=QUARANTINE, detail="X-Spam-Flag: YES",
            hint=SPAM.with_(why="X-Spam-Flag: YES"))  # fmt: skip


def received(subject: str, name: str, address: str, text: str, *, spam: str = "", at: int = 99) -> LetterReceived:
    """A letter as it was read, with a picture and the whole of it."""
    letter = Letter(
        subject=subject, message_id=f"{at}@home.ru", from_address=address, to=("support@acme.ru",), spam=spam,
        original=File(ref="k", name="letter.eml", mime="message/rfc822"),
    )  # fmt: skip
    message = MessageReceived(
        account="support", conversation=f"c{at}", message_id=f"m{at}", text=text, letter=letter,
        client=Person(id=address, first_name=name, email=address), files=(File(ref="f", name="photo.jpg"),),
    )  # fmt: skip
    return LetterReceived(account="support", conversation=f"c{at}", message=message)


def put(
    house: Connector, event: LetterReceived | LetterBounced, *, ago: timedelta = timedelta(), **settled: Any
) -> str:
    """One letter that was kept and handled; its trace."""
    at = house.clock() - ago
    trace = new_trace(at)
    body = b'{"v":1,"raw":"k","headers":[["Subject","x"]],"text":"x"}'
    request = Request(method="STREAM", path="/listen/support", headers={}, body=body, received_at=at)
    envelope = Envelope(trace=trace, account="support", dedupe_key=f"letter:{trace}", request=request)
    house.journal.accept(envelope, [NewDelivery(destination=MAIN, event=event, lane=event.lane)])
    lease = house.journal.lease(MAIN)
    assert lease is not None
    done = [Settlement(delivery=one, attempts=1, **settled) for one in house.journal.claim(lease, lanes=9)]
    house.journal.step(lease, Step(settled=done))
    house.journal.leave(lease, force=True)
    return trace


def _stream(house: Connector, name: str, state: str, since: float, why: tuple[str, str] = ("", "")) -> None:
    now = house.clock()
    house.journal.remember("stream", name, stood(state, now - timedelta(seconds=since), now, list(why)))
