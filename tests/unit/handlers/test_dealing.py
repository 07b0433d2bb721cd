"""The client's latest items as a note in the chat, or a notification for whoever is rung."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.domain.calls import CallRinging
from connector.domain.effects import Call, Emit, Remember
from connector.domain.events import DialogStarted, EventMapped, MessageReceived
from connector.domain.values import Person
from connector.errors import PermanentError
from connector.handlers import HANDLERS, Rules
from connector.handlers.mapped import event_mapped
from connector.handlers.processes import PROCESS
from connector.handlers.viewing import packed, view
from connector.rulebook.kinds import KINDS
from connector.speech import Text
from mappings.loading import load

from . import calling
from .driving import Driver, rules
from .walking import AT

TYPE = 1036
CARD = """
on: [message.received, dialog.started, call.ringing]
card:
  items: 1036
  latest: 2
  title: "[b]Shipments[/b]"
  line: "{{ item.title }} · {{ item.stage }} · {{ item.UF_TRACK_NO | default('–') }}"
"""
PROCESSED = {
    "id": 16,
    "category": 9,
    "stages": {"NEW": "DT1036_9:NEW"},
    "titles": {"DT1036_9:NEW": "Новая"},
}
LINKS: dict[tuple[str, str], Any] = {
    ("chat", "shop.700"): {"chat_id": "17", "session_id": "5", "line": "1"},
    (PROCESS, "main.1036"): PROCESSED,
}
BOUND = {"entity_data_2": "LEAD|0|COMPANY|8|CONTACT|4|DEAL|9"}
ITEMS = [
    {"id": 3, "title": "S-3", "stageId": "DT1036_9:NEW", "UF_CRM_16_TRACK_NO": "80[b]1"},
    {"id": 2, "title": "S-2", "stageId": "DT1036_9:OWN", "UF_CRM_16_TRACK_NO": None},
    {"id": 1, "title": "S-1", "stageId": "", "UF_CRM_16_TRACK_NO": None},
]
NO = Text("no", "нет")


def ruled(text: str = CARD, base: Rules | None = None, **more: Any) -> Rules:
    return replace(base or rules(), mappings=load({"card.yaml": text}, KINDS), at=AT, **more)


def message(ruled: Rules, number: str = "55") -> EventMapped:
    anna = Person(id="700", first_name="Anna", phone="+7 900 111-22-33")
    event = MessageReceived(account="shop", conversation="700", message_id=number, client=anna, text="Hi")
    return EventMapped(portal="main", about=packed(view(event, ruled)))


def started(ruled: Rules, session: str = "5") -> EventMapped:
    event = DialogStarted(
        portal="main", connector="c", line="1", account="shop", conversation="700", session_id=session
    )
    return EventMapped(portal="main", about=packed(view(event, ruled)))


def driver(**more: Any) -> Driver:
    answers = {
        "imopenlines.dialog.get": BOUND,
        "crm.item.list": {"items": ITEMS},
        "crm.status.list": [{"STATUS_ID": "DT1036_9:OWN", "NAME": "Своя"}],
        **more,
    }
    return Driver(answers, LINKS)


def notes(driven: Driver) -> list[str]:
    return [call.params["MESSAGE"] for call in driven.named("im.message.add")]


def test_the_latest_items_are_one_note_that_the_client_does_not_get() -> None:
    driven = driver()
    driven.run(event_mapped(message(ruled()), ruled()))
    (note,) = driven.named("im.message.add")
    assert (note.params["DIALOG_ID"], note.params["SYSTEM"]) == ("chat17", "Y")
    assert note.params["MESSAGE"].split("\n") == [
        "[b]Shipments[/b]",
        "S-3 · Новая · 80[\u200bb]1",  # as it was typed
        "S-2 · Своя · –",
    ]
    (asked,) = driven.named("crm.item.list")
    assert asked.params["filter"] == {"=contactId": 4}
    assert asked.params["select"] == ["UF_CRM_16_TRACK_NO", "id", "stageId", "title"]
    assert asked.params["order"] == {"id": "DESC"}
    assert driven.of(Remember) == [Remember("card", "main.shop.700.card", {"session": "5"})]


def test_once_in_a_session_whatever_begins_it() -> None:
    driven = driver()
    for event in (message(ruled()), message(ruled(), "56"), started(ruled())):
        driven.run(event_mapped(event, ruled()))
    assert len(notes(driven)) == 1
    assert len(driven.named("imopenlines.dialog.get")) == 1
    driven.run(event_mapped(started(ruled(), session="6"), ruled()))
    assert [call.key for call in driven.named("im.message.add")] == ["card:main:5:card", "card:main:6:card"]


@pytest.mark.parametrize(
    ("of", "wanted"), [("company", {"=companyId": 8}), ("deal", {"=parentId2": 9}), ("contact", {"=contactId": 4})]
)
def test_items_of_whom_the_rule_says(of: str, wanted: dict[str, int]) -> None:
    driven, set_ = driver(), ruled(CARD.replace("latest: 2", f"of: {of}"))
    driven.run(event_mapped(message(set_), set_))
    assert driven.named("crm.item.list")[0].params["filter"] == wanted


@pytest.mark.parametrize(
    "answers",
    [
        {"imopenlines.dialog.get": {}, "crm.duplicate.findbycomm": []},
        {"crm.item.list": {"items": []}},
        {"crm.item.list": PermanentError("bitrix24.not_found", hint=NO)},
    ],
)
def test_where_nothing_is_known_there_is_no_note(answers: dict[str, Any]) -> None:
    driven = driver(**answers)
    driven.run(event_mapped(message(ruled()), ruled()))
    assert notes(driven) == []
    assert driven.returned == ""


@pytest.mark.parametrize("method", ["crm.item.list", "im.message.add"])
def test_a_refusal_parks_nothing_and_is_noted(method: str) -> None:
    driven = driver(**{method: PermanentError("bitrix24.access_denied", hint=NO)})
    driven.run(event_mapped(message(ruled()), ruled()))
    assert driven.returned == "Карточка правила card не показана: нет"


def test_a_process_that_was_never_shaped_is_noted() -> None:
    driven = driver()
    del driven.links[PROCESS, "main.1036"]
    driven.run(event_mapped(message(ruled()), ruled()))
    assert notes(driven) == []
    assert "1036" in driven.returned


def test_a_line_that_fails_is_seen() -> None:
    set_ = ruled(CARD.replace("{{ item.title }}", "{{ item.title + 1 }}"))
    with pytest.raises(PermanentError, match=r"mapping\.failed"):
        driver().run(event_mapped(message(set_), set_))


def test_a_message_that_is_not_shown_has_no_card() -> None:
    set_ = ruled(
        CARD.replace("on: [message.received, dialog.started, call.ringing]", "on: message.received\nchat: false")
    )
    driven = driver()
    driven.run(event_mapped(message(set_), set_))
    assert driven.of(Call) == []


def test_options_are_told_by_their_titles_and_numbers_as_they_are() -> None:
    fields = {"type": "enumeration", "multiple": False, "id": "1", "options": [[31, "СДЭК", "cdek"]]}
    driven = driver(**{"crm.item.list": {"items": [{"id": 1, "UF_CRM_16_CARRIER": 31, "UF_CRM_16_COUNT": 2}]}})
    driven.links["field", "main.1036.UF_CRM_16_CARRIER"] = fields
    driven.links["field", "main.1036.UF_CRM_16_COUNT"] = {**fields, "type": "integer", "options": []}
    set_ = ruled('on: message.received\ncard: {items: 1036, line: "{{ item.UF_CARRIER }}×{{ item.UF_COUNT }}"}')
    driven.run(event_mapped(message(set_), set_))
    assert notes(driven) == ["СДЭК×2"]


RINGS = CallRinging(
    account="office", call="c1", at=AT, direction="incoming", client="89001112233", employee="101", leg="x"
)
KNOWN = {("phone.user", "main/101"): {"user": 7, "at": AT.isoformat()}}
REGISTERED = {"CALL_ID": "externalCall.1", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 4}


def rung(event: CallRinging = RINGS, **more: Any) -> list[EventMapped]:
    set_ = ruled(base=calling.rules(), **more)
    driven = Driver({"telephony.externalCall.register": REGISTERED}, KNOWN)
    driven.run(HANDLERS["portal", "call.ringing"](event, set_))
    return [each.event for each in driven.of(Emit) if isinstance(each.event, EventMapped)]


def test_whoever_is_rung_gets_a_notification_beside_the_card_of_the_call() -> None:
    (event,) = rung()
    assert event.about | {"client": None} == {
        **event.about,
        "client": None,
        "employee": "101",
        "owner": 7,
        "conversation": "+79001112233",
        "entity": "CONTACT",
        "entity_id": 4,
    }
    driven, set_ = driver(), ruled(base=calling.rules())
    driven.run(event_mapped(event, set_))
    (told,) = [effect for effect in driven.of(Call) if effect.method == "im.notify.system.add"]
    assert told.params["USER_ID"] == 7
    assert told.params["MESSAGE"].startswith("[b]Shipments[/b]\nS-3")
    assert told.key == "card:office:call.c1:101:card"
    assert driven.named("crm.item.list")[0].params["filter"] == {"=contactId": 4}


def test_it_is_too_late_when_it_rings_no_more() -> None:
    (event,) = rung()
    driven = driver()
    driven.run(event_mapped(event, ruled(base=calling.rules(), late=90.0)))
    assert driven.of(Call) == []


@pytest.mark.parametrize(
    "event",
    [
        replace(RINGS, direction="outgoing"),
        replace(RINGS, direction="internal"),
        replace(RINGS, client=""),
        replace(RINGS, employee=""),
        replace(RINGS, employee="999"),
    ],
)
def test_other_ringing_concerns_no_rules(event: CallRinging) -> None:
    assert rung(event) == []


def test_kinds_and_views_of_a_call_that_rings_are_the_same() -> None:
    (event,) = rung()
    assert set(event.about) == set(KINDS["call.ringing"])
