"""Letters and replies in the rulebook: what rules may read is what they see, and both can be tried."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.domain.events import EventMapped, MessageReceived, ReplyWritten, dump
from connector.domain.letters import Letter
from connector.domain.values import File, Im, Person
from connector.errors import PermanentError
from connector.handlers import Rules
from connector.handlers.letters.signing import seen
from connector.handlers.letters.threads import THREAD
from connector.handlers.viewing import view
from connector.rulebook.examples import empty_portal
from connector.rulebook.explaining import explained, kept_events, mapped_event
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from connector.rulebook.trying import Memory
from mappings.loading import load
from tests.unit.handlers import driving, posting

SIGNED = 'on: reply.written\nsignature: "{{ event.operator.name }} — {{ event.client.email }}"\n'
KEPT = """
on: message.received
chat: false
crm: {contact: {match: [email]}}
email: {on: contact}
acknowledge: "Got it: {{ event.letter.subject }}"
"""
ANNA = {"root": "c1", "client": "ann@home.ru", "to": "ann@home.ru", "name": "Ann", "subject": "Order"}


class OneReply:
    """A journal with one reply, in a conversation that began by a letter unless there is no ``thread``."""

    def __init__(self, event: ReplyWritten, thread: Mapping[str, Any] | None) -> None:
        self._event, self._thread = event, thread

    def show(self, number: str) -> dict[str, Any]:
        return {"event": json.loads(dump(self._event)), "created_at": "2026-03-10T12:00:00+03:00"}

    def recall(self, kind: str, key: str) -> Any:
        return self._thread if (kind, key) == (THREAD, self._event.lane) else None


def reply(account: str = "box") -> ReplyWritten:
    return ReplyWritten(
        portal="main",
        connector="c",
        line="1",
        account=account,
        conversation="c1",
        im=Im(chat_id="1", message_id="2"),
        text="[b]Olga:[/b] [br]On its way",
        author="12",
    )


def ruled(text: str, rules: Rules) -> Rules:
    return replace(rules, mappings=load({**contents(None), "own.yaml": text}, KINDS))


def letter() -> MessageReceived:
    return MessageReceived(
        account="box",
        conversation="c1",
        message_id="f1",
        client=Person(id="ann@home.ru", email="ann@home.ru"),
        text="Where is it?",
        files=(File(ref="k", name="photo.jpg"),),
        letter=Letter(subject="Order", from_address="ann@home.ru", original=File(ref="o", name="letter.eml")),
    )


def shape(value: Any) -> Any:
    return {name: shape(inner) for name, inner in value.items()} if isinstance(value, Mapping) else {}


def test_what_rules_may_read_of_a_reply_is_what_they_see() -> None:
    assert shape(seen(reply(), "Olga", "On its way", ANNA, posting.rules())) == shape(KINDS["reply.written"])


def test_what_rules_may_read_of_a_letter_is_what_they_see() -> None:
    about = view(letter(), posting.rules())
    assert set(KINDS["message.received"]) == set(about)
    assert set(KINDS["message.received"]["letter"]) == set(about["letter"]) - {"original"}


def test_a_reply_is_tried_by_the_number_of_its_delivery() -> None:
    rules = ruled(SIGNED, posting.rules())
    (event,) = kept_events(OneReply(reply(), ANNA), "7", rules)
    assert isinstance(event, EventMapped)
    assert event.about["text"] == "On its way"
    found = explained(event, rules.mappings, rules, Memory(), empty_portal(rules.mappings))
    assert found.outcome is not None
    assert (found.outcome.signature, found.tried.writes) == ("Olga — ann@home.ru", ())


@pytest.mark.parametrize(("account", "thread"), [("box", None), ("shop", ANNA)])
def test_what_is_no_reply_by_mail_has_no_signature_to_try(account: str, thread: Any) -> None:
    rules = posting.rules()
    rules = replace(rules, accounts={**rules.accounts, **driving.rules().accounts})
    with pytest.raises(PermanentError) as none:
        kept_events(OneReply(reply(account), thread), "7", rules)
    assert "reply.written" in none.value.hint.en


def test_a_dry_run_shows_the_letter_in_the_card_and_the_automatic_one() -> None:
    rules = ruled(KEPT, posting.rules())
    sent_at = datetime(2020, 1, 1, tzinfo=UTC)  # what is tried may be an old one
    event = mapped_event(view(replace(letter(), sent_at=sent_at), rules))
    found = explained(event, rules.mappings, rules, Memory(), empty_portal(rules.mappings))
    assert [write.method for write in found.tried.writes] == ["crm.item.add", "crm.item.update", "crm.activity.add"]
    assert found.tried.writes[-1].params["fields"]["FILES"][0]["fileData"][1] == "…"
    assert [each.kind for each in found.tried.emitted] == ["letter.wanted"]
    assert found.outcome is not None
    assert not found.outcome.chat


def test_a_dry_run_notes_what_a_message_without_a_letter_lacks() -> None:
    rules = ruled(KEPT, posting.rules())
    event = mapped_event(view(replace(letter(), letter=None), rules))
    found = explained(event, rules.mappings, rules, Memory(), empty_portal(rules.mappings))
    assert found.tried.emitted == ()
    assert found.tried.noted.count("event.letter") == 2
