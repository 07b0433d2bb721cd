"""Tags against a whole portal: only added and taken away one by one, and only ours are ever taken away."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import PermanentError
from mappings.outcome import Key, Making, Outcome
from tests.contract.mapping.conftest import Crm
from tests.unit.handlers.walking import FakeSet, Settings, phone, wish

CONTACT, ITEM, FIELD = 3, 1036, "UF_CRM_TAGS"
ANNA = wish(match=(phone("+79001112233"),), set={"NAME": "Анна", "PHONE": "+79001112233"})


def said(*tags: str, **more: Any) -> Outcome:
    return Outcome(version="v1", wishes=(ANNA,), tags=tags, **more)


def contact(crm: Crm) -> Any:
    [found] = crm.items(CONTACT)
    return crm.item(CONTACT, found["id"])


def words(crm: Crm) -> list[str]:
    """The tags that the contact has, as a person reads them."""
    [field] = crm.call("crm.contact.userfield.list", filter={"FIELD_NAME": FIELD})
    names = {int(option["ID"]): option["VALUE"] for option in field.get("LIST") or []}
    return [names.get(value, value) for value in contact(crm)[FIELD] or []]


def give(crm: Crm, *tags: str, kind: str = "enumeration") -> None:
    """What a person put there by hand."""
    options = [{"VALUE": tag} for tag in tags] if kind == "enumeration" else []
    crm.call(
        "crm.contact.userfield.add",
        fields={"FIELD_NAME": "TAGS", "USER_TYPE_ID": kind, "MULTIPLE": "Y", "LIST": options},
    )
    crm.message(said())
    [field] = crm.call("crm.contact.userfield.list", filter={"FIELD_NAME": FIELD})
    values = [int(option["ID"]) for option in field["LIST"]] if options else list(tags)
    number = contact(crm)["id"]
    crm.call("crm.item.update", entityTypeId=CONTACT, id=number, fields={FIELD: values}, useOriginalUfNames="Y")


def test_the_field_and_its_options_are_made_when_they_are_missing(crm: Crm) -> None:
    crm.message(said("жалоба", "vip"))
    assert words(crm) == ["жалоба", "vip"]
    crm.message(said("доставка"), "56")
    assert words(crm) == ["жалоба", "vip", "доставка"]
    [field] = crm.call("crm.contact.userfield.list", filter={"FIELD_NAME": FIELD})
    assert [option["XML_ID"] for option in field["LIST"]] == ["жалоба", "vip", "доставка"]


def test_what_is_known_to_be_there_needs_no_request(crm: Crm) -> None:
    crm.message(said("жалоба"))
    left = crm.message(said("жалоба"), "56")
    assert left == ["crm.duplicate.findbycomm", "crm.item.get"]


def test_somebody_elses_tags_stay_whatever_the_rules_say(crm: Crm) -> None:
    give(crm, "старый", "vip")
    crm.message(said("vip", "жалоба"))
    assert words(crm) == ["старый", "vip", "жалоба"]
    crm.message(said())
    assert words(crm) == ["старый", "vip"]


def test_a_replay_under_other_rules_takes_back_only_what_no_other_event_gives(crm: Crm) -> None:
    crm.message(said("жалоба", "vip"))
    crm.message(said("vip"), "56")
    crm.message(said("вопрос"))
    assert words(crm) == ["vip", "вопрос"]
    crm.message(said("жалоба", "vip"))
    assert words(crm) == ["vip", "жалоба"]
    crm.message(said(), "56")
    assert words(crm) == ["vip", "жалоба"]
    crm.message(said())
    assert words(crm) == []


def test_a_tag_given_before_a_failure_is_still_ours(crm: Crm) -> None:
    comment = Making(kind="timeline", name="r", on="contact", fields={"text": "x"})
    crm.walk.cut_after = 9
    with pytest.raises(Exception, match="cut"):
        crm.message(said("жалоба", makings=(comment,)))
    assert crm.walk.calls[-1][0] == "crm.timeline.comment.add"
    assert words(crm) == ["жалоба"]
    crm.message(said("жалоба", makings=(comment,)))
    crm.message(said())
    assert words(crm) == []


def test_texts_are_tags_where_the_field_is_of_texts(crm: Crm) -> None:
    give(crm, "Старый", kind="string")
    crm.message(said("жалоба"))
    assert words(crm) == ["Старый", "жалоба"]


def test_a_field_that_cannot_bear_tags_is_told(crm: Crm) -> None:
    crm.call("crm.contact.userfield.add", fields={"FIELD_NAME": "TAGS", "USER_TYPE_ID": "string"})
    with pytest.raises(PermanentError) as parked:
        crm.message(said("жалоба"))
    assert parked.value.cause == "mapping.tag_field"
    assert FIELD in parked.value.hint.ru


def test_without_the_right_to_make_a_field_the_rest_is_done_and_a_note_says_so(crm: Crm) -> None:
    for _ in range(2):
        crm.sandbox.fault("fail", method="crm.contact.userfield.add", code="ACCESS_DENIED", status=403)
    crm.message(said("жалоба"))
    assert "UF_CRM_TAGS" in crm.walk.told
    assert contact(crm)["name"] == "Анна"
    left = crm.message(said("жалоба"), "56")
    assert "crm.contact.userfield.add" not in left
    assert "UF_CRM_TAGS" in crm.walk.told


def test_an_item_of_a_smart_process_loses_none_of_its_options(crm: Crm) -> None:
    crm.sandbox.furnish(types=[{"entityTypeId": ITEM, "title": "Отгрузки"}])
    number = crm.call("crm.type.list", filter={"entityTypeId": ITEM})["types"][0]["id"]
    name = f"UF_CRM_{number}_TAGS"
    ruled = FakeSet(config=Settings(tag_fields={str(ITEM): name}))
    item = wish("item", match=(Key(kind="external"),), external=("wms", "42"), set={"TITLE": "Отгрузка"})
    for tags in (("b2b",), ("b2b", "хрупкое"), ("срочно",)):
        ruled.outcome = Outcome(version="v1", wishes=(item,), tags=tags)
        crm.record(ruled)
    [row] = crm.items(ITEM)
    [field] = crm.call("userfieldconfig.list", moduleId="crm", filter={"fieldName": name})["fields"]
    enum = crm.call("userfieldconfig.get", moduleId="crm", id=field["id"])["field"]["enum"]
    assert [option["value"] for option in enum] == ["b2b", "хрупкое", "срочно"]
    assert [option["value"] for option in enum if int(option["id"]) in row[name]] == ["срочно"]


def test_a_workgroup_keeps_its_own_words(crm: Crm) -> None:
    [group] = crm.sandbox.furnish(groups=[{"NAME": "Логистика", "KEYWORDS": "склад, рейсы"}])["groups"]
    ruled = FakeSet(config=Settings(tag_fields={}))
    for tags, words_now in ((("срочно", "склад"), "склад, рейсы, срочно"), ((), "склад, рейсы")):
        ruled.outcome = Outcome(version="v1", tags=tags, workgroups=(group,))
        crm.message(ruled)
        [row] = crm.call("sonet_group.get", FILTER={"ID": group})
        assert row["KEYWORDS"].replace(",", ", ").replace("  ", " ") == words_now
    ruled.outcome = Outcome(version="v1", tags=("срочно",), workgroups=(99999,))
    with pytest.raises(PermanentError) as parked:
        crm.message(ruled, "56")
    assert parked.value.cause == "mapping.workgroup"


def test_tags_without_wishes_go_to_whoever_the_number_leads_to(crm: Crm) -> None:
    crm.message(said())
    crm.message(Outcome(version="v1", tags=("жалоба",)), "56")
    assert words(crm) == ["жалоба"]
