"""What the rules decided: on the trace page with the reasons, and which rules are in use."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.domain.events import EventMapped, RecordChanged
from connector.domain.request import Request
from connector.journal import Envelope, NewDelivery, Settlement, Step
from connector.rulebook.book import Rulebook, texts
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from connector.speech import Text
from mappings.golden import MINIMAL
from mappings.loading import load
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.test_pages import HOSTILE, unexpected
from tests.unit.webhooks.console.test_story import LIGHT, TRACE, words

RULES = """
version: 1
name: returns
on: message.received
when: event.text | matches('money')
set: {vip: "{{ event.client.first_name == 'Ann' }}"}
category: complaint
owner: 12
tags: [refund, "{{ category }}"]
score: {long text: {add: 20, when: event.text | length > 10}, rude: 5}
line: 3
---
on: message.received
when: event.channel == 'never'
priority: low
---
on: record.orders
when: record.sum
priority: urgent
"""


def published(console: Console, text: str = RULES) -> str:
    """These rules are in use; their version."""
    mappings = load({**contents(None), "own.yaml": text}, KINDS)
    console.journal.use_mapping(mappings.version, texts(mappings.files), origin="folder", who="connector")
    return mappings.version


def mapped(text: str, **more: Any) -> EventMapped:
    return EventMapped(portal="main", about={**MINIMAL["message.received"], "at": None, "text": text, **more})


def handled(console: Console, version: str, *events: Any, state: Any = "done", **settled: Any) -> None:
    """A request that led to these, handled under that version."""
    began, body = console.clock() - timedelta(seconds=1), settled.pop("body", b"{}")
    request = Request(method="POST", path="/hooks/shop", headers={}, body=body, received_at=began)
    made = Envelope(trace=TRACE, account="shop", dedupe_key="1", request=request)
    new = [NewDelivery(destination="portal:main", event=event, lane=f"l{n}") for n, event in enumerate(events)]
    assert console.journal.accept(made, new)
    lease = console.journal.lease("portal:main")
    assert lease is not None
    done = [
        Settlement(delivery=one, state=state, attempts=1, mapping=version, **settled)
        for one in console.journal.claim(lease, lanes=99)
    ]
    console.journal.step(lease, Step(settled=done))
    console.journal.leave(lease, force=True)


def told(console: Console, language: str = "en") -> str:
    page = console.signed_in("operator", language).get(f"/ops/trace/{TRACE}")
    assert page.status_code == 200
    assert unexpected(page.text) == []
    return str(page.text)


def test_a_decision_is_told_with_its_reasons(console: Console):
    version = published(console)
    handled(console, version, mapped("I want my money back", client={"id": "1", "first_name": "Ann"}))
    published(console, "on: message.received\ntags: [other]\n")  # what is in use now does not matter
    page = words(told(console))
    assert f"rules {version}" in page
    assert f"№ 1, message from a client by version {version}" in page
    for part in ("category Complaint", "priority high", "owner user 12", "tags refund, complaint", "open line 3"):
        title, _, value = part.rpartition(" ")
        assert value in page, part
        assert title.split()[0] in page
    assert "25 = long text 20 + rude 5" in page
    assert "returns own.yaml:5" in page
    assert "event.text = I want my money back" in page
    assert "replaced below" in page  # the packaged rules thought otherwise
    assert re.search(r"Did not apply: .*own\.2", page)
    assert "found there" not in page
    russian = words(told(console, "ru"))
    assert all(part in russian for part in ("Жалоба", "высокий", "пользователь 12", "Не подошли: default."))


def test_a_record_is_told_too(console: Console):
    row = RecordChanged(portal="main", source="orders", record="7", values={"sum": 12, "token": "hidden-away"})
    handled(console, published(console), row)
    page = words(told(console))
    assert "№ 1, record of orders" in page
    assert "priority urgent" in page
    assert "record.sum = 12" in page


def test_what_is_secret_by_its_name_is_not_told(console: Console):
    rule = 'on: record.orders\nset: {door: "{{ record.api_token }}"}\n'
    row = RecordChanged(portal="main", source="orders", record="7", values={"api_token": "hiddenaway"})
    handled(console, published(console, rule), row)
    page = words(told(console))
    assert "fact door *** " in page
    assert "record.api_token = ***" in page
    assert "hiddenaway" not in page


def test_rules_that_look_into_the_crm_say_so(console: Console):
    version = published(console, "on: message.received\nwhen: event.text or found.contact\ntags: [known]\n")
    handled(console, version, mapped("hello"))
    page = words(told(console))
    assert "as if nothing had been found there" in page
    assert f"connector mappings try --event 1 --version {version}" in page
    assert "found.contact = not read now" in page
    assert "tags known" in page


@pytest.mark.parametrize(("cause", "really"), [("", False), ("mapping.failed", True)])
def test_a_rule_that_fails_only_without_the_crm_is_not_called_broken(console: Console, cause: str, really: bool):
    state = "parked" if cause else "done"
    rule = "on: message.received\nwhen: found.contact.id * 2 > event.text\ntags: [known]\n"
    handled(console, published(console, rule), mapped("hello"), state=state, cause=cause, hint=Text("a", "b"))
    page = words(told(console))
    assert ("Without it nothing can be told" in page) is not really
    assert ("fails at own.yaml:2 , when" in page) is really


def test_a_rule_that_fails_is_told_with_its_place(console: Console):
    rule = "on: message.received\nwhen: event.text * 2 > 1\nline: 3\n"
    handled(console, published(console, rule), mapped("hello"), state="parked", cause="mapping.failed")
    page = words(told(console, "ru"))
    assert "Правило own не сработало: own.yaml:2 , when" in page
    assert "event.text * 2 &gt; 1" in page
    assert "числа получайте фильтром | number" in page


@pytest.mark.parametrize("version", ["fedcba987654", "0123456789ab"])
def test_a_version_that_is_no_longer_kept_is_named_and_no_more(console: Console, version: str):
    console.journal.use_mapping("0123456789ab", {"a.yaml": "version: 99"}, origin="folder", who="connector")
    handled(console, version, mapped("hello"))
    page = words(told(console))
    assert f"rules {version}" in page
    assert "What the rules decided" not in page


def test_rules_that_decide_nothing_are_said_so(console: Console):
    handled(console, published(console), mapped("xyz"), RecordChanged(portal="main", source="x", record="1", values={}))
    page = words(told(console))
    assert page.count("No category, priority, owner, tags, score or line.") == 2


def test_hostile_words_stay_words_and_the_page_light(console: Console):
    rule = f"""
on: message.received
when: event.text and {"'&<' == '&<' and " * 150} true
category: complaint
tags: ["{{{{ event.text | cut(20) }}}}"]
set: {{{", ".join(f'a{number}: "{{{{ event.text }}}}"' for number in range(60))}}}
"""
    version = published(console, rule)
    handled(console, version, *[mapped(HOSTILE + " money " + "<&'" * 5000)] * 30, body=b"<" * 1_048_576)
    for number in range(300):
        console.journal.audit("<" * 200, "'" * 200, "&" * 500, f"{number}", trace=TRACE)
    page = told(console, "ru")
    assert page.count("&lt;script&gt;") > 8
    assert len(page.encode()) < LIGHT
    assert "49" not in words(page).split()
    assert "Ещё оснований:" in page
    longest = max(map(len, re.findall(r"event\.text = <bdi>(.*?)</bdi>", page)))
    assert 200 < longest < 1200  # characters of HTML


def test_the_portals_page_says_which_rules_are_in_use(console: Console, tmp_path: Path):
    browser = console.signed_in("viewer")
    assert "None has been put to use yet" in words(browser.get("/ops/portals").text)
    version = published(console)
    page = words(browser.get("/ops/portals").text)
    assert f"Version {version} is in use since" in page
    assert "taken from the folder" in page
    console.journal.use_mapping(version, {}, origin="person", who=HOSTILE)
    page = browser.get("/ops/portals").text
    assert "put back by" in page
    assert unexpected(page) == []
    assert "&lt;script&gt;" in page


def test_broken_and_unreadable_files_are_warned_of(console: Console, tmp_path: Path):
    place = tmp_path / "mappings"
    place.mkdir()
    console.connector.rulebook = Rulebook(console.journal, place)
    browser = console.signed_in("viewer", "ru")
    assert "ошибок" not in browser.get("/ops/portals").text
    (place / "bad.yaml").write_text("on: message.received\nline: '{{ 1 +'\n", encoding="utf-8")
    assert "первая: bad.yaml:2" in browser.get("/ops/portals").text

    (place / "bad.yaml").unlink()
    (place / "closed.yaml").symlink_to("/proc/self/mem")  # is there, and cannot be read from its beginning
    assert "closed.yaml:1" in browser.get("/ops/portals").text
