"""What a set names that only a portal can have, and where."""

from __future__ import annotations

from typing import Any

import pytest

from connector.rulebook.constants import compared, results
from connector.rulebook.kinds import KINDS
from connector.rulebook.named import Name, NamedField, NamedNumber, NamedType, named
from mappings.engine import MappingSet
from mappings.expressions import parse
from mappings.loading import load
from mappings.rules import Config

HEAD = "on: message.received\n"


def names(rule: str, **files: str) -> list[Name]:
    return named(load({"shop.yaml": HEAD + rule, **{f"{name}.yaml": text for name, text in files.items()}}, KINDS))


def fields(rule: str) -> list[NamedField]:
    return [name for name in names(rule) if isinstance(name, NamedField)]


def values(field: NamedField) -> list[Any]:
    return [value.value for value in field.values]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ 3 if event.text else 1 }}", [3, 1]),
        ("{{ 3 if event.text }}", [3]),
        ("{{ event.text or 'x' }}", ["x"]),
        ("{{ event.text and 'x' }}", ["x"]),
        ("{{ event.text | default('x') }}", ["x"]),
        ("{{ event.text | trim | upper }}", []),
        ("{{ ['a', event.text, 'b'] }}", ["a", "b"]),
        ("{{ {'sale': 'WON', 'refund': 'LOSE'}[event.text] }}", ["WON", "LOSE"]),
        ("C{{ 3 }}:NEW", []),
        ("{{ event.text == 'x' }}", []),
    ],
)
def test_what_an_expression_may_come_to(text: str, expected: list[Any]) -> None:
    assert list(results(parse(text, bare=False))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("found.deal.stageId == 'WON'", [("found.deal.stageId", "WON")]),
        ("{{ 'WON' != found.deal['stageId'] }}", [("found.deal.stageId", "WON")]),
        ("event.text and not found.deal.stageId in ['A', 'B']", [("found.deal.stageId", word) for word in "AB"]),
        ("found.deal.stageId | lower == 'won'", []),
        ("found.deal.opportunity > 5", []),
        ("event.text == '{{'", [("event.text", "{{")]),
    ],
)  # fmt: skip
def test_what_is_compared_with_a_field(text: str, expected: list[Any]) -> None:
    assert list(compared(parse(text, bare=True))) == expected


def test_numbers_of_people_lines_and_groups() -> None:
    found = names(
        "line: 3\nowner: '{{ 7 if event.text else owner }}'\nworkgroup: [5, 6]\ntags: [x]\n"
        "notify: {users: [1, '{{ owner }}'], text: x}\ntask: {title: x, owner: 2, group: 8}"
    )
    numbers = [(name.kind, name.number, name.spot.line) for name in found if isinstance(name, NamedNumber)]
    assert numbers == [
        ("line", 3, 2), ("user", 7, 3), ("user", 2, 7), ("group", 8, 7), ("user", 1, 6), ("group", 5, 4),
        ("group", 6, 4),
    ]  # fmt: skip


def test_fields_with_what_is_written_out_for_them() -> None:
    [way, one, many, text] = fields(
        "crm:\n  deal:\n    match: [{field: UF_CRM_X, is: A}]\n"
        "    set: {CATEGORY_ID: 5, UF_CRM_Y: [a, '{{ \"b\" if event.text else \"c\" }}', '{{ event.text }}']}\n"
        "    fill: {TITLE: '{{ event.text }}'}\n"
    )
    assert (way.name, way.use, values(way), way.spot.path) == ("UF_CRM_X", "match", ["A"], "crm.deal.match.0.field")
    assert (one.name, one.shape, values(one), one.pipeline) == ("CATEGORY_ID", "one", [5], 5)
    assert (many.name, many.shape, values(many)) == ("UF_CRM_Y", "many", ["a", "b", "c"])
    assert [value.spot.path for value in many.values] == ["crm.deal.set.UF_CRM_Y.0"] + ["crm.deal.set.UF_CRM_Y.1"] * 2
    assert (text.name, text.shape, values(text), text.type_id) == ("TITLE", "other", [], 2)
    assert (one.spot.line, one.spot.column) == (5, 11)


def test_empty_values_and_rows_of_fields_say_nothing() -> None:
    [name, phone] = fields("crm: {contact: {match: [chat], set: {NAME: '', PHONE: [{VALUE: '7', VALUE_TYPE: HOME}]}}}")
    assert (name.shape, values(name)) == ("other", [])
    assert values(phone) == []


def test_a_smart_process_by_its_number() -> None:
    found = names("crm: {item: {type: 1036, external: {system: s, id: x}}}")
    assert [(name.type_id, name.spot.path) for name in found if isinstance(name, NamedType)] == [
        (1036, "crm.item.type")
    ]


def test_fields_of_what_was_found_but_those_that_may_be_missing() -> None:
    rule = (
        "when: found.deal.stageId == 'WON' and found.contact and found.deal.fm[0].value\n"
        "set: {x: \"{{ found.contact.nothing | default('') }}\", y: '{{ found.contact.name }}'}"
    )
    found = fields(rule)
    assert [(field.entity, field.name, values(field)) for field in found] == [
        ("deal", "fm", []), ("deal", "stageId", ["WON"]), ("contact", "name", [])
    ]  # fmt: skip


def test_rules_of_one_file_have_places_of_their_own() -> None:
    found = names("owner: 1\n---\n" + HEAD + "owner: 2")
    assert [(name.spot.line, name.number) for name in found if isinstance(name, NamedNumber)] == [(2, 1), (5, 2)]


def test_settings_that_hold_are_the_last_said() -> None:
    packaged = "version: 1\ntag_fields: {contact: UF_CRM_A, deal: UF_CRM_B}\n"
    own = "version: 1\ntag_fields: {contact: UF_CRM_C}\ncategories: {x: {title: x, owner: 9}}\n"
    set_ = load({"defaults/_settings.yaml": packaged, "_settings.yaml": own, "shop.yaml": HEAD + "tags: [x]"}, KINDS)
    assert [(name.spot.file, name.spot.path) for name in named(set_)] == [
        ("_settings.yaml", "categories.x.owner"),
        ("_settings.yaml", "tag_fields.contact"),
        ("defaults/_settings.yaml", "tag_fields.deal"),
    ]
    untagged = load({"defaults/_settings.yaml": packaged, "_settings.yaml": own, "shop.yaml": HEAD + "line: 1"}, KINDS)
    assert [name.spot.path for name in named(untagged)] == ["line", "categories.x.owner", "tag_fields.contact"]


def test_an_empty_set_names_nothing() -> None:
    assert named(MappingSet(version="v", config=Config(), files={})) == []
