"""A letter becomes an e-mail in the card against a whole portal, once; and an automatic letter is wanted, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from connector.domain.events import LetterWanted
from mappings.outcome import Acknowledgement, Making, Outcome
from tests.contract.mapping.conftest import Crm
from tests.unit.handlers.walking import phone, wish

ANNA = wish(match=(phone("+79001112233"),), set={"NAME": "Анна", "ASSIGNED_BY_ID": 2})
DEAL = wish("deal", match=(), set={"TITLE": "Заказ"})
THANKS = Outcome(version="v1", acknowledgement=Acknowledgement(text="Получили", subject="Ваше письмо"))


def said(on: str = "contact", *wishes: Any, name: str = "r", **fields: Any) -> Outcome:
    making = Making(kind="email", name=name, on=on, fields=fields)
    return Outcome(version="v1", wishes=wishes or (ANNA,), makings=(making,))


def letters(crm: Crm) -> list[Any]:
    return list(crm.call("crm.activity.list", filter={"TYPE_ID": 4}, order={"ID": "ASC"}))


def test_a_letter_is_an_incoming_email_with_its_words_its_files_and_its_sender(crm: Crm) -> None:
    crm.letter(said())
    [row] = letters(crm)
    [contact] = crm.items(3)
    assert (row["SUBJECT"], row["DIRECTION"], row["COMPLETED"], row["DESCRIPTION_TYPE"]) == ("Заказ 17", "1", "N", "2")
    assert row["DESCRIPTION"].startswith("Где [b]заказ[/b] 17?")
    assert [(file["name"], requests.get(file["url"], timeout=10).content) for file in row["FILES"]] == [
        ("photo [1].jpg", b"photo"),
        ("letter.eml", b"eml"),
    ]
    assert row["DESCRIPTION"].endswith("\n\nФайлы:\ngone.pdf")
    assert (row["OWNER_TYPE_ID"], row["OWNER_ID"], row["RESPONSIBLE_ID"]) == ("3", str(contact["id"]), "2")
    assert row["COMMUNICATIONS"] == [
        {"TYPE": "EMAIL", "VALUE": "anna@example.com", "ENTITY_TYPE_ID": "3", "ENTITY_ID": str(contact["id"])}
    ]
    assert (row["ORIGINATOR_ID"], row["ORIGIN_ID"].partition(":")[0]) == ("connector", "f0f0")
    assert row["START_TIME"] == crm.began.isoformat(timespec="seconds")


def test_what_finds_no_room_in_the_card_is_a_link(crm: Crm) -> None:
    crm.walk.size = 6 * 1024 * 1024
    crm.letter(said())
    [row] = letters(crm)
    assert [file["name"] for file in row["FILES"]] == ["photo [1].jpg"]
    assert "https://hub.example/media/eml.3]letter.eml[/URL]" in row["DESCRIPTION"]


@pytest.mark.parametrize("done", [True, False])
def test_whatever_a_rule_says_of_it_the_portal_never_sends_it(crm: Crm, done: bool) -> None:
    crm.letter(said(done=done, subject="Своя тема", text="Свои слова", owner=1))
    [row] = letters(crm)
    assert row["COMPLETED"] == ("Y" if done else "N")
    assert "SENT" not in dict(row["SETTINGS"] or {})
    assert (row["SUBJECT"], row["DESCRIPTION"].partition("\n")[0], row["RESPONSIBLE_ID"]) == (
        "Своя тема", "Свои слова", "1",
    )  # fmt: skip


def test_it_is_made_once_though_its_links_are_new_ones_and_changed_when_the_rules_say_something_else(crm: Crm) -> None:
    crm.letter(said())
    assert crm.walk.writes(crm.letter(said())) == []
    crm.letter(said(text="Коротко"))
    assert [row["DESCRIPTION"].partition("\n")[0] for row in letters(crm)] == ["Коротко"]
    crm.letter(said(), "f0f1")
    assert len(letters(crm)) == 2


def test_two_rules_keep_it_in_two_cards(crm: Crm) -> None:
    both = Outcome(
        version="v1",
        wishes=(ANNA, DEAL),
        makings=tuple(Making(kind="email", name=on, on=on) for on in ("contact", "deal")),
    )
    crm.letter(both)
    crm.letter(both)
    assert [row["OWNER_TYPE_ID"] for row in letters(crm)] == ["3", "2"]
    assert [row["COMMUNICATIONS"][0]["ENTITY_TYPE_ID"] for row in letters(crm)] == ["3", "3"]  # deals have no address


def test_a_lost_answer_is_looked_up_before_it_is_made_again(crm: Crm) -> None:
    crm.letter(Outcome(version="v1", wishes=(ANNA,)))
    crm.walk.cut_after = 2
    with pytest.raises(Exception, match="cut"):
        crm.letter(said())
    assert crm.walk.calls[-1][0] == "crm.activity.add"
    crm.letter(said())
    assert len(letters(crm)) == 1


def test_a_letter_without_a_subject_has_a_name(crm: Crm) -> None:
    crm.letter(said(), subject="")
    assert [row["SUBJECT"] for row in letters(crm)] == ["Письмо без темы"]


def test_what_did_not_come_by_mail_is_no_letter_and_a_note_says_so(crm: Crm) -> None:
    crm.message(said())
    assert letters(crm) == []
    assert "event.letter" in crm.walk.told
    crm.message(THANKS)
    assert crm.walk.emitted == []
    assert "event.letter" in crm.walk.told


def test_an_automatic_letter_is_wanted_once_per_message(crm: Crm) -> None:
    crm.letter(THANKS)
    crm.letter(THANKS)
    [wanted] = crm.walk.emitted
    assert wanted.destination == "account:shop"
    assert wanted.event == LetterWanted(
        account="shop", conversation="c1", because="f0f0", text="Получили", subject="Ваше письмо"
    )


def test_nobody_is_told_that_a_letter_of_last_week_has_come(crm: Crm) -> None:
    crm.letter(THANKS, sent_at=crm.began - timedelta(days=7))
    assert crm.walk.emitted == []
    assert "суток" in crm.walk.told
