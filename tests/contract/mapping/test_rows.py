"""What rules want of contacts, companies, leads, deals and items, against a whole portal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.errors import PermanentError
from mappings.outcome import Key, Outcome
from tests.contract.mapping.conftest import Crm
from tests.unit.handlers.walking import phone, wish

CONTACT, DEAL, COMPANY = 3, 2, 4


def said(*wishes: object, **more: object) -> Outcome:
    return Outcome(version="v1", wishes=wishes, **more)  # type: ignore[arg-type]


ANNA = wish(match=(phone("+79001112233"),), set={"NAME": "Анна", "PHONE": "+79001112233"})


def test_nobody_known_becomes_a_contact_with_our_external_id(crm: Crm) -> None:
    crm.message(said(ANNA))
    [contact] = crm.items(CONTACT)
    assert contact["name"] == "Анна"
    assert (contact["originatorId"], contact["originId"]) == ("connector", "shop.700")
    assert [row["value"] for row in crm.item(CONTACT, contact["id"])["fm"]] == ["+79001112233"]


def test_what_does_not_differ_is_not_written(crm: Crm) -> None:
    crm.message(said(ANNA))
    assert crm.walk.writes(crm.message(said(ANNA), "56")) == []
    crm.again()
    assert crm.walk.writes(crm.message(said(ANNA), "57")) == []
    assert len(crm.items(CONTACT)) == 1


def test_values_that_only_look_different_are_the_same(crm: Crm) -> None:
    values = {
        "OPPORTUNITY": "1500.00",
        "CURRENCY_ID": "RUB",
        "ASSIGNED_BY_ID": "1",
        "BEGINDATE": "2026-09-01",
        "OPENED": True,
        "COMMENTS": "a\nb",
    }
    wished = wish("deal", match=(Key(kind="external"),), external=("shop", "7"), set=values)
    crm.message(said(wished))
    crm.again()
    assert crm.walk.writes(crm.message(said(wished), "56")) == []


def test_only_what_differs_is_written_and_fill_only_where_nothing_is(crm: Crm) -> None:
    crm.message(said(ANNA))
    [contact] = crm.items(CONTACT)
    crm.call("crm.item.update", entityTypeId=CONTACT, id=contact["id"], fields={"post": "Директор"})
    more = wish(
        match=(phone("+79001112233"),),
        set={"LAST_NAME": "Кузнецова", "NAME": "Анна", "PHONE": "8 900 111-22-33", "EMAIL": "anna@acme.ru"},
        fill={"POST": "Бухгалтер", "SECOND_NAME": "Игоревна"},
    )
    crm.message(said(more), "56")
    [(_, written)] = [call for call in crm.walk.calls if call[0] == "crm.item.update"]
    assert sorted(written["fields"]) == ["fm", "lastName", "secondName"]
    assert len(written["fields"]["fm"]) == 1
    now = crm.item(CONTACT, contact["id"])
    assert (now["post"], now["lastName"], now["secondName"]) == ("Директор", "Кузнецова", "Игоревна")
    assert sorted(row["value"] for row in now["fm"]) == ["+79001112233", "anna@acme.ru"]


def test_several_are_never_merged(crm: Crm) -> None:
    ids = [
        crm.call(
            "crm.item.add",
            entityTypeId=CONTACT,
            fields={"name": name, "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": "+79001112233"}]},
        )["item"]["id"]
        for name in ("Анна", "Анна К.")
    ]
    with pytest.raises(PermanentError) as parked:
        crm.message(said(ANNA))
    assert parked.value.cause == "mapping.several"
    assert f"{ids[0]}, {ids[1]}" in parked.value.hint.ru
    assert "oldest" in parked.value.hint.en
    for several, number in (("oldest", ids[0]), ("newest", ids[1])):
        crm.message(said(wish(match=ANNA.match, several=several, set={"POST": several})), several)
        assert crm.item(CONTACT, number)["post"] == several
    assert crm.walk.writes(crm.message(said(wish(match=ANNA.match, several="skip", set={"POST": "x"})), "60")) == []


def test_a_deal_belongs_to_the_contact_and_company_of_its_event(crm: Crm) -> None:
    company = wish("company", match=(Key(kind="external"),), external=("shop", "c1"), set={"TITLE": "Ромашка"})
    deal = wish("deal", match=(Key(kind="open"),), set={"TITLE": "Заказ"})
    crm.message(said(deal, ANNA, company))
    [made] = crm.items(DEAL)
    [contact], [firm] = crm.items(CONTACT), crm.items(COMPANY)
    assert (int(made["contactId"]), int(made["companyId"])) == (contact["id"], firm["id"])
    assert int(contact["companyId"]) == firm["id"]
    assert crm.walk.writes(crm.message(said(deal, ANNA, company), "56")) == []
    crm.again()
    assert crm.walk.writes(crm.message(said(deal, ANNA, company), "57")) == []
    assert len(crm.items(DEAL)) == 1


def test_a_closed_deal_is_not_taken_up_again(crm: Crm) -> None:
    deal = wish("deal", match=(Key(kind="open"),), set={"TITLE": "Заказ"})
    crm.message(said(ANNA, deal))
    [first] = crm.items(DEAL)
    crm.call("crm.item.update", entityTypeId=DEAL, id=first["id"], fields={"stageId": "WON"})
    crm.message(said(ANNA, deal), "56")
    assert len(crm.items(DEAL)) == 2


def test_someone_without_a_number_is_known_in_their_next_message(crm: Crm) -> None:
    wished = wish(match=(Key(kind="chat"),), set={"NAME": "Анна"})
    lead = wish("lead", match=(Key(kind="chat"),), set={"TITLE": "Вопрос"})
    crm.message(said(wished, lead))
    crm.message(said(wished, lead), "56")
    assert (len(crm.items(CONTACT)), len(crm.items(1))) == (1, 1)


def test_a_field_finds_and_options_are_known_by_their_names(crm: Crm) -> None:
    options = [{"VALUE": "Телеграм", "XML_ID": "telegram"}, {"VALUE": "Сайт", "XML_ID": "site"}]
    crm.call(
        "crm.contact.userfield.add",
        fields={"FIELD_NAME": "CHANNEL", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y", "LIST": options},
    )
    crm.call("crm.contact.userfield.add", fields={"FIELD_NAME": "SHOP_ID", "USER_TYPE_ID": "string"})
    key = Key(kind="field", field="UF_CRM_SHOP_ID", values=("A-7",))
    wished = wish(match=(key,), set={"NAME": "Анна", "UF_CRM_SHOP_ID": "A-7", "UF_CRM_CHANNEL": ["сайт", "telegram"]})
    crm.message(said(wished))
    [contact] = crm.items(CONTACT)
    assert len(contact["UF_CRM_CHANNEL"]) == 2
    assert crm.walk.writes(crm.message(said(wished), "56")) == []
    with pytest.raises(PermanentError) as parked:
        crm.message(said(wish(match=(key,), set={"UF_CRM_CHANNEL": "telegrm"})), "57")
    assert parked.value.cause == "mapping.option"
    assert "telegram" in parked.value.hint.en
    with pytest.raises(PermanentError) as parked:
        crm.message(said(wish(match=(key,), set={"UF_CRM_NONE": "x"})), "58")
    assert parked.value.cause == "mapping.field"


def test_a_record_is_one_item_however_often_it_changes(crm: Crm) -> None:
    kinds = {"entityTypeId": 1036, "title": "Отгрузки", "isStagesEnabled": "Y", "isClientEnabled": "Y"}
    crm.sandbox.furnish(types=[kinds])

    def shipment(title: str) -> Outcome:
        return said(wish("item", match=(Key(kind="external"),), external=("wms", "42"), set={"TITLE": title}))

    crm.record(shipment("Отгрузка"))
    assert crm.walk.writes(crm.record(shipment("Отгрузка"))) == []
    crm.record(shipment("В пути"))
    crm.again()
    crm.record(shipment("Получено"))
    [item] = crm.items(1036)
    assert (item["title"], item["xmlId"]) == ("Получено", "wms:42")


def test_what_was_deleted_in_bitrix24_is_not_made_again_by_the_same_event(crm: Crm) -> None:
    wished = wish("deal", match=(Key(kind="external"),), external=("wms", "42"), set={"TITLE": "Отгрузка"})
    crm.record(said(wished))
    [deal] = crm.items(DEAL)
    crm.call("crm.item.delete", entityTypeId=DEAL, id=deal["id"])
    with pytest.raises(PermanentError) as parked:
        crm.record(said(wish("deal", match=wished.match, external=wished.external, set={"TITLE": "Доставлено"})))
    assert parked.value.cause == "mapping.gone"
    assert crm.items(DEAL) == []


def test_a_lost_answer_is_looked_up_before_anything_is_made_again(crm: Crm) -> None:
    crm.walk.cut_after = 2
    with pytest.raises(Exception, match="cut"):
        crm.message(said(ANNA))
    crm.message(said(ANNA))
    assert len(crm.items(CONTACT)) == 1


def test_times_and_switches_go_over_the_wire_as_the_portal_reads_them(crm: Crm) -> None:
    crm.call("crm.deal.userfield.add", fields={"FIELD_NAME": "DUE", "USER_TYPE_ID": "datetime"})
    due = datetime(2026, 9, 1, 12, tzinfo=UTC)
    wished = wish("deal", match=(Key(kind="external"),), external=("s", "1"), set={"UF_CRM_DUE": due, "OPENED": True})
    crm.message(said(wished))
    crm.again()
    assert crm.walk.writes(crm.message(said(wished), "56")) == []


def test_a_portal_that_gives_no_right_says_so(crm: Crm) -> None:
    crm.sandbox.fault("fail", method="crm.duplicate.findbycomm", code="ACCESS_DENIED", status=403)
    with pytest.raises(PermanentError) as parked:
        crm.message(said(ANNA))
    assert parked.value.cause == "bitrix24.access_denied"
