"""A missed call is a to-do until somebody has spoken with the client, by telephone or in a chat."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connector.domain.callbacks import CallBackChanged
from connector.domain.calls import CallFinished
from connector.domain.effects import Emit
from connector.domain.telephony import LineSettings
from connector.errors import PermanentError
from connector.handlers.calls import missed
from connector.speech import Text

from .calling import AT, PHONE, office, rules
from .driving import Driver, Turn
from .walking import Walk

# AT is Tuesday, noon in Moscow.
MISSED = CallFinished(
    portal="main",
    account="office",
    call="pbx-1",
    call_id="externalCall.a1",
    direction="incoming",
    phone=PHONE,
    name="Анна",
    line="office",
    employee="",
    user=5,
    status="304",
    talk=0,
    wait=20,
    missed=True,
    started_at=AT - timedelta(seconds=20),
    ended_at=AT,
    entity="CONTACT",
    entity_id=12,
)
CALLED_BACK = replace(
    MISSED,
    call="pbx-2",
    direction="outgoing",
    missed=False,
    talk=40,
    status="200",
    started_at=AT + timedelta(minutes=10),
    ended_at=AT + timedelta(minutes=11),
)
OPEN = {
    "todo": 91,
    "entity": "CONTACT",
    "owner_type": 3,
    "owner_id": 12,
    "account": "office",
    "call": "pbx-0",
    "at": (AT - timedelta(hours=1)).isoformat(),
}
DUE, WAITING = ("call.due", f"main/{PHONE}"), ("call.due", "main")
GONE = PermanentError("bitrix24.not_found", hint=Text("not found", "не найдено"))
OWNER_GONE = PermanentError("bitrix24.owner_not_found", hint=Text("no owner", "нет владельца"))


def finished(event: CallFinished, driver: Driver, given: Any = None) -> Driver:
    driver.run(missed.call_finished(event, given or rules()))
    return driver


def made(driver: Driver) -> list[Any]:
    return [call.params for call in driver.named("crm.activity.todo.add")]


def with_links(*links: tuple[tuple[str, str], Any], **answers: Any) -> Driver:
    named = {"crm.activity.todo.add": {"id": 77}, **{name.replace("__", "."): value for name, value in answers.items()}}
    return Driver(named, dict(links))


def test_a_missed_call_is_a_to_do_on_the_clients_row() -> None:
    driver = finished(MISSED, with_links())
    [call] = driver.named("crm.activity.todo.add")
    assert call.params == {
        "ownerTypeId": 3,
        "ownerId": 12,
        "deadline": "2026-09-01T12:30:00+03:00",
        "title": f"Перезвонить {PHONE} (Анна): пропущен на линии office",
        "description": "Пропущенный звонок 01.09.2026 11:59; клиент ждал 20 с.",
        "responsibleId": 5,
    }
    assert call.key == "callback:office:pbx-1"
    assert driver.links[DUE] == [
        {**OPEN, "todo": 77, "call": "pbx-1", "at": AT.isoformat()},
    ]
    [emit] = driver.of(Emit)
    assert emit.event == CallBackChanged(portal="main", phone=PHONE, rows=("C_12",))
    assert emit.destination == "portal:main"


def owned(user: int = 9, entity: str = "CONTACT", number: int = 12) -> list[dict[str, Any]]:
    row = {"CRM_ENTITY_TYPE": entity, "CRM_ENTITY_ID": number, "ASSIGNED_BY_ID": user, "NAME": "ООО Ромашка"}
    return [{**row, "ASSIGNED_BY": {"ID": str(user), "USER_PHONE_INNER": "101"}}]


def test_whoever_is_responsible_for_the_row_is_to_call_back() -> None:
    driver = with_links(telephony__externalCall__searchCrmEntities=owned())
    [params] = made(finished(replace(MISSED, name=""), driver))
    assert params["responsibleId"] == 9
    assert "(ООО Ромашка)" in params["title"]
    assert driver.links["phone.owner", f"main/{PHONE}"]["user"] == 9
    other = with_links(telephony__externalCall__searchCrmEntities=owned(number=13))
    assert made(finished(MISSED, other))[0]["responsibleId"] == 5


def test_a_lead_that_is_called_by_the_number_is_no_name() -> None:
    [params] = made(finished(replace(MISSED, name=f"{PHONE} - Incoming call"), with_links()))
    assert params["title"] == f"Перезвонить {PHONE}: пропущен на линии office"


def test_when_the_portal_does_not_say_whose_client_it_is_our_copy_does() -> None:
    copy = (("phone.owner", f"main/{PHONE}"), {"user": 9, "entity": "CONTACT", "entity_id": 12})
    driver = with_links(copy, telephony__externalCall__searchCrmEntities=GONE)
    assert made(finished(MISSED, driver))[0]["responsibleId"] == 9


def test_a_call_without_a_row_is_due_on_the_clients_own() -> None:
    driver = with_links(telephony__externalCall__searchCrmEntities=owned(entity="LEAD", number=3))
    [params] = made(finished(replace(MISSED, entity="", entity_id=0), driver))
    assert (params["ownerTypeId"], params["ownerId"], params["responsibleId"]) == (1, 3, 9)
    assert not driver.named("crm.duplicate.findbycomm")


def test_the_line_is_called_by_its_name() -> None:
    given = rules(office(lines={"84951234567": LineSettings(name="Продажи")}), language="en")
    [params] = made(finished(replace(MISSED, line="84951234567"), with_links(), given))
    assert params["title"] == f"Call back {PHONE} (Анна): missed on line Продажи"


@pytest.mark.parametrize(
    ("at", "deadline"),
    [
        (AT, "2026-09-01T12:30:00+03:00"),
        (AT + timedelta(hours=5, minutes=45), "2026-09-02T09:00:00+03:00"),
        (AT - timedelta(hours=9), "2026-09-01T09:00:00+03:00"),
        (AT + timedelta(days=4), "2026-09-07T09:00:00+03:00"),
    ],
)
def test_nobody_is_to_call_back_before_the_office_opens(at: datetime, deadline: str) -> None:
    given = rules(office(hours="mon-fri 9-18"))
    [params] = made(finished(replace(MISSED, ended_at=at), with_links(), given))
    assert params["deadline"] == deadline


def test_a_client_without_a_row_is_looked_for_by_the_number() -> None:
    driver = with_links(crm__duplicate__findbycomm={"LEAD": [3], "CONTACT": [8, 4]})
    [params] = made(finished(replace(MISSED, entity="", entity_id=0), driver))
    assert (params["ownerTypeId"], params["ownerId"]) == (3, 4)
    assert driver.named("crm.duplicate.findbycomm")[0].params == {"type": "PHONE", "values": [PHONE]}


def test_a_row_that_is_gone_gives_way_to_one_that_has_the_number() -> None:
    answers = [Turn(OWNER_GONE), Turn({"id": 78})]
    driver = with_links(crm__duplicate__findbycomm={"COMPANY": [2]}, crm__activity__todo__add=answers)
    finished(MISSED, driver)
    assert [(params["ownerTypeId"], params["ownerId"]) for params in made(driver)] == [(3, 12), (4, 2)]
    assert driver.links[DUE][0]["todo"] == 78
    assert driver.of(Emit)[0].event.rows == ("CO_2",)


def test_nobody_in_the_crm_is_noted_with_what_to_set() -> None:
    driver = finished(replace(MISSED, entity="", entity_id=0), with_links(crm__duplicate__findbycomm=[]))
    assert not made(driver)
    assert "crm_create: true" in driver.returned
    assert DUE not in driver.links


def test_a_second_missed_call_adds_no_second_to_do() -> None:
    driver = with_links((DUE, [OPEN]), crm__activity__get={"ID": "91", "COMPLETED": "N"})
    assert not made(finished(MISSED, driver))
    assert driver.links[DUE] == [OPEN]


@pytest.mark.parametrize("row", [{"ID": "91", "COMPLETED": "Y"}, GONE])
def test_what_a_person_closed_by_hand_does_not_hide_the_next_missed_call(row: Any) -> None:
    driver = with_links((DUE, [OPEN]), crm__activity__get=row)
    assert len(made(finished(MISSED, driver))) == 1
    assert [todo["todo"] for todo in driver.links[DUE]] == [77]


@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_a_talk_in_either_direction_completes_it_and_forgets(direction: Any) -> None:
    driver = finished(replace(CALLED_BACK, direction=direction), with_links((DUE, [OPEN])))
    [update] = driver.named("crm.activity.update")
    assert update.params == {"id": 91, "fields": {"COMPLETED": "Y"}}
    assert driver.links[DUE] is None
    assert driver.of(Emit)[0].event == CallBackChanged(portal="main", phone=PHONE, rows=())


def test_a_to_do_that_is_gone_is_fine_and_one_that_is_refused_is_noted() -> None:
    assert finished(CALLED_BACK, with_links((DUE, [OPEN]), crm__activity__update=GONE)).returned == ""
    denied = PermanentError("bitrix24.access_denied", hint=Text("give the right", "дайте право"))
    driver = finished(CALLED_BACK, with_links((DUE, [OPEN]), crm__activity__update=denied))
    assert "91" in driver.returned
    assert "give the right" in driver.returned
    assert driver.links[DUE] is None


def test_an_attempt_that_nobody_answered_completes_nothing() -> None:
    driver = finished(replace(CALLED_BACK, talk=0, status="304"), with_links((DUE, [OPEN])))
    assert not driver.named("crm.activity.update")
    assert not made(driver)


def test_an_old_call_from_before_the_client_was_reached_makes_no_to_do() -> None:
    driver = finished(CALLED_BACK, with_links())
    again = Driver(driver.answers, driver.links)
    assert not made(finished(replace(MISSED, past=True), again, rules(at=AT + timedelta(hours=1))))
    after = replace(MISSED, call="pbx-3", past=True, ended_at=CALLED_BACK.ended_at + timedelta(seconds=1))
    assert len(made(finished(after, again, rules(at=AT + timedelta(hours=1))))) == 1


def test_an_old_talk_from_before_the_missed_call_completes_nothing() -> None:
    before = replace(CALLED_BACK, past=True, ended_at=AT - timedelta(hours=2))
    driver = finished(before, with_links((DUE, [OPEN])))
    assert not driver.named("crm.activity.update")
    assert driver.links[DUE] == [OPEN]


def test_a_missed_call_found_late_is_due_from_when_it_was_found_and_not_after_a_week() -> None:
    [params] = made(finished(replace(MISSED, past=True), with_links(), rules(at=AT + timedelta(days=2))))
    assert params["deadline"] == "2026-09-03T12:30:00+03:00"
    assert not made(finished(replace(MISSED, past=True), with_links(), rules(at=AT + timedelta(days=8))))


@pytest.mark.parametrize(
    ("event", "given"),
    [
        (replace(MISSED, phone=""), rules()),
        (replace(MISSED, direction="internal"), rules()),
        (MISSED, rules(own_phones=frozenset({PHONE}))),
        (MISSED, rules(office(callback=0))),
        (replace(MISSED, account="gone"), rules()),
        (replace(MISSED, missed=False), rules()),
    ],
)
def test_nothing_is_due_for_what_cannot_or_need_not_be_called_back(event: CallFinished, given: Any) -> None:
    driver = finished(event, with_links(), given)
    assert not made(driver)
    assert not driver.of(Emit)


def portal(method: str, params: Any) -> Any:
    """A portal in which to-do 77 was made, as its list shows it."""
    if method == "crm.activity.list":
        subject = f"Перезвонить {PHONE} (Анна): пропущен на линии office"
        return [{"ID": "77", "SUBJECT": subject, "DEADLINE": "2026-09-01T12:30:00+03:00"}]
    return [] if method.startswith("telephony.") else {"id": 77}


def test_a_to_do_whose_answer_was_lost_is_found_and_not_made_twice() -> None:
    walk = Walk(answer=portal, cut_after=2)
    with pytest.raises(Exception, match="cut"):
        walk.run(missed.call_finished(MISSED, rules()))
    assert "crm.activity.todo.add" not in walk.run(missed.call_finished(MISSED, rules()))
    assert walk.links[DUE][0]["todo"] == 77
