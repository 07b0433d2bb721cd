"""Letters taken for spam: a page of their own, let in or thrown away in bulk, never red."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.domain.events import LetterBounced, LetterWanted, dump
from connector.domain.mailing import QUARANTINE
from connector.journal import Journal, NewDelivery
from connector.journal.glance import Heard
from tests.contract.journal.making import MAIN, a_delivery, settle
from tests.unit.webhooks.console.bench_stage import HOSTILE, PREVIEW, park, press, put
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.test_pages import unexpected
from tests.unit.webhooks.mailbox import letter, mailbox, stood
from tests.unit.webhooks.world import NOW
from webhooks.console.gist import gist

HELD = f"/ops/parked/list?of=deliveries&cause={QUARANTINE}"


def spam(journal: Journal, *subjects: str, account: str = "support", **more: Any) -> list[int]:
    """Letters in quarantine; their numbers."""
    events = [
        letter(subject, account=account, conversation=f"{account}{number}", spam="X-Spam-Flag: YES", **more)
        for number, subject in enumerate(subjects)
    ]
    new = [NewDelivery(destination=MAIN, event=event, lane=event.lane) for event in events]
    return park(journal, *new, cause=QUARANTINE, detail="X-Spam-Flag: YES", account=account)


def states(journal: Journal, ids: list[int]) -> list[str]:
    return [journal.show(number)["state"] for number in ids]


def test_the_quarantine_shows_subject_sender_why_and_when(console: Console) -> None:
    spam(console.journal, "Cheap watches", text="Buy [b]now[/b]")
    page = console.signed_in("operator").get(HELD).text
    for told in ("Cheap watches", "ann@home.ru", "Ann", "X-Spam-Flag: YES", "Buy [b]now[/b]", "support", "Let all in…"):
        assert told in page
    russian = console.signed_in("operator", "ru").get(HELD).text
    for told in ("Карантин", "Тема", "Отправитель", "Почему", "Пропустить отмеченные…", "Это спам, убрать…"):
        assert told in russian


def test_a_long_letter_keeps_its_subject(console: Console) -> None:
    spam(console.journal, "Behind a long text", text="word " * 5000)
    assert "Behind a long text" in console.signed_in("operator").get(HELD).text


def test_parked_work_is_shown_without_the_quarantine_and_leads_to_it(console: Console) -> None:
    spam(console.journal, "a", "b")
    park(console.journal, a_delivery())
    page = console.signed_in("operator").get("/ops/parked").text
    assert "Quarantine: 2" in page
    assert "portal.refused</bdi>" in page
    assert f"{QUARANTINE}</bdi>" not in page
    assert "Quarantine: 2" not in console.signed_in("operator").get("/ops/parked/list?of=deliveries").text


def test_nothing_but_spam_is_nothing_parked(console: Console) -> None:
    console.world.accounts["support"] = mailbox()
    browser = console.signed_in("operator")
    assert "Nothing is parked." in browser.get("/ops/parked").text
    assert "The quarantine is empty" in browser.get(HELD).text
    spam(console.journal, "a")
    assert "Nothing is parked." in browser.get("/ops/parked").text
    overview = browser.get("/ops").text
    assert "In quarantine, taken for spam: 1 letter." in overview
    assert "waiting for your decision" not in overview


def test_a_house_without_mail_has_no_quarantine(console: Console) -> None:
    assert "Quarantine" not in console.signed_in("operator").get("/ops/parked").text


def test_the_ticked_ones_are_let_in(console: Console) -> None:
    ids = spam(console.journal, "a", "b", "c")
    browser = console.signed_in("operator")
    preview = f"{PREVIEW}?of=deliveries&cause={QUARANTINE}&which=ticked&deed=replay&name={ids[0]}&name={ids[2]}"
    page = browser.get(preview).text
    assert "Let in: 2 letters" in page.replace("\n", " ")
    ticked: Any = [str(ids[0]), str(ids[2])]
    assert press(browser, preview, name=ticked).status_code == 303
    assert states(console.journal, ids) == ["waiting", "parked", "waiting"]


def test_all_spam_is_thrown_away_at_once(console: Console) -> None:
    ids = spam(console.journal, "a", "b")
    other = park(console.journal, a_delivery())
    browser = console.signed_in("operator", "ru")
    preview = f"{PREVIEW}?of=deliveries&cause={QUARANTINE}&deed=discard"
    assert "Убрать как спам: 2 письма" in browser.get(preview).text.replace("\n", " ")
    assert press(browser, preview).status_code == 303
    assert states(console.journal, ids + other) == ["discarded", "discarded", "parked"]


@pytest.mark.parametrize("what", ["replay", "discard"])
def test_a_deed_about_all_that_is_parked_leaves_the_quarantine_alone(console: Console, what: str) -> None:
    ids = spam(console.journal, "a")
    park(console.journal, a_delivery())
    assert press(console.signed_in("operator"), f"{PREVIEW}?of=deliveries&deed={what}").status_code == 303
    assert states(console.journal, ids) == ["parked"]


def test_a_letter_in_quarantine_is_read_and_let_in_by_itself(console: Console) -> None:
    [number] = spam(console.journal, "Cheap watches", text="Buy now")
    browser = console.signed_in("operator")
    page = browser.get(f"/ops/parked/{number}").text
    for told in ("Letter in quarantine", "Cheap watches", "ann@home.ru", ">Buy now</pre>", "in quarantine</span>"):
        assert told in page
    assert "Let in…" in page
    assert "Spam, away…" in page
    preview = f"{PREVIEW}?of=deliveries&cause={QUARANTINE}&name={number}&deed=replay"
    assert press(browser, preview).status_code == 303
    assert states(console.journal, [number]) == ["waiting"]


def test_its_trace_is_not_red(console: Console) -> None:
    [number] = spam(console.journal, "a")
    trace = console.journal.show(number)["trace"]
    page = console.signed_in("operator").get(f"/ops/trace/{trace}").text
    assert "in quarantine" in page
    assert "letter from a client" in page
    assert ">parked<" not in page
    assert ">parked<" not in console.signed_in("operator").get("/ops/trace?account=support").text


def test_a_hostile_letter_is_shown_and_does_nothing(console: Console) -> None:
    [number] = spam(console.journal, HOSTILE, client='"><svg/onload=alert(1)>@x.ru', text=HOSTILE)
    browser = console.signed_in("operator")
    trace = console.journal.show(number)["trace"]
    for path in (HELD, f"/ops/parked/{number}", f"/ops/trace/{trace}"):
        page = browser.get(path)
        assert page.status_code == 200
        assert not unexpected(page.text)
        assert "<svg/onload" not in page.text
        assert "<script>alert" not in page.text
        assert "{{ 7*7 }}" in page.text
        assert "\u202e" not in page.text


def test_an_account_of_mail_shows_how_its_mailbox_stands(console: Console) -> None:
    console.world.accounts["support"] = mailbox()
    journal = console.journal
    journal.remember("stream", "support", stood("connected", NOW, NOW))
    journal.remember("stream.mark", "support/INBOX", {"uidvalidity": 1, "uid": 4711})
    spam(journal, "a", "b")
    page = console.signed_in("admin").get("/ops/accounts/support").text
    for told in ("connected", "support@acme.ru", "INBOX", "4,711", "in quarantine", "connector listen"):
        assert told in page
    assert "/hooks/support" not in page
    listed = console.signed_in("admin", "ru").get("/ops/accounts").text
    assert "поток: на связи" in listed
    assert "в карантине: 2" in listed


def test_a_mailbox_that_nobody_reads_is_bad_and_says_so(console: Console) -> None:
    console.world.accounts["support"] = mailbox()
    page = console.signed_in("admin").get("/ops/accounts/support").text
    assert '<span class="pill bad">nobody listens</span>' in page
    assert "connector listen" in page
    assert '<span class="pill bad">никто не слушает</span>' in console.signed_in("admin", "ru").get("/ops").text


def test_a_mailbox_of_webhooks_shows_their_address(console: Console) -> None:
    console.world.accounts["support"] = mailbox(listens=False)
    console.world.journal.heard["support"] = Heard(hour=1, last=NOW)
    page = console.signed_in("admin").get("/ops/accounts/support").text
    assert "/hooks/support" in page


def test_a_letter_that_was_not_sent_says_why_in_its_trace(console: Console) -> None:
    note = "not sent: one automatic letter per client and day is enough"
    trace = put(console.journal, NewDelivery(destination=MAIN, event=WANTED, lane=WANTED.lane), account="support")
    lease = console.journal.lease(MAIN)
    assert lease is not None
    settle(console.journal, lease, *console.journal.claim(lease, lanes=9), flagged=note)
    assert note in console.signed_in("operator").get(f"/ops/trace/{trace}").text
    russian = console.signed_in("operator", "ru").get(f"/ops/trace/{trace}").text
    assert "клиенту достаточно одного автоматического письма в сутки" in russian
    assert "автоматическое письмо" in russian


BOUNCED = LetterBounced(
    account="support", conversation="c", message_id="1@x", recipient="bob@x.ru", status="5.1.1", said="no such user"
)
WANTED = LetterWanted(account="support", conversation="c", because="1", text="We are away", subject="Out of office")


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (letter("Order 7"), "Order 7 · ann@home.ru"),
        (letter("", client="ann@home.ru"), "ann@home.ru"),
        (BOUNCED, "bob@x.ru · 5.1.1 · no such user"),
        (WANTED, "Out of office · We are away"),
    ],
)
def test_events_about_letters_are_told_in_a_line(event: Any, told: str) -> None:
    assert gist(dump(event)) == told


@pytest.mark.parametrize("broken", ['{"kind": "letter.received"}', '{"kind": "letter.received", "message": [1]}', "{"])
def test_a_letter_that_cannot_be_read_is_told_as_nothing(broken: str) -> None:
    assert gist(broken) == ""


def test_a_cut_event_still_tells_what_the_client_wrote() -> None:
    whole = dump(letter("Behind", text="Good day " * 600))
    assert gist(whole[:2000]).startswith("Good day")
    assert json.loads(whole)["kind"] == "letter.received"
