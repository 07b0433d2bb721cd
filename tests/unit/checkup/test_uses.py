"""Which permissions the settings and the rules need: what is not set up needs none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connector.checkup.uses import uses_of
from connector.domain.sources import SourceSettings
from connector.portal.scopes import needed, scope_of
from connector.sandbox.methods import FAMILIES_V3, registry
from tests.unit.mappings.sets import CONFIG, set_of

CONNECTOR = Path(__file__).parents[3] / "connector"
PERSON = {"person": {"email": "mail"}}
ITEM = "crm: {item: {type: 1036, match: [{field: xmlId, is: '1'}], %s}}"


def used(rules: str = "name: nothing", *, portal: str = "main", config: str = CONFIG, **source: Any) -> set[str]:
    erp = SourceSettings(source="erp", provider="table", portal=portal, **source)
    house: Any = SimpleNamespace(
        settings=SimpleNamespace(sources={"erp": erp}),
        accounts={"shop": SimpleNamespace(portal="main")},
        rulebook=SimpleNamespace(current=lambda: set_of(rules, config=config)),
    )
    return set(uses_of(house, "main"))


def test_a_source_whose_rules_write_to_the_crm_needs_nothing_more():
    assert used("on: record.erp\ncrm: {contact: {match: [email], set: {NAME: x}}}") == set()


@pytest.mark.parametrize(
    ("target", "use"),
    [
        ({"department": 12}, "department"),
        ({"team": 15}, "team"),
        ({"workgroup": 5}, "workgroup"),
        ({"queue": 3}, "queue"),
        ({"field": "UF_USR_GROUPS", "option": "Sales"}, "field"),
    ],
)
def test_access_needs_what_its_targets_are(target: dict[str, Any], use: str):
    assert used(access={**PERSON, "targets": [{"group": "*", **target}]}) == {"people", use}
    assert used(access={**PERSON, "allow": [{"person": "a@acme.ru", **target}]}) == {"people", use}
    assert used(access={**PERSON, "targets": [{"group": "*", "console": "viewer"}]}) == {"people"}


@pytest.mark.parametrize(
    ("tags", "uses"),
    [
        ({"task": "task_id"}, {"task"}),
        ({"workgroup": "group_id"}, {"workgroup"}),
        ({"find": {"entity": "contact"}}, set()),
        ({"find": {"entity": "item", "type": 1036}}, {"process"}),
    ],
)
def test_tags_need_where_they_stand(tags: dict[str, Any], uses: set[str]):
    assert used(tags=tags) == uses


@pytest.mark.parametrize(
    ("says", "uses"),
    [
        ("task: {title: x, owner: 1}", {"task"}),
        ("notify: {users: 1, text: x}", {"notify"}),
        ("workgroup: 5", {"workgroup"}),
        (ITEM % "set: {title: x}", set()),
        (ITEM % "set: {UF_CRM_7_TRACK: x}", {"process"}),
        ("tags: [vip]\n" + ITEM % "set: {title: x}", {"process"}),
    ],
)
def test_rules_need_what_they_make(says: str, uses: set[str]):
    tagging = CONFIG.replace("UF_CRM_TAGS", "UF_CRM_TAGS, '1036': UF_CRM_7_TAGS")
    assert used(f"on: record.erp\n{says}", config=tagging) == uses
    assert used(f"on: record.erp.gone\n{says}", config=tagging) == uses
    assert used(f"on: message.received\n{says}", config=tagging) == uses
    assert used(f"on: record.other\n{says}", config=tagging) == set()


def test_another_portals_source_needs_nothing_here():
    assert used("on: record.erp\nworkgroup: 5", portal="other", access={**PERSON}) == set()


def test_every_method_that_is_called_has_its_scope_in_the_one_list():
    """Of those that the sandbox knows, which says of each what it needs."""
    files = [file for file in CONNECTOR.rglob("*.py") if not {"sandbox", "demo"} & set(file.parts)]
    said = "\n".join(file.read_text().lower() for file in files)
    methods = {**registry(), **registry(families=FAMILIES_V3)}
    called = {
        name: method.scope for name, method in methods.items() if method.scope and "." in name and f'"{name}"' in said
    }
    told = {name: scope_of(name) for name in called if not name.startswith("imconnector.")}
    assert len(told) > 40
    assert told == {name: called[name] for name in told}


def test_a_channel_needs_the_five_that_always_were_asked_for():
    assert [scope.name for scope in needed({"crm", "app", "talk"})] == [
        "imopenlines",
        "imconnector",
        "im",
        "crm",
        "user",
    ]
    assert [scope.name for scope in needed({"people", "team"})] == ["user", "humanresources"]
