from __future__ import annotations

import pytest
from pydantic import ValidationError

from connector.domain.tagging import TaggingSettings
from connector.sync.tags.dictionary import Dictionary
from connector.sync.tags.memory import link_value, memory_of
from connector.sync.tags.merging import Known
from connector.sync.tags.shelves import CrmShelf, GroupShelf, TaskShelf
from connector.sync.tags.spelling import as_column, borne, key_of
from tests.unit.access.making import NOW

MADE_UP = "0123456789abcdef0123456789abcdef"
OPTIONS = [[7, "Оптовики", "Опт"], [8, "VIP", MADE_UP], [9, "Новый", ""]]
LIST = {"id": "1", "type": "enumeration", "multiple": True, "options": OPTIONS}


@pytest.mark.parametrize(
    ("value", "split", "tags"),
    [
        (["Опт", " vip ", "опт", "", None], "", ["Опт", "vip"]),
        ("Опт; vip ;", ";", ["Опт", "vip"]),
        ("Опт, vip", "", ["Опт, vip"]),
        (None, ",", []),
        ("", "", []),
        (7, "", ["7"]),
        (["x" * 256], "", []),
    ],
)
def test_a_column_bears_tags(value: object, split: str, tags: list[str]) -> None:
    assert [*borne(value, split).values()] == tags


def test_tags_go_back_as_the_column_had_them() -> None:
    assert as_column(["a", "b"], ["x"], ",") == ["a", "b"]
    assert as_column(["a", "b"], "x", ",") == "a, b"
    assert as_column(["a", "b"], None, "\n") == "a\nb"
    assert as_column([], "x", ",") == ""


def test_an_option_stands_for_its_xml_id_unless_the_portal_made_that_up() -> None:
    words = Dictionary(field=LIST)
    assert [words.tag(number) for number in (7, "8", 9, 10)] == ["Опт", "VIP", "Новый", ""]
    assert [words.value(tag) for tag in ("опт", "оптовики", "vip", "новый", "нет")] == [7, 7, 8, 9, None]
    assert words.unknown([7, 10])
    assert not words.unknown([7, 8])


def test_what_is_no_tag_that_is_known_stays_in_its_place() -> None:
    shelf = CrmShelf(type_id=3, name="UF_CRM_TAGS", dictionary=Dictionary(field=LIST))
    (held,) = shelf.held({"items": [{"id": 5, "UF_CRM_TAGS": [10, 7, 8]}]}).values()
    assert held.without(frozenset({key_of("Опт")})) == [10, 8]
    assert [*held.keys] == ["vip", "опт"]


def test_empty_sets_are_told_in_many_ways() -> None:
    crm = CrmShelf(type_id=3, name="F", dictionary=Dictionary())
    for empty in (None, False, [], ""):
        assert crm.held({"items": [{"id": 5, "F": empty}]})[5].values == []
    for none in (None, [], {}):
        assert TaskShelf().held({"tasks": [{"id": "5", "tags": none}]})[5].values == []
    assert GroupShelf().held([{"ID": "5", "KEYWORDS": None}])[5].values == []
    assert GroupShelf().held(False) == {}


def test_a_memory_that_says_the_same_is_not_written_again() -> None:
    known = Known(source=frozenset({"a"}), portal=frozenset({"a"}), agreed=frozenset({"a"}), by={"a": "source"})
    value = link_value(known, {"a": "A"}, record="r", stale="", before=None, now=NOW)
    memory = memory_of(value)
    assert memory is not None
    assert (memory.known, memory.source) == (known, {"a": "A"})
    assert link_value(known, {"a": "A"}, record="r", stale="", before=memory, now=NOW) is None
    assert link_value(known, {"a": "A"}, record="r", stale="h", before=memory, now=NOW) is not None


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"task": "t", "workgroup": "g"},
        {"find": {"entity": "item"}},
        {"find": {"entity": "contact", "type": 1036}},
        {"find": {"entity": "contact", "by": "phone"}},
        {"find": {"entity": "contact", "column": "phone"}},
        {"find": {"entity": "contact", "by": "external", "column": "code"}},
        {"find": {"entity": "contact", "by": "phone", "column": "phone", "system": "erp"}},
        {"task": "t", "field": "UF_CRM_TAGS"},
        {"task": "t", "merge": "newest"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(given: dict) -> None:
    with pytest.raises(ValidationError):
        TaggingSettings.model_validate(given)
