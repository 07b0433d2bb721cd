"""What rules say of letters: whether there is a chat, the letter in a card, the automatic answer, the signature."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.engine import MappingSet
from mappings.faults import RuleError
from mappings.minimal import INNER
from mappings.outcome import Acknowledgement
from tests.unit.mappings.sets import event, set_of

MESSAGE, REPLY = "message.received", "reply.written"


def letter(**fields: Any) -> dict[str, Any]:
    return event(letter={**INNER["letter"], **fields})


def shown(rules: MappingSet, scope: dict[str, Any]) -> bool:
    """As the short way and the long one say alike."""
    short = rules.chat(MESSAGE, scope)
    assert short == rules.decide(MESSAGE, scope).chat
    return short


def test_without_a_word_everything_is_shown_and_nobody_is_asked() -> None:
    rules = set_of("tags: [a]", "on: reply.written\nsignature: Anna")
    assert shown(rules, letter())
    assert not rules.hides(MESSAGE)
    assert rules.hides(REPLY) is False


def test_a_rule_may_hide_and_the_last_one_that_says_it_wins() -> None:
    rules = set_of("chat: false", "when: event.letter.subject | contains('order')\nchat: true")
    assert rules.hides(MESSAGE)
    assert not shown(rules, letter(subject="News"))
    assert shown(rules, letter(subject="My order"))


@pytest.mark.parametrize(("automatic", "there"), [("list", False), ("", True)])
def test_whether_it_is_shown_may_be_an_expression_of_what_rules_learned(automatic: str, there: bool) -> None:
    rules = set_of(
        'set: {talk: "{{ event.letter.automatic == \'\' }}", other: "{{ 1 }}"}',
        "chat: facts.talk",
        "line: 3",
    )
    assert shown(rules, letter(automatic=automatic)) is there
    assert rules.line(MESSAGE, letter()) == 3


def test_a_rule_that_stops_before_it_leaves_it_shown() -> None:
    rules = set_of("when: event.letter.spam\nstop: true", "chat: false")
    assert shown(rules, letter(spam="X-Spam"))
    assert not shown(rules, letter())


def test_only_what_the_chat_depends_on_is_read_from_the_crm() -> None:
    rules = set_of("chat: found.contact.id", "set: {x: '{{ found.deal.id }}'}")
    assert rules.chat_needs(MESSAGE) == {"contact"}
    assert rules.needs(MESSAGE) == {"contact", "deal"}


def test_a_rule_that_fails_says_so_rather_than_hide() -> None:
    with pytest.raises(RuleError, match=r"rules.yaml:3: chat of rule rules"):
        set_of("chat: event.text * 2 > 1").chat(MESSAGE, letter())


def test_the_last_automatic_letter_wins_and_an_empty_one_says_nothing() -> None:
    rules = set_of(
        "category: question",
        "acknowledge: Good day",
        'acknowledge: {text: "About {{ category }}: {{ event.letter.subject }}", subject: Soon}',
        "acknowledge: \"{{ '' }}\"",
    )
    found = rules.decide(MESSAGE, letter(subject="Order"))
    assert found.acknowledgement == Acknowledgement(text="About question: Order", subject="Soon")
    assert not found.idle
    plain = set_of("acknowledge: Good day").decide(MESSAGE, letter())
    assert plain.acknowledgement == Acknowledgement(text="Good day")


def test_why_it_is_hidden_and_answered_can_be_told() -> None:
    rules = set_of("chat: not event.letter", "acknowledge: Good day")
    told = {each.what: each.value for each in rules.decide(MESSAGE, letter(), explain=True).reasons}
    assert (told["chat"], told["acknowledge"]) == (False, "Good day")


def test_a_letter_is_kept_for_the_owner_of_the_event_and_open_unless_it_is_done() -> None:
    rules = set_of(
        "category: complaint\ncrm: {lead: {match: [chat]}}\nemail: {on: lead}",
        "email: [{on: lead, subject: a, text: b, owner: 3, done: true}, {on: lead, done: false}]",
    )
    first, second, third = rules.decide(MESSAGE, letter()).makings
    assert (first.kind, first.on, first.fields) == ("email", "lead", {"owner": 12})
    assert second.fields == {"subject": "a", "text": "b", "owner": 3, "done": True}
    assert third.fields == {"owner": 12, "done": False}


def test_the_last_signature_wins() -> None:
    rules = set_of(
        'on: reply.written\nset: {who: "{{ event.operator.name }}"}\nsignature: "[b]{{ facts.who }}[/b]"',
        "on: reply.written\nwhen: event.account == 'oak'\nsignature: Oak\nstop: true",
    )
    reply = event(REPLY, operator={"id": "12", "name": "Olga"})
    reply["event"]["client"] = {"id": "a", "name": "Ann", "email": "a@b.ru"}
    assert rules.decide(REPLY, reply).signature == "[b]Olga[/b]"
    assert rules.decide(REPLY, {"event": {**reply["event"], "account": "oak"}}).signature == "Oak"
    assert rules.decide(MESSAGE, letter()).signature == ""
