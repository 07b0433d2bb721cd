"""Letters under rules, in the whole house: into chats or only into the CRM, acknowledged, signed."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.mail.letterbox import Letterbox, letterbox
from tests.mail.corpus import ADDRESS
from tests.mail.next_hop import NextHop, next_hop
from tests.services import Redis

KEPT = """
on: message.received
when: event.letter.from_address == 'bills@oak.example'
chat: {chat}
crm: {{company: {{match: [email], set: {{EMAIL: "{{{{ event.letter.from_address }}}}", TITLE: Oak}}}}}}
email: {{on: company, done: true}}
"""
ANSWERED = """
on: message.received
when: event.letter.begins
acknowledge: {text: "Good day, [b]{{ event.client.first_name }}[/b], we read: {{ event.letter.subject }}"}
---
on: reply.written
signature: "[b]{{ event.operator.name }}[/b] for {{ event.client.email }}"
"""


@pytest.fixture
def hop() -> Iterator[NextHop]:
    with next_hop() as running:
        yield running


@pytest.fixture
def box(tmp_path: Path, sqlite_url: str, redis_server: Redis, hop: NextHop) -> Iterator[Letterbox]:
    smtp = {"host": "127.0.0.1", "port": hop.port, "security": "none", "copy": "none"}
    with letterbox(tmp_path, redis_server, sqlite_url, smtp=smtp) as made:
        yield made


def ruled(box: Letterbox, text: str) -> None:
    folder = box.house.connector.settings.mappings
    assert folder is not None
    folder.mkdir(exist_ok=True)
    (folder / "letters.yaml").write_text(text, encoding="utf-8")
    box.house.connector.rulebook.publish()


def letter(who: str, subject: str, number: int = 1) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Ann <{who}>", ADDRESS, subject
    made["Message-ID"] = f"<{number}@{who.partition('@')[2]}>"
    made.set_content("The invoice for March")
    made.add_attachment(b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="invoice.pdf")
    return made.as_bytes()


def activities(box: Letterbox) -> list[Any]:
    return list(box.house.connector.portals["main"].call("crm.activity.list", {"filter": {"TYPE_ID": 4}}))


def test_a_letter_may_be_in_a_card_and_in_no_chat(box: Letterbox) -> None:
    ruled(box, KEPT.format(chat="false"))
    came = letter("bills@oak.example", "Invoice 77")
    box.bring(came)
    box.done()
    assert box.parked() == []
    assert box.said() == []
    [row] = activities(box)
    assert (row["SUBJECT"], row["DIRECTION"], row["COMPLETED"], row["OWNER_TYPE_ID"]) == ("Invoice 77", "1", "Y", "4")
    assert row["DESCRIPTION"] == "The invoice for March"
    assert {file["name"]: requests.get(file["url"], timeout=10).content for file in row["FILES"]} == {
        "invoice.pdf": b"%PDF-1.4 x",
        "Invoice 77.eml": came,
    }
    box.bring(came, uid=2)
    box.done()
    assert len(activities(box)) == 1
    [hidden] = [each for each in rows(box, "message.received") if each["state"] == "done"]
    assert "chat: false" in hidden["flagged"]


def test_a_rule_that_fails_hides_no_letter(box: Letterbox) -> None:
    ruled(box, KEPT.format(chat="event.text * 2 > 1"))
    box.bring(letter("bills@oak.example", "Invoice 77"))
    box.done()
    assert len(box.said()) == 1
    [parked] = box.parked()
    assert (parked["kind"], parked["cause"]) == ("event.mapped", "mapping.failed")


def test_a_client_is_told_once_that_the_letter_came_and_the_operator_signs(box: Letterbox, hop: NextHop) -> None:
    ruled(box, ANSWERED)
    box.bring(letter("ann@home.example", "My order"))
    box.done()
    box.bring(letter("ann@home.example", "Another order", 2), uid=2)
    box.done()
    [told] = [each.message for each in hop.letters]
    assert told["Auto-Submitted"]
    assert "Good day, Ann, we read: My order" in told.get_body(("plain",)).get_content()
    [chat, *_] = box.house.sandbox.chats()
    box.house.sandbox.say(chat["id"], "On its way")
    assert box.house.sandbox.settle()
    box.done()
    written = hop.letters[-1].message.get_body(("plain",)).get_content()
    assert "On its way" in written
    assert "for ann@home.example" in written
    assert box.parked() == []


def rows(box: Letterbox, kind: str) -> list[dict[str, Any]]:
    found = box.house.connector.journal.list("deliveries", limit=500)
    return [each for each in found if each["kind"] == kind]
