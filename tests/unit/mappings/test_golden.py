"""Golden examples: how they are read, what is wrong with them, and how they differ from what came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connector.rulebook.kinds import KINDS
from mappings.comparing import compare
from mappings.golden import MINIMAL, Example, answer, read
from mappings.outcome import Outcome


def example(text: str) -> Example:
    (only,), faults = read("a.yaml", text)
    assert not faults
    return only


def differences(expect: str, calls: list[tuple[str, dict[str, Any]]], **outcome: Any) -> list[str]:
    wanted = example(f"expect: {{{expect}}}")
    return [english for english, _ in compare(wanted.expect, calls, Outcome(version="1", **outcome))]


def test_an_event_is_filled_up_from_the_minimal_one() -> None:
    found = example("name: a\nevent: {text: hello, client: {phone: '+79001112233'}}\nexpect: {line: 3}")
    assert found.event == {
        **MINIMAL["message.received"],
        "text": "hello",
        "client": {**MINIMAL["message.received"]["client"], "phone": "+79001112233"},
    }
    assert (found.name, found.kind, found.at, found.expect) == ("a", "message.received", 1, {"line": 3})


@pytest.mark.parametrize("kind", KINDS)
def test_the_minimal_event_has_all_that_rules_may_read(kind: str) -> None:
    assert MINIMAL[kind].keys() == KINDS[kind].keys()
    assert MINIMAL.keys() == KINDS.keys()


def test_an_event_comes_when_it_says() -> None:
    found = example("event: {at: '2026-03-10 23:30'}\nexpect: {}")
    assert found.scope["event"]["at"] == datetime(2026, 3, 10, 20, 30, tzinfo=UTC)


def test_a_file_holds_several_and_unnamed_ones_are_numbered() -> None:
    found, faults = read("a.yaml", "expect: {line: 1}\n---\non: record.orders\nrecord: {id: 7}\nexpect: {line: 2}\n")
    assert not faults
    assert [each.name for each in found] == ["a.yaml 1", "a.yaml 2"]
    assert found[1].scope == {
        "record": {"id": 7},
        "source": "orders",
        "found": {"contact": None, "company": None, "lead": None, "deal": None},
    }


def test_the_portal_answers_by_method_and_by_what_it_is_asked() -> None:
    found = example(
        "answers:\n"
        "  crm.item.list: {items: []}\n"
        "  crm.item.get:\n"
        "    - {params: {entityTypeId: 3}, result: {item: {id: 7}}}\n"
        "    - {params: {entityTypeId: 2, id: 5}, result: {item: {id: 5}}}\n"
        "expect: {calls: []}\n"
    )
    assert answer(found, "crm.item.list", {"entityTypeId": 4}) == {"items": []}
    assert answer(found, "crm.item.get", {"entityTypeId": "3", "id": 7}) == {"item": {"id": 7}}
    assert answer(found, "crm.item.get", {"entityTypeId": 2, "id": 6}) is None
    assert answer(found, "user.get", {}) is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: a\nevnt: {}\nexpect: {}", 2, "Did you mean event?"),
        ("event: {txt: a}\nexpect: {}", 1, "Did you mean text?"),
        ("on: message.recieved\nexpect: {}", 1, "Did you mean message.received?"),
        ("name: a", 1, "Add expect:"),
        ("- a", 1, "An example is needed here"),
        ("expect:\n  lines: 1", 2, "Did you mean line?"),
        ("expect:\n  line: one", 2, "whole number"),
        ("expect:\n  priority: higher", 2, "low"),
        ("expect:\n  calls: {crm.item.add: {}}", 2, "Write a list"),
        ("expect:\n  calls: [{a: {}, b: {}}]", 2, "Write a list"),
        ("expect: {}\nfound: {contacts: {}}", 2, "Did you mean contact?"),
        ("event: {client: Anna}\nexpect: {}", 1, "Write client: {first_name: Anna}"),
        ("event: {client: {name: Anna}}\nexpect: {}", 1, "Did you mean username?"),
        ("event: {at: noon}\nexpect: {}", 1, "as in 2026-03-10 18:00"),
        ("event: hello\nexpect: {}", 1, "event is a mapping"),
        ("on: record.orders\nevent: {}\nexpect: {}", 2, "Write record:"),
        ("expect: {line: 1", 1, ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    found, faults = read("a.yaml", text)
    assert not found
    assert (faults[0].file, faults[0].line) == ("a.yaml", line)
    assert words in faults[0].words("en")
    assert faults[0].words("ru") != faults[0].words("en")


@pytest.mark.parametrize(
    ("expect", "outcome"),
    [
        ("line: 3", {"line": 3}),
        ("line: null, category: null, priority: null, owner: null, score: 0, tags: []", {}),
        ("tags: [b, a]", {"tags": ("a", "b")}),
        (
            "category: complaint, priority: high, owner: 12, score: 7",
            {"category": "complaint", "priority": "high", "owner": 12, "score": 7},
        ),
    ],
)
def test_what_came_as_expected_is_no_difference(expect: str, outcome: dict[str, Any]) -> None:
    assert differences(expect, [("crm.item.add", {})], **outcome) == []


def test_differences_are_told_in_words() -> None:
    assert differences("line: 3, tags: [a]", [], line=1) == ["line: expected 3, got 1", "tags: expected ['a'], got []"]


def test_calls_are_compared_in_their_order_and_may_have_more_than_expected() -> None:
    made = [
        ("crm.item.update", {"entityTypeId": 3, "id": 7, "fields": {"NAME": "Анна", "TAGS": [1, 2]}}),
        ("im.notify.system.add", {"USER_ID": 1}),
    ]
    assert (
        differences("calls: [{crm.item.update: {id: '7', fields: {TAGS: [1, 2]}}}, im.notify.system.add]", made) == []
    )
    assert differences(
        "calls: [{crm.item.update: {fields: {NAME: Олег, TAGS: [1]}}}, {im.notify.system.add: {}}]", made
    ) == [
        "call 1, crm.item.update.fields.NAME: expected 'Олег', got 'Анна'",
        "call 1, crm.item.update.fields.TAGS: expected [1], got [1, 2]",
    ]
    assert differences("calls: []", made)[0].startswith("call 1 was not expected: crm.item.update")
    assert differences("calls: [tasks.task.add, im.notify.system.add, crm.item.add]", made) == [
        "call 1: expected 'tasks.task.add', got 'crm.item.update'",
        "call 3, crm.item.add, was not made",
    ]
