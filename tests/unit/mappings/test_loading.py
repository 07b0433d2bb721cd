"""Files become a set: in their order, one for another, under a version that only contents change."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.faults import BrokenError
from mappings.loading import load
from mappings.model import ConfigDocument, RuleDocument
from tests.unit.mappings.shapes import KINDS, SETTINGS, loaded, told

ON = "on: message.received\n"


def names(**files: str) -> list[str]:
    return [rule.name for rule in loaded(**files).rules]


def test_rules_stand_by_file_and_document():
    assert names(b=ON, a=f"{ON}---\nname: own\n{ON}---\n{ON}") == ["a", "own", "a.3", "b"]


def test_packaged_rules_come_first():
    assert names(a=ON, **{"defaults/z": ON}) == ["z", "a"]


def test_a_file_replaces_the_packaged_one_of_its_name():
    found = loaded(b=f"name: mine\n{ON}", a=ON, **{"defaults/b": f"{ON}---\n{ON}", "defaults/c": ON})
    assert [(rule.name, rule.file) for rule in found.rules] == [
        ("mine", "b.yaml"),
        ("c", "defaults/c.yaml"),
        ("a", "a.yaml"),
    ]
    assert "defaults/b.yaml" not in found.files


def test_settings_add_to_the_packaged_ones():
    config = loaded(_settings="zone: Asia/Tomsk\ncategories: {refund: {title: Refund, owner: null}}\n").config
    assert (config.zone, config.country, set(config.categories)) == (
        "Asia/Tomsk",
        "RU",
        {"complaint", "commercial", "refund"},
    )
    assert config.categories["complaint"].title == ("Complaint", "Жалоба")


def test_own_numbers_and_addresses_are_kept_as_they_are_compared():
    config = loaded(_settings="own: {phones: [8 (495) 123-45-67], emails: ['@Acme.ru']}\n").config
    assert (config.own_phones, config.own_emails) == ({"+74951234567"}, {"@acme.ru"})


def test_a_later_rule_of_a_name_stands_at_the_place_of_the_earlier():
    found = loaded(a=f"name: one\n{ON}line: 1\n---\n{ON}", b=f"name: one\n{ON}line: 2\n")
    assert [(rule.name, rule.file) for rule in found.rules] == [("one", "b.yaml"), ("a.2", "a.yaml")]


def test_an_included_file_comes_before():
    facts = f"{ON}set: {{evening: true}}\n"
    rule = f"include: zz.yaml\n{ON}when: facts.evening\n"
    assert names(a=rule, zz=facts) == ["zz", "a"]
    assert told({"a.yaml": rule.removeprefix("include: zz.yaml\n"), "zz.yaml": facts})


def test_a_fact_of_another_kind_is_not_set():
    files = {
        "a.yaml": "on: dialog.started\nset: {vip: true}\n---\non: [dialog.started, message.received]\nwhen: facts.vip\n"
    }
    (words,) = told(files)
    assert "for message.received" in words


def test_a_fact_is_seen_by_what_stands_after_it_in_its_rule():
    assert told({"a.yaml": f"{ON}set: {{a: 1, b: '{{{{ facts.a }}}}'}}\nline: '{{{{ facts.b }}}}'\n"}) == []
    assert told({"a.yaml": f"{ON}set: {{b: '{{{{ facts.a }}}}', a: 1}}\n"})


def test_what_may_be_absent_is_not_looked_for():
    assert told({"a.yaml": f"{ON}when: event.phone | default('') and facts.vip is defined\n"}) == []


def test_records_are_free():
    found = loaded(a="on: record.orders\nwhen: record.anything.at_all and source == 'orders'\n")
    assert found.on("record.orders")[0].kinds == ("record.orders",)


def test_external_may_be_said_by_another_rule():
    one = f"{ON}crm: {{contact: {{match: [external]}}}}\n"
    other = f"{ON}crm: {{contact: {{external: {{system: shop, id: 5}}}}}}\n"
    assert told({"a.yaml": one})
    assert told({"a.yaml": one, "b.yaml": other}) == []


def test_what_is_made_has_names_of_its_own():
    made = loaded(a=f"{ON}task: [{{title: a}}, {{title: b}}]\nnotify: {{users: 1, text: c}}\n").rules[0].makings
    assert [(making.kind, making.name) for making in made] == [("task", "a"), ("task", "a#2"), ("notify", "a#3")]


def test_parts_know_their_lines():
    rule = loaded(
        a=f"# first\n{ON}when: event.text\ncrm:\n  contact:\n    match:\n      - phone\n    set:\n      NAME: x\n"
    ).rules[0]
    (wanted,) = rule.wishes
    assert (rule.at, rule.when.at, wanted.at, wanted.match[0].at, wanted.set["NAME"].at) == (2, 3, 5, 7, 9)
    assert wanted.set["NAME"].path == "crm.contact.set.NAME"


@pytest.mark.parametrize(
    "table", ["id,level\n7,gold\n\n8,none\n", "\ufeffid;level\r\n7;gold\r\n8;none\r\n", 'id,level\n7,"gold"\n8,none']
)
def test_a_table_is_read_as_it_is_saved(table: str):
    files = {"_settings.yaml": "tables: {vips: vips.csv}\n", "vips.csv": table.encode(), "other.csv": "never read"}
    found = load(files, KINDS)
    assert found.config.tables["vips"] == {"7": {"id": "7", "level": "gold"}, "8": {"id": "8", "level": "none"}}
    assert set(found.files) == {"_settings.yaml", "vips.csv"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "The table is empty"),
        ("id,\n1,2\n", "A column without a name"),
        ("id,id\n1,2\n", "Two columns are called id"),
        ('id,a\n"1,2\n', "This is not correct CSV"),
        ("id\n" + "".join(f"{number}\n" for number in range(100_002)), "There are more than 100,000 rows"),
        (b"\xff\xfe", "The file is not text in UTF-8"),
    ],
)
def test_a_broken_table_is_told(table: str | bytes, said: str):
    (words,) = told({"_settings.yaml": "tables: {vips: vips.csv}\n", "vips.csv": table})
    assert said in words


def test_the_version_is_that_of_the_contents():
    one = load({"a.yaml": ON, "_settings.yaml": SETTINGS}, KINDS)
    same = load({"_settings.yaml": SETTINGS.encode("utf-8-sig"), "a.yaml": ON.replace("\n", "\r\n")}, KINDS)
    assert one.version == same.version == load(one.files, KINDS).version
    assert len(one.version) == 12
    assert load({"b.yaml": ON, "_settings.yaml": SETTINGS}, KINDS).version != one.version
    assert load({"a.yaml": ON + "#", "_settings.yaml": SETTINGS}, KINDS).version != one.version


def test_a_set_can_be_loaded_again_from_its_files():
    files = {
        "defaults/_settings.yaml": SETTINGS,
        "defaults/a.yaml": ON,
        "a.yaml": f"{ON}category: complaint\n",
        "_settings.yaml": "tables: {vips: vips.csv}\n",
        "vips.csv": "id\n1\n",
        "README.md": "nothing of ours",
        "tests/x.yaml": "nothing of ours",
    }
    found = load(files, KINDS)
    again = load(found.files, KINDS)
    assert (again.version, again.rules[0].file, set(again.files)) == (
        found.version,
        "a.yaml",
        set(files) - {"defaults/a.yaml", "README.md", "tests/x.yaml"},
    )


KEYS = sorted({*RuleDocument.model_fields, *ConfigDocument.model_fields})
INSIDE = [
    "contact",
    "deal",
    "item",
    "match",
    "external",
    "system",
    "id",
    "set",
    "fill",
    "is",
    "field",
    "type",
    "create",
    "add",
    "when",
    "on",
    "title",
    "text",
    "users",
    "deadline",
    "phones",
    "en",
    "ru",
    "several",
    "<<",
    "{{ a }}",
]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
    | st.sampled_from(["message.received", "phone", "open", "{{ event.text }}", "{{ facts.a }}", "{% x %}", "event.",
                       "found", "{{", "item", "complaint", "../a", "a.yaml", "UF_A", "high"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(INSIDE) | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), VALUES, max_size=7) | VALUES


@settings(max_examples=120, deadline=None)
@given(st.lists(DOCUMENTS, max_size=3), st.booleans())
def test_whatever_is_written_is_loaded_or_told(documents: list[Any], kind: bool):
    written = [{**each, "on": "message.received"} if kind and isinstance(each, dict) else each for each in documents]
    told({"a.yaml": yaml.safe_dump_all(written, allow_unicode=True), "b.yaml": ON})


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_bytes_are_too_strange(content: bytes, table: bytes):
    with contextlib.suppress(BrokenError):
        load({"a.yaml": content, "_settings.yaml": "tables: {a: a.csv}\n", "a.csv": table}, KINDS)
