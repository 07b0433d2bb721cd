"""What rules settle by themselves: line, category, priority, owner, facts, tags and score."""

from __future__ import annotations

import pytest

from mappings.faults import RuleError
from tests.unit.mappings.sets import event, record, set_of


def test_the_last_matching_rule_has_the_word() -> None:
    found = set_of(
        "line: 1\ncategory: question",
        "when: event.channel == 'telegram'\nline: 3",
        "when: event.channel == 'webchat'\nline: 7",
    ).decide("message.received", event())
    assert (found.line, found.category, found.matched) == (3, "question", ("rules", "rules.2"))


def test_a_rule_may_be_the_last_one_looked_at() -> None:
    rules = set_of("when: event.text == 'stop'\nline: 1\nstop: true", "line: 2")
    assert rules.decide("message.received", event(text="stop")).line == 1
    assert rules.decide("message.received", event(text="go")).line == 2


def test_an_expression_that_gives_nothing_has_no_word() -> None:
    found = set_of(
        "line: 4\nowner: 5\ncategory: question",
        'line: "{{ 3 if event.text == \'x\' }}"\nowner: "{{ none }}"\ncategory: "{{ none }}"',
    ).decide("message.received", event())
    assert (found.line, found.owner, found.category) == (4, 5, "question")


def test_priority_and_owner_come_from_the_category_unless_a_rule_says_otherwise() -> None:
    rules = set_of(
        "category: complaint",
        "when: event.text == 'now'\npriority: urgent\nowner: 3",
        "when: event.text == 'ask'\ncategory: question",
    )
    decided = [rules.decide("message.received", event(text=text)) for text in ("", "now", "ask")]
    assert [(each.priority, each.owner) for each in decided] == [("high", 12), ("urgent", 3), ("low", None)]


def test_facts_hold_for_the_rule_itself_and_those_after_it() -> None:
    found = set_of(
        'set: {vip: "{{ event.text == \'vip\' }}", twice: "{{ [facts.vip, facts.vip] }}"}',
        "when: facts.vip\nline: 9",
    ).decide("message.received", event(text="vip"))
    assert found.facts == {"vip": True, "twice": [True, True]}
    assert found.line == 9


def test_a_fact_that_no_matching_rule_set_is_nothing() -> None:
    rules = set_of(
        "when: event.text == 'vip'\nset: {vip: true}", "when: facts.vip\nline: 9", "when: not facts.vip\nline: 1"
    )
    decided = [rules.decide("message.received", event(text=text)) for text in ("vip", "")]
    assert [(each.line, each.facts) for each in decided] == [(9, {"vip": True}), (1, {})]


def test_tags_are_short_stable_keys() -> None:
    found = set_of(
        "tags: [Big Order, big-order, {add: vip, when: event.text == 'vip'}, \"{{ event.album }}\"]",
        "tags: [\"{{ ['А, Б', none, 7] }}\"]",
    ).decide("message.received", event(text="vip"))
    assert found.tags == ("big-order", "vip", "а-б", "7")


def test_a_tag_made_of_the_category_is_that_of_the_last_word_on_it() -> None:
    found = set_of(
        'tags: ["{{ category }}", {add: hot, when: score > 10}]',
        "score: {complained: {add: 20, when: category == 'complaint'}}",
        "category: complaint",
    ).decide("message.received", event())
    assert (found.tags, found.score) == (("complaint", "hot"), 20)


def test_a_score_is_the_sum_of_its_parts() -> None:
    found = set_of(
        "score: {phone known: {add: 10, when: event.client.phone}, always: 5, never: {add: 1, when: false}}",
        'score: {always: 2, computed: {add: "{{ event.text | length }}"}}',
        "when: score > 15\nline: 2",
    ).decide("message.received", event(text="four", client={"phone": "+79001112233"}))
    assert found.parts == {"phone known": 10, "always": 7, "computed": 4}
    assert (found.score, found.line) == (21, 2)


@pytest.mark.parametrize(
    ("written", "what", "words"),
    [
        ('line: "{{ event.text }}"', "line", "'many words' does not fit here. Give a whole number from 1 on"),
        ('owner: "{{ 1.5 }}"', "owner", "1.5 does not fit here"),
        ('line: "{{ 0 }}"', "line", "0 does not fit here"),
        ("category: \"{{ 'complain' }}\"", "category", "Did you mean complaint?"),
        ("priority: \"{{ 'higher' }}\"", "priority", "Did you mean high?"),
        ('tags: ["{{ true }}"]', "tags.0", "A tag is a text"),
        ('tags: ["{{ event.text ~ event.text ~ event.text ~ event.text ~ event.text ~ event.text }}"]', "tags.0", "50"),
        ('score: {much: {add: "{{ event.text }}"}}', "score.much", "Give a whole number"),
        ("when: event.at > 5", "when", ""),
    ],
)
def test_what_fails_says_where_it_stands(written: str, what: str, words: str) -> None:
    rules = set_of(written)
    with pytest.raises(RuleError) as caught:
        rules.decide("message.received", event(text="many words"))
    error = caught.value
    assert (error.rule, error.file, error.line) == ("rules", "rules.yaml", 3)
    assert error.what.startswith(what)
    assert words in str(error)
    assert all((*error.said, *error.mend))


def test_kinds_without_rules_mean_nothing() -> None:
    rules = set_of("line: 1")
    assert rules.on("button.pressed") == ()
    assert rules.decide("button.pressed", event("button.pressed")).idle
    assert rules.line("button.pressed", event("button.pressed")) is None
    assert rules.needs("button.pressed") == rules.line_needs("button.pressed") == frozenset()


def test_records_have_rules_as_events_do() -> None:
    found = set_of('on: record.orders\ntags: ["{{ record.carrier | lower }}", "{{ source }}"]').decide(
        "record.orders", record(carrier="DHL")
    )
    assert found.tags == ("dhl", "orders")


def test_a_scope_is_left_as_it_is() -> None:
    scope = event(text="x")
    before = dict(scope)
    set_of('set: {a: "{{ 1 }}"}\ncategory: complaint').decide("message.received", scope)
    assert scope == before


def test_every_value_has_its_reason_and_what_was_replaced_stands_before_the_winner() -> None:
    rules = set_of(
        "line: 1\ncategory: complaint",
        'when: event.channel\nline: "{{ 3 if event.text else 4 }}"\ntags: [{add: vip, when: event.text}]',
        "when: event.channel == 'webchat'\nline: 5",
    )
    found = rules.decide("message.received", event(text="hello"), explain=True)
    lines = [reason for reason in found.reasons if reason.what == "line"]
    assert [(reason.value, reason.rule, reason.file, reason.line) for reason in lines] == [
        (1, "rules", "rules.yaml", 3),
        (3, "rules.2", "rules.yaml", 8),
    ]
    assert lines[1].expression == "{{ 3 if event.text else 4 }}"
    assert lines[1].saw == {"event.text": "hello"}
    whens = {reason.rule: reason.value for reason in found.reasons if reason.what == "when" and reason.saw}
    assert whens == {"rules.2": True, "rules.3": False}
    owner = next(reason for reason in found.reasons if reason.what == "owner")
    assert (owner.value, owner.saw) == (12, {"category": "complaint"})
    tag = next(reason for reason in found.reasons if reason.what == "tags")
    assert (tag.value, tag.saw) == ("vip", {"event.text": "hello"})
    assert rules.decide("message.received", event(text="hello")).reasons == ()
