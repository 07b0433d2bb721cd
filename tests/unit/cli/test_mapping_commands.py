"""``connector mappings``: what a person reads, what a program reads, and how it leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from connector.registry import sources as source_models
from tests.unit.cli.conftest import Desk

RULE = """
version: 1
name: returns
on: message.received
when: event.text | matches('возврат')
line: 3
tags: [return]
crm: {contact: {match: [phone], set: {NAME: "{{ event.client.first_name }}"}}}
"""
EVENT = """
event: {text: "Оформите возврат", client: {first_name: Анна, phone: "+79001112233"}}
"""
EXAMPLE = """
name: returns go to line 3
event: {text: "Оформите возврат", client: {first_name: Анна, phone: "+79001112233"}}
expect:
  line: %s
  calls:
    - crm.item.add: {entityTypeId: 3, fields: {name: Анна}}
    - crm.item.update: {entityTypeId: 3, fields: {UF_CRM_TAGS: [return]}}
"""


@pytest.fixture
def folder(desk: Desk) -> Path:
    place = desk.house.settings.mappings
    assert place is not None
    (place / "tests").mkdir(parents=True)
    (place / "returns.yaml").write_text(RULE, encoding="utf-8")
    (place / "tests" / "returns.yaml").write_text(EXAMPLE % 3, encoding="utf-8")
    (place / "event.example").write_text(EVENT, encoding="utf-8")
    return place


def spoil(folder: Path) -> None:
    (folder / "returns.yaml").write_text(RULE.replace("first_name", "frist_name"), encoding="utf-8")


def test_a_sound_folder_is_said_to_be_sound(desk: Desk, folder: Path):
    told = desk.json("mappings", "check")
    assert told["ok"]
    assert "returns.yaml" in told["files"]
    assert told["version"] in desk.run("mappings", "check").output


@pytest.mark.parametrize(("language", "words"), [("en", "Did you mean first_name?"), ("ru", "имелось в виду")])
def test_a_fault_is_told_with_its_place_and_mend(desk: Desk, folder: Path, language: str, words: str):
    spoil(folder)
    result = desk.run("mappings", "check", "--lang", language)
    assert result.exit_code == 1
    assert result.stdout.startswith("returns.yaml:8:")
    assert words in result.stdout
    (fault,) = desk.json("mappings", "check", code=1)["faults"]
    assert (fault["file"], fault["line"], fault["path"]) == ("returns.yaml", 8, "crm.contact.set.NAME")


def test_another_folder_is_checked_without_any_settings(desk: Desk, folder: Path, tmp_path: Path):
    def no_settings():
        raise AssertionError("not needed")

    assert desk.run("mappings", "check", str(folder), make=no_settings).exit_code == 0


def test_the_schema_is_for_editors(desk: Desk):
    schema = json.loads(desk.run("mappings", "schema").stdout)
    assert "$schema" in schema


def test_trying_shows_what_would_be_done_and_why(desk: Desk, folder: Path):
    path = str(folder / "event.example")
    text = desk.run("mappings", "try", "--event", path, "--offline").output
    assert "crm.item.add" in text
    assert "returns (returns.yaml:6)" in text
    assert 'event.client.first_name = "Анна"' in text
    (told,) = desk.json("mappings", "try", "--event", path, "--offline")["events"]
    assert told["outcome"]["line"] == 3
    assert [call["method"] for call in told["calls"]] == ["crm.item.add", "crm.item.update"]
    assert desk.house.journal.list("deliveries") == []


def test_a_rule_that_fails_is_told_with_its_place(desk: Desk, folder: Path):
    (folder / "returns.yaml").write_text(RULE.replace('"{{ event.client.first_name }}"', '"{{ event.text + 1 }}"'))
    result = desk.run("mappings", "try", "--event", str(folder / "event.example"), "--offline")
    assert result.exit_code == 1
    assert "returns.yaml:8" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ["nothing-such", "999999", "01a2"])
def test_an_event_that_is_not_there_is_said_so(desk: Desk, folder: Path, name: str):
    result = desk.run("mappings", "try", "--event", name, "--offline")
    assert result.exit_code == 1
    assert "✗" in result.output


def test_examples_are_played(desk: Desk, folder: Path):
    assert "✓ tests/returns.yaml:2 returns go to line 3" in desk.run("mappings", "test").output
    (folder / "tests" / "returns.yaml").write_text(EXAMPLE % 4, encoding="utf-8")
    result = desk.run("mappings", "test")
    assert result.exit_code == 1
    assert "✗" in result.output
    assert not desk.json("mappings", "test", code=1)["ok"]


def test_the_packaged_examples_hold(desk: Desk):
    told = desk.json("mappings", "test", "--packaged")
    assert told["ok"]
    assert len(told["examples"]) >= 9


def test_versions_are_published_compared_and_taken_back(desk: Desk, folder: Path):
    first = desk.json("mappings", "apply")["version"]
    assert not desk.json("mappings", "apply")["changed"]
    (folder / "returns.yaml").write_text(RULE.replace("line: 3", "line: 4"), encoding="utf-8")
    second = desk.json("mappings", "apply")["version"]
    assert [use["version"] for use in desk.json("mappings", "versions")] == [second, first]
    difference = desk.run("mappings", "diff", first[:6]).output
    assert "-line: 3" in difference
    assert "+line: 4" in difference
    assert desk.json("mappings", "rollback", first[:6], "--why", "worse")["version"] == first
    assert desk.json("mappings", "versions")[0]["why"] == "worse"
    assert desk.run("mappings", "rollback", "zzz", "--why", "x").exit_code == 1


def test_a_broken_folder_is_not_applied(desk: Desk, folder: Path):
    good = desk.json("mappings", "apply")["version"]
    spoil(folder)
    result = desk.run("mappings", "apply")
    assert result.exit_code == 1
    assert "returns.yaml:8" in result.output
    assert desk.house.journal.mapping_now() == good


def test_records_are_loaded_once(desk: Desk, folder: Path, tmp_path: Path):
    source = tmp_path / "customers.csv"
    source.write_text("id;name\n1;Анна\n2;Bob\n", encoding="utf-8-sig")
    assert desk.json("mappings", "load", str(source))["records"] == 2
    assert desk.json("mappings", "load", str(source))["records"] == 0
    rows = desk.house.journal.list("deliveries")
    assert {row["lane"] for row in rows} == {"record.customers.1", "record.customers.2"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "id,name\n,Anna\n", "row 1: no id"),
        ("a.json", "[1]", "row 1: a record is a set of names and values"),
        ("a.json", "{", "cannot be read"),
        ("a.jsonl", '{"id": 1}\nnonsense\n', "cannot be read"),
        ("a.xlsx", "x", ".csv, .json (a list) and .jsonl"),
    ],
)
def test_a_source_that_cannot_be_read_is_told(desk: Desk, tmp_path: Path, name: str, content: str, words: str):
    source = tmp_path / name
    source.write_text(content, encoding="utf-8")
    result = desk.run("mappings", "load", str(source))
    assert result.exit_code == 1
    assert words in result.output
    assert desk.house.journal.list("deliveries") == []


def test_the_check_of_everything_looks_at_the_rules(desk: Desk, folder: Path):
    def rules() -> dict[str, str]:
        (found,) = [
            row for row in json.loads(desk.run("check", "--json").stdout)["findings"] if "mappings" in row["code"]
        ]
        return found

    assert rules()["state"] == "ok"
    spoil(folder)
    assert (rules()["state"], rules()["mend"]) == ("bad", "connector mappings check")
    assert "returns.yaml:8" in rules()["what"]


def test_records_of_a_source_are_sent_by_its_runs(desk: Desk):
    given = {"source": "shipments", "provider": "table", "portal": "main", "location": "out.csv"}
    sources = {"shipments": source_models()["table"].model_validate(given)}
    desk.house = replace(desk.house, settings=desk.house.settings.model_copy(update={"sources": sources}))
    refused = desk.run("mappings", "load", "shipments")
    assert (refused.exit_code, "connector sync run shipments" in refused.output) == (2, True)
    assert desk.run("mappings", "plan", "nobody").exit_code == 2


@pytest.mark.parametrize("command", [("plan", "a.csv"), ("load", "a.csv"), ("try", "--event", "a.yaml")])
def test_a_portal_that_is_not_there_is_said_so(desk: Desk, tmp_path: Path, command: tuple[str, ...]):
    (tmp_path / "a.csv").write_text("id\n1\n", encoding="utf-8")
    (tmp_path / "a.yaml").write_text("event: {text: x}\n", encoding="utf-8")
    *verb, file = command
    result = desk.run("mappings", *verb, str(tmp_path / file), "--portal", "other")
    assert (result.exit_code, "--portal main" in result.output) == (2, True)
