"""Something is away: the portal, the mail server, one recipient, Redis. Letters wait, and then come in order, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connector.delivery import Pump
from connector.providers.postman import Postman
from tests.integration.promises.mailbox import Mailbox, mailbox, written
from tests.services import Redis

ANN, BOB = "ann@home.test", "bob@home.test"
LIMIT = {"status": 429, "code": "OPERATION_TIME_LIMIT", "description": "Method is blocked due to operation time limit"}


@pytest.fixture
def box(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Mailbox]:
    with mailbox(tmp_path, redis_server, journal_url) as made:
        yield made


def test_a_portal_that_is_away_for_two_days_gets_all_letters_in_order(box: Mailbox):
    box.asked(ANN, text="ann 0")
    box.house.sandbox.set_down("unavailable")
    for number in range(1, 4):
        box.come(written(ANN, "Re: Order", f"ann {number}"))
        box.come(written(BOB, "Re: Bill", f"bob {number}"))
        box.work(hours=15)
    box.work(hours=3)
    assert box.parked() == []
    box.house.sandbox.set_down("")
    box.work(minutes=2)
    box.work(minutes=2)
    assert box.says(ANN) == [f"ann {number}" for number in range(4)]
    bobs = [row["text"] for chat in box.house.sandbox.chats() for row in box.house.sandbox.messages(chat["external"])]
    assert [row.splitlines()[-1] for row in bobs if "bob" in row] == [f"bob {number}" for number in range(1, 4)]
    assert box.parked() == []


def test_a_mail_server_that_is_away_for_days_gets_all_answers_in_order(box: Mailbox):
    for client in (ANN, BOB):
        box.asked(client)
    box.hop.stop()
    for number in range(3):
        for client in (ANN, BOB):
            box.replies(client, f"to {client} {number}.")
        box.work(hours=10)
    for _ in range(20):
        box.work(hours=2)
    assert box.parked() == []
    box.hop.start()
    box.work(minutes=10)
    box.work(minutes=10)
    for client in (ANN, BOB):
        assert " ".join(box.gets(client)) == " ".join(f"to {client} {number}." for number in range(3))
    box.hop.stop()
    box.replies(ANN, "never")
    box.work(seconds=6)
    box.work(hours=73)
    assert box.parked() == [("reply.written", "delivery.too_late")]
    assert "Not delivered" in " ".join(row["text"] for row in box.house.sandbox.messages(box.chat(ANN), "system"))


def test_a_recipient_who_is_put_off_for_ever_holds_up_nobody_else(box: Mailbox):
    for client in (ANN, BOB):
        box.asked(client)
    box.hop.refuses[ANN] = "451 4.3.0 Later"
    box.replies(ANN, "first")
    box.work(seconds=6)
    box.replies(ANN, "second")
    for number in range(5):
        box.replies(BOB, f"to bob {number}.")
        box.work(seconds=6)
    assert box.gets(BOB) == [f"to bob {number}." for number in range(5)]
    for _ in range(24):
        box.work(hours=2)
    assert box.gets(ANN) == [] == box.parked()
    box.hop.refuses.clear()
    box.work(hours=1)
    assert box.gets(ANN) == ["first", "second"]


def test_the_pace_is_kept_and_shared_when_a_crowd_is_put_off(box: Mailbox):
    crowd = [f"client{number}@home.test" for number in range(20)]
    for client in (*crowd, ANN):
        box.asked(client)
    work = box.house.connector.work
    settings = box.account.settings.model_copy(
        update={"smtp": box.account.settings.smtp.model_copy(update={"pace": 5})}
    )
    postman = Postman(settings, box.account.http, clock=lambda: box.house.clock().timestamp())
    reach = replace(work.reach, accounts={**work.reach.accounts, "box": replace(box.account, http=postman)})
    paced = replace(work, reach=reach)
    box.hop.refuses |= dict.fromkeys(crowd, "451 4.3.0 Later")
    for client in crowd:
        box.replies(client, "put off")
    box.house.clock.add(seconds=6)
    for minute in range(30):
        if minute == 3:
            box.replies(ANN, "in time")
        before = box.hop.tries
        Pump(paced, "account:box").run(seconds=20)
        assert box.hop.tries - before <= 5
        box.house.clock.add(seconds=60)
    assert box.gets(ANN) == ["in time"]


def test_a_redis_that_forgets_everything_loses_and_doubles_nothing(box: Mailbox, redis_server: Redis):
    box.asked(ANN, text="ann 0")
    for number in range(1, 4):
        box.come(written(ANN, "Re: Order", f"ann {number}"))
        redis_server.flush()
        box.work()
        box.replies(ANN, f"answer {number}.")
        redis_server.flush()
        box.work(seconds=6)
    assert box.says(ANN) == [f"ann {number}" for number in range(4)]
    assert box.gets(ANN) == [f"answer {number}." for number in range(1, 4)]


def test_a_note_that_the_portal_puts_off_holds_up_no_other_letter(box: Mailbox, redis_server: Redis):
    box.asked(ANN)
    box.replies(ANN, "On its way")
    box.work(seconds=6)
    (ours,) = box.hop.letters
    box.house.sandbox.fault("fail", method="im.message.add", times=-1, **LIMIT)
    away = {"In_Reply_To": str(ours.message["Message-ID"]), "Auto_Submitted": "auto-replied"}
    box.come(written(ANN, "Away", "I am away", **away))
    box.come(written(BOB, "Bill", "bob"))
    box.work(seconds=1)
    assert box.says(BOB) == ["bob"]
    assert not any("I am away" in row for row in box.says(ANN, "system"))
    box.house.sandbox.clear_faults()
    redis_server.flush()  # where the portal's wait is kept, by the real clock
    box.work(minutes=11)
    assert sum("I am away" in row for row in box.says(ANN, "system")) == 1
