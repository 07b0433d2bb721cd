"""What a new portal has before a line is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mappings.comparing import compare
from mappings.golden import Example, read
from tests.unit.mappings.sets import FOLDER, event, packaged

SENTENCES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "sentences.yaml").read_text(encoding="utf-8"))
AMBIGUOUS = SENTENCES.pop("ambiguous")


def said() -> Iterator[tuple[str, str]]:
    for category, sentences in [*SENTENCES.items(), *AMBIGUOUS.items()]:
        for sentence in sentences:
            yield "" if category == "nothing" else category, str(sentence)


def examples() -> Iterator[Example]:
    for file in sorted((FOLDER / "tests").glob("*.yaml")):
        found, faults = read(file.name, file.read_bytes())
        assert not faults
        yield from found


@pytest.mark.parametrize(("category", "text"), list(said()))
def test_clients_words_put_a_message_into_its_category(category: str, text: str) -> None:
    assert packaged().decide("message.received", event(text=text)).category == category


@pytest.mark.parametrize("category", sorted(packaged().config.categories))
def test_every_category_was_tried_in_both_languages(category: str) -> None:
    russian = sum(any("а" <= letter <= "я" for letter in sentence.lower()) for sentence in SENTENCES[category])
    assert russian >= 12
    assert len(SENTENCES[category]) - russian >= 12


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.name)
def test_the_golden_examples_hold(example: Example) -> None:
    said = {name: value for name, value in example.expect.items() if name != "calls"}
    assert compare(said, [], packaged().decide(example.kind, example.scope)) == []


def test_nothing_is_made_and_nobody_is_looked_for() -> None:
    found = packaged().decide("message.received", event(text="Верните деньги", client={"phone": "+79001112233"}))
    assert (found.tags, found.wishes, found.makings) == (("complaint",), (), ())


@pytest.mark.parametrize("text", [text for _, text in said()][::7])
def test_to_be_asked_why_changes_nothing_and_every_value_has_its_reason(text: str) -> None:
    told = packaged().decide("message.received", event(text=text), explain=True)
    assert replace(told, reasons=()) == packaged().decide("message.received", event(text=text))
    last = {reason.what: reason.value for reason in told.reasons}
    assert {name: last.get(name, "") for name in ("category", "priority")} == {
        "category": told.category,
        "priority": told.priority,
    }


def test_messages_without_such_words_cost_nothing() -> None:
    rules = packaged()
    assert rules.decide("message.received", event(text="Здравствуйте")).idle
    assert rules.needs("message.received") == rules.line_needs("message.received") == frozenset()


def test_every_category_has_a_title_and_a_priority_and_no_owner() -> None:
    config = packaged().config
    assert list(config.categories) == ["information", "technical", "commercial", "complaint", "suggestion"]
    assert all(all(each.title) and each.owner is None for each in config.categories.values())
    assert set(config.tag_fields) == {"contact", "company", "lead", "deal"}
