"""In texts that are BBCode what the integrator wrote counts, and what anybody else wrote is shown as typed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.bbcode import Node, parse
from mappings.bbcode import BREAK, PLACES
from mappings.expressions import parse as compiled
from mappings.model import RuleDocument
from mappings.outcome import Outcome
from tests.unit.mappings.sets import event, record, set_of

HOSTILE = "[url=https://evil.example]Open the deal[/url]\n[USER=1]x[/USER] #BR# [*]"
SHOWN = HOSTILE.replace("[", f"[{BREAK}").replace("#BR#", f"#{BREAK}BR#")
TAGS = st.sampled_from(["[", "]", "/", "b]", "url=", "https://evil.example]", "user=1]", "#", "BR#", "x", " ", "\n"])
WRITTEN = st.sampled_from(["", " ", "[", "x[", "[b]", "[/b]", "[x] "])


def decided(rule: str, **fields: Any) -> Outcome:
    return set_of("crm: {lead: {match: [chat], create: false}}\n" + rule).decide("message.received", event(**fields))


def shown(text: str, **scope: Any) -> Any:
    return compiled(text, bare=False, bbcode=True)(scope)


@pytest.mark.parametrize(
    "rule",
    [
        'activity: {on: lead, title: t, text: "[b]Said[/b]: {{ event.text | trim }}"}',
        'activity: [{on: lead, title: t, text: "[b]Said[/b]: {{ event.text | trim }}"}]',
        'timeline: {on: lead, text: "[b]Said[/b]: {{ event.text | trim }}"}',
        'email: {on: lead, text: "[b]Said[/b]: {{ event.text | trim }}"}',
        'task: {title: t, text: "[b]Said[/b]: {{ event.text | trim }}"}',
        'notify: {users: [1], text: "[b]Said[/b]: {{ event.text | trim }}"}',
    ],
)
def test_what_is_made_has_the_tags_of_the_rule_and_the_words_of_the_client(rule: str) -> None:
    [making] = decided(rule, text=HOSTILE).makings
    assert making.fields["text"] == f"[b]Said[/b]: {SHOWN}"


def test_so_have_letters_signatures_and_cards() -> None:
    whole = decided(
        'acknowledge: {text: "[b]Hi[/b] {{ event.text | trim }}", subject: "{{ event.text | words(1) }}"}', text="[b]"
    ).acknowledgement
    assert whole is not None
    assert (whole.text, whole.subject) == (f"[b]Hi[/b] [{BREAK}b]", "[b]")
    short = decided('acknowledge: "{{ event.text | trim }}"', text="[b]").acknowledgement
    assert short is not None
    assert short.text == f"[{BREAK}b]"
    signed = set_of('on: reply.written\nsignature: "[b]{{ event.text | trim }}[/b]"').decide(
        "reply.written", event("reply.written", text="[i]x")
    )
    assert signed.signature == f"[b][{BREAK}i]x[/b]"
    [card] = decided(
        'card: {items: 1036, title: "[b]{{ event.text | trim }}[/b]", line: "[i]{{ item.title }}[/i]"}', text="[b]"
    ).cards
    assert (card.title, card.line({"title": "[b]"})) == (f"[b][{BREAK}b][/b]", f"[i][{BREAK}b][/i]")


def test_a_message_alone_is_seen_as_in_the_chat() -> None:
    text = "[b]Said[/b]: {{ event.text }} [{{ event.text }}]"
    assert shown(text, event={"text": "[i]x[/i]"}) == f"[b]Said[/b]: [i]x[/i] [{BREAK}[i]x[/i]]"
    assert shown("{{ event.text.x }}", event={"text": {"x": "[b]"}}) == f"[{BREAK}b]"


def test_titles_and_fields_are_written_as_they_come() -> None:
    found = decided(
        'activity: {on: lead, title: "{{ event.text }}"}\ntask: {title: "{{ event.text }}"}\n'
        'email: {on: lead, subject: "{{ event.text }}"}\ntimeline: {on: lead, each: "{{ event.text }}", text: x}',
        text="[b]x[/b]",
    )
    assert [making.fields.get("title") for making in found.makings] == ["[b]x[/b]", None, None, "[b]x[/b]"]
    assert found.makings[1].fields["each"] == found.makings[2].fields["subject"] == "[b]x[/b]"
    rule = (
        'on: record.orders\ncrm: {item: {type: 1036, external: {system: a, id: "1"}, set: {TITLE: "{{ record.s }}"}}}'
    )
    assert set_of(rule).decide("record.orders", record(s="[b]")).wishes[0].set == {"TITLE": "[b]"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ x | bbcode }}", "[b]x[/b]"),
        ("{{ x | bbcode if n else '' }}: {{ x }}", f"[b]x[/b]: [{BREAK}b]x[{BREAK}/b]"),
        ("{{ '-' if not n else x }}", f"[{BREAK}b]x[{BREAK}/b]"),
        ("{{ x | bbcode | cut(5) }}", f"[{BREAK}b]x…"),  # half of a tag is none
        ("{{ '[i]' ~ x | bbcode }}", f"[{BREAK}i][{BREAK}b]x[{BREAK}/b]"),
        ("{{ ('[i]' ~ x) | bbcode }}", "[i][b]x[/b]"),
        ("{{ n }}", 5),
        ("{{ none }}{{ n }}\n[br]", "5\n[br]"),
        ("[{{ n }}] {{ 'a\n[1] b' }}", f"[{BREAK}5] a\n[1] b"),
        ("[url=https://wms.example/{{ n }}]it[/url]", "[url=https://wms.example/5]it[/url]"),
    ],
)
def test_a_value_that_is_bbcode_says_so_last(text: str, expected: Any) -> None:
    assert shown(text, x="[b]x[/b]", n=5) == expected


@given(st.lists(TAGS).map("".join), st.lists(TAGS).map("".join), WRITTEN, WRITTEN, WRITTEN)
def test_no_words_of_strangers_begin_a_tag_whatever_stands_around_them(
    one: str, two: str, before: str, between: str, after: str
) -> None:
    text = f"{before}{{{{ a }}}}{between}{{{{ b }}}}{after}"
    assert tags(shown(text, a=one, b=two)) <= {"b"}
    assert shown(text, a=one, b=two).replace(BREAK, "") == f"{before}{one}{between}{two}{after}"


def tags(text: str) -> set[str]:
    """The kinds of elements that Bitrix24 would see."""
    found, waiting = set[str](), list(parse(text))
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, Node):
            found.add(piece.kind)
            waiting += piece.children
    return found


@pytest.mark.parametrize("place", sorted(PLACES))
def test_every_place_is_a_key_of_rules(place: tuple[str, ...]) -> None:
    schema = RuleDocument.model_json_schema()
    assert place[0] in schema["properties"]
    known = [each["properties"] for each in schema["$defs"].values() if "properties" in each]
    assert len(place) == 1 or any(place[1] in keys for keys in known)
