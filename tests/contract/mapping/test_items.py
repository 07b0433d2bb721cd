"""Items of a smart process that the set describes: short names, links that follow, the history of a status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.errors import PermanentError
from connector.handlers.processes import PROCESS
from connector.sandbox import SandboxServer
from mappings.outcome import Key, Making, Outcome
from tests.contract.mapping.conftest import Crm
from tests.contract.portal.conftest import House
from tests.unit.handlers.walking import FakeSet, Settings, phone, wish

TYPE, CONTACT, DEAL = 1036, 3, 2
CONTENTS: dict[str, Any] = {
    "types": [{"entityTypeId": TYPE, "title": "Отгрузки", "isStagesEnabled": "Y", "isClientEnabled": "Y"}],
    "fields": [
        {"entityId": "CRM_1", "fieldName": "UF_CRM_1_TRACK_NO", "userTypeId": "string"},
        {"entityId": "CRM_1", "fieldName": "UF_CRM_1_TAGS", "userTypeId": "string", "multiple": "Y"},
        {"entityId": "CRM_DEAL", "fieldName": "UF_CRM_ORDER_NO", "userTypeId": "string"},
    ],
    "items": [
        {"entityTypeId": CONTACT, "fields": {"name": "Анна", "fm": [{"typeId": "PHONE", "value": "+79001112233"}]}},
        {"entityTypeId": CONTACT, "fields": {"name": "Олег", "fm": [{"typeId": "PHONE", "value": "+79001112244"}]}},
    ],
}
LINK = {"id": 1, "category": 1, "stages": {"NEW": "DT1036_1:NEW", "SENT": "DT1036_1:CLIENT"}, "titles": {}}
WMS = Key(kind="external")


@pytest.fixture
def crm() -> Iterator[Crm]:
    with SandboxServer(selfhosted=True, contents=CONTENTS) as sandbox:
        made = Crm(sandbox, House(sandbox).installed())
        made.walk.links[PROCESS, f"main.{TYPE}"] = LINK
        yield made


def item(**fields: Any) -> Any:
    return wish("item", type_id=TYPE, match=(WMS,), external=("wms", "42"), set=fields)


def buyer(number: str = "+79001112233") -> Any:
    return wish(match=(phone(number),), create=False)


def order(number: str = "4711") -> Any:
    return wish("deal", match=(Key(kind="field", field="UF_CRM_ORDER_NO", values=(number,)),), create=False)


def said(*wishes: Any, **more: Any) -> Outcome:
    return Outcome(version="v1", wishes=wishes, **more)


def only(crm: Crm) -> Any:
    (found,) = crm.items(TYPE)
    return crm.item(TYPE, found["id"])


def test_short_names_of_fields_and_stages_are_written_whole(crm: Crm) -> None:
    crm.record(said(item(UF_TRACK_NO="80112345", STAGE_ID="SENT")))
    found = only(crm)
    assert (found["UF_CRM_1_TRACK_NO"], found["stageId"]) == ("80112345", "DT1036_1:CLIENT")
    assert crm.walk.writes(crm.record(said(item(UF_TRACK_NO="80112345", stageId="SENT")))) == []


def test_an_item_is_found_by_a_short_name(crm: Crm) -> None:
    crm.record(said(item(UF_TRACK_NO="80112345")))
    by_track = Key(kind="field", field="UF_TRACK_NO", values=("80112345",))
    crm.record(said(wish("item", type_id=TYPE, match=(by_track,), create=False, set={"TITLE": "x"})), "43")
    assert only(crm)["title"] == "x"


def test_tags_of_an_item_may_be_called_short(crm: Crm) -> None:
    outcome = said(item(UF_TRACK_NO="1"), tags=("late",))
    crm.record(FakeSet(outcome=outcome, config=Settings(tag_fields={str(TYPE): "UF_TAGS"})))
    assert only(crm)["UF_CRM_1_TAGS"] == ["late"]


def test_a_stage_that_is_not_there_is_told_with_the_nearest(crm: Crm) -> None:
    with pytest.raises(PermanentError, match=r"mapping\.stage") as told:
        crm.record(said(item(stageId="SNT")))
    assert "SENT" in told.value.hint.ru


@pytest.mark.parametrize("fields", [{"UF_TRACK_NO": "1"}, {"stageId": "NEW"}])
def test_without_its_shape_a_short_name_is_told(crm: Crm, fields: dict[str, Any]) -> None:
    crm.walk.links.clear()
    with pytest.raises(PermanentError, match=r"mapping\.process"):
        crm.record(said(item(**fields)))
    assert crm.items(TYPE) == []


def test_a_new_item_belongs_to_whom_its_record_leads_to(crm: Crm) -> None:
    crm.call(
        "crm.item.add", entityTypeId=DEAL, useOriginalUfNames="Y", fields={"title": "d", "UF_CRM_ORDER_NO": "4711"}
    )
    crm.record(said(buyer(), order(), item(TITLE="a")))
    found = only(crm)
    assert (found["contactId"], found["parentId2"]) == (1, 1)
    assert len(crm.items(CONTACT)) == 2


def test_links_follow_when_the_record_changes_or_its_deal_appears(crm: Crm) -> None:
    crm.record(said(buyer(), order(), item(TITLE="a")))
    assert (only(crm)["contactId"], only(crm)["parentId2"]) == (1, None)
    crm.call(
        "crm.item.add", entityTypeId=DEAL, useOriginalUfNames="Y", fields={"title": "d", "UF_CRM_ORDER_NO": "4711"}
    )
    crm.record(said(buyer("+79001112244"), order(), item(TITLE="a")))
    assert (only(crm)["contactId"], only(crm)["parentId2"]) == (2, 1)
    assert crm.walk.writes(crm.record(said(buyer("+79001112244"), order(), item(TITLE="a")))) == []


def test_nobody_found_takes_no_link_away(crm: Crm) -> None:
    crm.record(said(buyer(), item(TITLE="a")))
    crm.record(said(buyer("+79009999999"), item(TITLE="b")))
    assert (only(crm)["contactId"], only(crm)["title"]) == (1, "b")


def test_a_further_contact_of_the_item_is_as_good(crm: Crm) -> None:
    crm.record(said(buyer(), item(TITLE="a")))
    crm.call("crm.item.update", entityTypeId=TYPE, id=only(crm)["id"], fields={"contactIds": [2, 1]})
    assert crm.walk.writes(crm.record(said(buyer(), item(TITLE="a")))) == []


def test_a_link_that_the_rule_writes_itself_is_its_own(crm: Crm) -> None:
    crm.record(said(buyer(), item(TITLE="a")))
    crm.record(said(buyer(), item(TITLE="a", CONTACT_ID=2)))
    assert only(crm)["contactId"] == 2


def history(crm: Crm) -> list[str]:
    owner = {"ENTITY_ID": only(crm)["id"], "ENTITY_TYPE": f"dynamic_{TYPE}"}
    rows = crm.call("crm.timeline.comment.list", filter=owner, order={"ID": "ASC"})
    return [row["COMMENT"] for row in rows]


def test_each_status_has_one_entry_and_those_before_stay(crm: Crm) -> None:
    for status, text in (("new", "new 9:00"), ("sent", "sent 12:00"), ("sent", "sent 13:00"), ("new", "new 14:00")):
        entry = Making(kind="timeline", name="r", on="item", fields={"each": status, "text": text})
        crm.record(said(item(TITLE=status), makings=(entry,)))
    assert history(crm) == ["new 9:00", "sent 12:00"]
