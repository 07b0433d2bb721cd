"""A smart process of the mapping set is made on the portal and kept in its shape; what people made of it stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connector.errors import PermanentError
from connector.handlers.processes import PROCESS
from connector.rulebook.explaining import explained
from connector.rulebook.trying import memory_of
from connector.speech import Text
from connector.sync.shaping import ensure, planned_shape
from mappings.processes import Option, Process, ProcessField, Stage
from tests.contract.portal.conftest import House
from tests.integration.mapping.world import World

TYPE = 1036
CARRIER = ProcessField(
    name="CARRIER", type="enumeration", title=("Carrier", "Служба"), options=(Option(id="dhl", title=("DHL", "DHL")),)
)
SHIPMENTS = Process(
    name="shipments",
    file="shipments.yaml",
    at=1,
    type_id=TYPE,
    title=("Shipments", "Отгрузки"),
    fields=(ProcessField(name="TRACK_NO", title=("Track", "Трек")), CARRIER),
    stages=(
        Stage(id="NEW", title=("New", "Новая")),
        Stage(id="SENT", title=("Sent", "Отправлена"), color="#11AA22"),
        Stage(id="DELIVERED", title=("Delivered", "Доставлена"), final="success"),
        Stage(id="LOST", title=("Lost", "Потеряна"), final="fail"),
    ),
    links=("contact", "company", "deal"),
)


def changed(**more: Any) -> Process:
    fields = {name: getattr(SHIPMENTS, name) for name in SHIPMENTS.__dataclass_fields__}
    return Process(**{**fields, **more})


class Counting:
    """The portal, and every method it was asked for."""

    def __init__(self, portal: Any) -> None:
        self._portal, self.asked = portal, list[str]()
        self.name = portal.name

    def call(self, method: str, params: Any = None, **more: Any) -> Any:
        self.asked.append(method)
        return self._portal.call(method, params or {}, **more)


def shape(world: World, *processes: Process, portal: Any = None, **more: Any) -> tuple[str, ...]:
    connector = world.house.connector
    notes = ensure(portal or world.portal, connector.journal, processes or (SHIPMENTS,), world.house.clock, **more)
    return tuple(note.en for note in notes)


def link(world: World) -> Any:
    return world.house.connector.journal.recall(PROCESS, f"main.{TYPE}")


def kind(world: World) -> dict[str, Any]:
    (row,) = world.crm("crm.type.list", filter={"entityTypeId": TYPE})["types"]
    found: dict[str, Any] = world.crm("crm.type.get", id=row["id"])["type"]
    return found


def stages(world: World) -> list[dict[str, Any]]:
    dictionary = f"DYNAMIC_{TYPE}_STAGE_{link(world)['category']}"
    rows: list[dict[str, Any]] = world.crm("crm.status.list", filter={"ENTITY_ID": dictionary}, order={"SORT": "ASC"})
    return rows


def field(world: World, name: str) -> dict[str, Any]:
    full = f"UF_CRM_{link(world)['id']}_{name}"
    (row,) = world.crm("userfieldconfig.list", moduleId="crm", filter={"fieldName": full})["fields"]
    found: dict[str, Any] = world.crm("userfieldconfig.get", moduleId="crm", id=row["id"])["field"]
    return found


def test_everything_is_made_and_remembered(world: World) -> None:
    assert shape(world) == ()
    made = kind(world)
    assert (made["title"], made["isStagesEnabled"], made["isClientEnabled"]) == ("Отгрузки", "Y", "Y")
    assert {row["entityTypeId"] for row in made["relations"]["parent"]} == {2, 3, 4}
    assert field(world, "TRACK_NO")["userTypeId"] == "string"
    assert [(one["value"], one["xmlId"]) for one in field(world, "CARRIER")["enum"]] == [("DHL", "dhl")]
    prefix = f"DT{TYPE}_{link(world)['category']}:"
    assert link(world)["stages"] | {"x": ""} == {
        **{name: prefix + name for name in ("NEW", "PREPARATION", "CLIENT", "SUCCESS", "FAIL", "SENT", "LOST")},
        "DELIVERED": f"{prefix}SUCCESS",
        "x": "",
    }
    order = [row["STATUS_ID"].removeprefix(prefix) for row in stages(world)]
    assert order.index("NEW") + 1 == order.index("SENT") < order.index("SUCCESS") < order.index("LOST")
    (sent,) = [row for row in stages(world) if row["STATUS_ID"] == f"{prefix}SENT"]
    assert (sent["NAME"], sent["COLOR"]) == ("Отправлена", "#11AA22")
    named = {row["STATUS_ID"].removeprefix(prefix): row["NAME"] for row in stages(world)}
    assert (named["NEW"], named["SUCCESS"], named["LOST"]) == ("Новая", "Доставлена", "Потеряна")
    assert (named["PREPARATION"], named["FAIL"]) == ("Подготовка", "Провал")


def test_a_whole_process_is_not_asked_for_until_a_day_is_over(world: World) -> None:
    shape(world)
    counting, before = Counting(world.portal), len(world.portal.writes)
    shape(world, portal=counting)
    assert counting.asked == []
    world.house.clock.more += timedelta(days=1, minutes=1)
    shape(world, portal=counting)
    assert 0 < len(counting.asked) < 10
    shape(world, portal=counting, again=True)
    assert len(world.portal.writes) == before


def test_what_people_renamed_and_added_stays(world: World) -> None:
    shape(world)
    number = link(world)["id"]
    (sent,) = [row for row in stages(world) if row["STATUS_ID"].endswith(":SENT")]
    world.crm("crm.type.update", id=number, fields={"title": "Посылки"})
    world.crm("crm.status.update", id=sent["ID"], fields={"NAME": "В пути"})
    held = field(world, "CARRIER")
    enum = [*held["enum"], {"value": "Почта", "xmlId": "post"}]
    world.crm(
        "userfieldconfig.update", moduleId="crm", id=held["id"], field={"userTypeId": "enumeration", "enum": enum}
    )
    more = ProcessField(
        name="CARRIER",
        type="enumeration",
        title=("Carrier", "Служба"),
        options=(*CARRIER.options, Option(id="cdek", title=("CDEK", "СДЭК"))),
    )
    weight = ProcessField(name="WEIGHT", type="double", title=("Weight", "Вес"))
    after = (*SHIPMENTS.stages, Stage(id="CUSTOMS", title=("Customs", "Таможня")))
    assert shape(world, changed(fields=(more, weight), stages=after)) == ()
    assert kind(world)["title"] == "Посылки"
    assert [one["xmlId"] for one in field(world, "CARRIER")["enum"]] == ["dhl", "post", "cdek"]
    assert field(world, "WEIGHT")["userTypeId"] == "double"
    assert field(world, "TRACK_NO")["userTypeId"] == "string"
    names = {row["STATUS_ID"].partition(":")[2]: row["NAME"] for row in stages(world)}
    assert (names["SENT"], names["CUSTOMS"]) == ("В пути", "Таможня")
    assert link(world)["titles"][link(world)["stages"]["SENT"]] == "В пути"


def test_a_link_that_was_switched_off_comes_back_beside_those_of_people(world: World) -> None:
    shape(world)
    parents = [{"entityTypeId": 1, "isChildrenListEnabled": "true"}]
    fields = {"relations": {"parent": parents}}
    world.crm("crm.type.update", id=link(world)["id"], fields=fields)
    shape(world, again=True)
    assert {row["entityTypeId"] for row in kind(world)["relations"]["parent"]} == {1, 2, 3, 4}


def test_a_lost_journal_finds_the_renamed_process_by_its_fields(world: World) -> None:
    shape(world)
    before = link(world)
    world.crm("crm.type.update", id=before["id"], fields={"title": "Посылки"})
    world.house.connector.journal.remember(PROCESS, f"main.{TYPE}", None)
    assert shape(world) == ()
    assert link(world)["id"] == before["id"]


def test_a_number_that_is_somebody_elses_is_refused(world: World) -> None:
    world.crm("crm.type.add", fields={"title": "Договоры", "entityTypeId": TYPE})
    with pytest.raises(PermanentError, match=r"process\.foreign") as refused:
        shape(world)
    assert "Договоры" in refused.value.hint.ru
    assert kind(world)["isClientEnabled"] == "N"


def test_a_process_of_the_same_title_is_taken_and_completed(world: World) -> None:
    world.crm("crm.type.add", fields={"title": "Отгрузки", "entityTypeId": TYPE})
    assert shape(world) == ()
    assert (kind(world)["isStagesEnabled"], kind(world)["isClientEnabled"]) == ("Y", "Y")


def nobody(world: World) -> Any:
    """The same portal, entered by somebody who may not set up the CRM."""
    house = House(world.house.sandbox)
    portal = house.portal(app=world.house.connector.settings.portals["main"].app)
    portal.adopt(house.grant(user_id=2))
    return portal


def test_who_may_not_set_up_the_crm_is_told_what_an_administrator_has_to_do(world: World) -> None:
    (note,) = shape(world, portal=nobody(world))
    for word in ("Shipments", "TRACK_NO", "CARRIER", "SENT", "administrator"):
        assert word in note
    assert link(world) is None


def test_what_an_administrator_shaped_is_used_without_their_rights(world: World) -> None:
    shape(world)
    before = link(world)
    world.house.connector.journal.remember(PROCESS, f"main.{TYPE}", None)
    assert shape(world, portal=nobody(world)) == ()
    assert (link(world)["id"], link(world)["stages"]) == (before["id"], before["stages"])


class Refusing(Counting):
    """The plan has no room for a smart process."""

    def call(self, method: str, params: Any = None, **more: Any) -> Any:
        if method == "crm.type.add":
            raise PermanentError("bitrix24.create_dynamic_type_restricted", hint=Text("no", "нет"))
        return super().call(method, params, **more)


def test_a_plan_without_room_is_told_plainly(world: World) -> None:
    with pytest.raises(PermanentError, match=r"process\.plan") as refused:
        shape(world, portal=Refusing(world.portal))
    assert "тариф" in refused.value.hint.ru.lower()


def test_a_field_of_another_kind_is_told_and_left(world: World) -> None:
    shape(world)
    (note,) = shape(world, changed(fields=(ProcessField(name="TRACK_NO", type="double", title=("a", "b")),)))
    assert "TRACK_NO" in note
    assert "string" in note
    assert field(world, "TRACK_NO")["userTypeId"] == "string"


def test_a_plan_says_what_would_be_made_and_makes_nothing(world: World) -> None:
    connector = world.house.connector
    told = [text.en for text in planned_shape(world.portal, connector.journal, (SHIPMENTS,))]
    assert "smart process" in told[0]
    assert [
        name for name in ("TRACK_NO", "CARRIER", "SENT", "LOST", "deals") if not any(name in one for one in told)
    ] == []
    assert world.portal.writes == []
    shape(world)
    assert planned_shape(world.portal, connector.journal, (SHIPMENTS,)) == ()


RULES = """
on: record.shipments
crm:
  item:
    type: 1036
    external: {system: wms, id: "{{ record.id }}"}
    set: {TITLE: a, stageId: SENT, UF_TRACK_NO: "801", UF_CARRIER: dhl}
"""


def test_records_are_written_once_the_process_is_there(world: World) -> None:
    world.rules(shipments=RULES)
    connector = world.house.connector
    event, memory = world.record("shipments", "1"), memory_of(connector.journal)
    tried = explained(event, connector.rulebook.current(), world.ruled(), memory, world.portal.call).tried
    assert tried.error is not None
    assert tried.error.cause == "mapping.process"
    shape(world)
    assert [method for method, _ in world.done(event)] == ["crm.item.add"]
    (made,) = world.crm("crm.item.list", entityTypeId=TYPE, select=["*"], useOriginalUfNames="Y")["items"]
    number = link(world)["id"]
    assert made["stageId"] == link(world)["stages"]["SENT"]
    assert made[f"UF_CRM_{number}_TRACK_NO"] == "801"
    assert str(made[f"UF_CRM_{number}_CARRIER"]) == field(world, "CARRIER")["enum"][0]["id"]
