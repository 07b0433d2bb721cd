"""What the rules decided, on the trace page in the browser, and which rules are in use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from connector.bootstrap import Connector
from connector.domain.events import EventMapped
from connector.journal import NewDelivery, Settlement, Step
from connector.rulebook.book import texts
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from mappings.golden import MINIMAL
from mappings.loading import load
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import HOSTILE, in_every_look, signed_in
from tests.e2e.faces.stories import Story

RULES = """
version: 1
name: returns
about: Who wants the money back is helped at once
on: message.received
when: event.text | matches('верните|возврат')
set: {angry: "{{ event.text | matches('безобразие') }}"}
category: complaint
priority: "{{ 'urgent' if facts.angry else 'high' }}"
owner: 12
tags: [refund, "{{ event.channel }}"]
score: {phone known: {add: 10, when: event.client.phone}, long text: 5}
line: 3
crm: {contact: {set: {NAME: "{{ event.client.first_name }}"}}}
"""
LOOKING = """
on: message.received
when: found.contact.id
tags: [known]
"""
FAILING = """
on: message.received
when: event.text * 2 > 1
line: 3
"""


@pytest.fixture
def told(house: Connector) -> dict[str, str]:
    """Trace pages by what they show."""
    words = f"Безобразие, верните деньги! {HOSTILE}"
    client = {"id": "700001", "first_name": "Мария", "phone": "+79161234567"}
    rules, looking, failing = (_published(house, text) for text in (RULES, f"{RULES}---{LOOKING}", FAILING))
    return {
        "rulings": _handled(house, rules, words, client, number=1),
        "rulings-looked": _handled(house, looking, words, client, number=2),
        "rulings-failed": _handled(house, failing, words, client, number=3, state="parked", cause="mapping.failed"),
    }


def test_the_decisions_look_right(console: str, told: dict[str, str], browser_page: OpenPage):
    in_every_look(console, browser_page, {**told, "portals-rules": "/ops/portals"}, name="operator")


@pytest.mark.parametrize(("language", "width"), [("ru", 1280), ("en", 360)])
def test_the_reasons_unfold(console: str, told: dict[str, str], browser_page: OpenPage, language: Any, width: int):
    face = signed_in(browser_page(language=language, width=width), console, "operator")
    face.page.goto(console + told["rulings"])
    part = face.page.locator("#trace-rulings")
    expect(part).to_contain_text("Жалоба" if language == "ru" else "Complaint")
    expect(part).to_contain_text("15 = phone known 10 + long text 5")
    expect(part.get_by_text("own.yaml:6")).to_be_hidden()
    part.get_by_text("Почему" if language == "ru" else "Why", exact=True).click()
    expect(part.get_by_text("own.yaml:6")).to_be_visible()
    face.is_accessible()
    part.evaluate("node => node.querySelector('table').scrollIntoView()")
    face.screen(f"console-rulings-open-{language}-light-{width}")
    assert "stolen" not in face.page.title()


def _published(house: Connector, text: str) -> str:
    mappings = load({**contents(None), "own.yaml": text}, KINDS)
    house.journal.use_mapping(mappings.version, texts(mappings.files), origin="folder", who="connector")
    return mappings.version


def _handled(house: Connector, version: str, words: str, client: dict[str, str], *, number: int, **settled: Any) -> str:
    journal = house.journal
    story = Story(at=house.clock() - timedelta(seconds=9), number=number, text=words)
    about = {**MINIMAL["message.received"], "at": story.at.isoformat(), "text": words, "client": client}
    event = EventMapped(portal="main", about=about)
    new = NewDelivery(destination="portal:main", event=event, lane=f"crm.{number}")
    assert journal.accept(story.envelope, [story.message(), new])
    lease = journal.lease("portal:main")
    assert lease is not None
    done = [
        Settlement(delivery=one, **{"state": "done", "attempts": 1, "mapping": version, **settled})
        for one in journal.claim(lease, lanes=9)
    ]
    journal.step(lease, Step(settled=done))
    journal.leave(lease, force=True)
    return f"/ops/trace/{story.trace}"
