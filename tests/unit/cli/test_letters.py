"""Letters on the command line: mailboxes in ``status``, the quarantine, and why no letter left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector import settings
from connector.bootstrap import build
from connector.domain.mailing import QUARANTINE
from connector.handlers.letters import answering, arriving
from connector.handlers.letters.noting import noted
from connector.registry import models
from tests.unit.cli.conftest import ENV, Desk
from tests.unit.webhooks.mail_house import YAML, put, received, seed


@pytest.fixture
def mail(tmp_path: Path) -> Any:
    path = tmp_path / "connector.yaml"
    path.write_text(YAML, encoding="utf-8")
    house = build(settings.load(path, ENV, models()))
    seed(house)
    yield Desk(house)
    house.journal.close()


def test_status_tells_how_mailboxes_stand(mail: Desk) -> None:
    shown = mail.run("status", "--lang", "ru").stdout
    assert "INBOX 48213, Заявки 311" in shown
    assert "Писем в карантине, приняты за спам: 4." in shown
    assert "orders: связи нет уже 15 мин, не отвечает почтовый ящик (Сервер не принял пароль)." in shown


def test_status_as_json_has_every_mailbox(mail: Desk) -> None:
    told = mail.json("status", code=1)
    boxes = {one["name"]: one for one in told["mailboxes"]}
    assert {name: one["state"] for name, one in boxes.items()} == {
        "support": "connected",
        "orders": "refused",
        "news": "",
    }
    assert [folder["uid"] for folder in boxes["support"]["folders"]] == [48213, 311]
    assert boxes["support"]["letter"]
    assert told["quarantine"] == 4
    assert not [one for one in told["problems"] if "quarantine" in one or "карантин" in one]


def test_what_waits_for_a_decision_is_told_and_the_quarantine_is_not_counted(mail: Desk) -> None:
    assert "waiting for your decision" not in mail.run("status", "--lang", "en").stdout
    put(mail.house, received("Hello", "Ann", "ann@home.ru", "Hi"), state="parked", cause="bitrix24.call_user")
    shown = mail.run("status", "--lang", "en").stdout
    assert "Parked, waiting for your decision: 1." in shown
    assert "Nothing needs you" not in shown


def test_the_quarantine_is_listed_with_subject_and_sender(mail: Desk) -> None:
    shown = mail.run("journal", "list", "--cause", QUARANTINE, "--lang", "en").stdout
    assert "Re: your invoice 4512 · billing@invoice-4512.example" in shown
    assert "Taken for spam (X-Spam-Flag: YES)" in shown


def test_a_deed_about_a_portal_leaves_the_quarantine_alone(mail: Desk) -> None:
    deed = ("--yes", "--why", "mended")
    assert mail.json("journal", "replay", "--destination", "portal:main", *deed)["replayed"] == 0
    assert mail.json("journal", "discard", "--cause", QUARANTINE, *deed)["discarded"] == 4


@pytest.mark.parametrize(
    "note", [answering.ENOUGH, answering.MACHINE, answering.NO_ONE, arriving.NOBODY_THERE, arriving.NOT_OURS]
)
def test_why_no_letter_left_is_told_in_both_languages(mail: Desk, note: str) -> None:
    trace = put(mail.house, received("Hello", "Ann", "ann@home.ru", "Hi"), state="done", flagged=note)
    assert note in mail.run("journal", "trace", trace, "--lang", "en").stdout
    russian = noted(note).ru
    assert russian != note
    assert russian in mail.run("journal", "trace", trace, "--lang", "ru").stdout


def test_other_notes_stand_for_themselves() -> None:
    assert noted("Call repeated") == ("Call repeated", "Call repeated")
