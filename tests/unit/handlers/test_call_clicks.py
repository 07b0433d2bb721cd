"""A click in Bitrix24 becomes a call of the PBX, which claims what was clicked; a refusal is told to who clicked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.callbacks import CallPrepared, CallRequested
from connector.domain.effects import Emit
from connector.domain.telephony import LineSettings
from connector.errors import PermanentError, TransientError
from connector.handlers.calls import clicks
from connector.handlers.calls.placing import account_for
from connector.speech import Text

from .calling import AT, MUTE, PHONE, office, rules
from .driving import Driver
from .walking import Walk

CLICK = CallRequested(portal="main", phone="8 900 123-45-67", user=12, call_id="externalCall.a1")
FORM = CallRequested(portal="main", phone=PHONE, text="Перезвоните", entity="LEAD", entity_id=7)
ANNA = [{"ID": "12", "ACTIVE": True, "UF_PHONE_INNER": "101"}]
OWNED = [{"CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": 7, "ASSIGNED_BY_ID": 12, "ASSIGNED_BY": {}}]


def refused(cause: str, words: str = "your telephone did not answer") -> PermanentError:
    return PermanentError(cause, hint=Text(words, f"ru {words}"))


def requested(event: CallRequested, driver: Driver, given: Any = None) -> CallPrepared | None:
    driver.run(clicks.call_requested(event, given or rules()))
    emitted = driver.of(Emit)
    assert [emit.destination for emit in emitted] in ([], ["account:office", "portal:main"])
    return emitted[0].event if emitted else None


def told(driver: Driver) -> list[tuple[str, Any]]:
    """The status that the call was finished with, and what its user was notified of."""
    finished = [call.params["STATUS_CODE"] for call in driver.named("telephony.externalCall.finish")]
    return list(zip(finished, [call.params["MESSAGE"] for call in driver.named("im.notify")], strict=True))


def test_a_click_is_prepared_for_the_users_own_telephone() -> None:
    driver = Driver({"user.get": ANNA})
    prepared = requested(CLICK, driver)
    assert prepared is not None
    assert (prepared.extension, prepared.phone, prepared.user, prepared.line) == ("101", PHONE, 12, "")
    assert prepared.call_id == "externalCall.a1"
    assert not driver.named("telephony.externalCall.register")


def test_an_alarm_clock_is_set_before_the_pbx_is_asked_and_what_the_pbx_says_goes_before_it() -> None:
    driver = Driver({"user.get": ANNA})
    requested(CLICK, driver)
    alarm = driver.of(Emit)[1]
    said = replace(alarm.event, cause="busy", why=("busy", "занято"))
    assert alarm.after > 1800
    assert (alarm.event.kind, alarm.event.cause, alarm.event.lane) == ("call.refused", "lost", said.lane)
    assert said.position < alarm.event.position


def test_an_extension_of_the_clients_own_pbx_is_no_part_of_the_number() -> None:
    prepared = requested(replace(CLICK, phone="8 900 123-45-67;303"), Driver({"user.get": ANNA}))
    assert prepared is not None
    assert prepared.phone == PHONE


def test_a_click_is_kept_under_its_number_its_employee_and_its_own_id() -> None:
    driver = Driver({"user.get": ANNA})
    prepared = requested(CLICK, driver)
    assert prepared is not None
    keys = {key for kind, key in driver.links if kind == "event.click"}
    assert keys == {f"office/{PHONE}", f"office/{PHONE}/101", f"office/#{prepared.call}"}
    assert driver.links["event.click", f"office/{PHONE}"]["call_id"] == "externalCall.a1"


def test_the_same_click_always_asks_for_the_same_id() -> None:
    first, second = (requested(CLICK, Driver({"user.get": ANNA})) for _ in range(2))
    assert first == second
    other = requested(replace(CLICK, call_id="externalCall.a2"), Driver({"user.get": ANNA}))
    assert first is not None
    assert other is not None
    assert first.call != other.call


def test_the_line_chooses_the_account() -> None:
    lines = {"+7 495 123-45-67": LineSettings(), "8-800": LineSettings()}
    given = rules(office("office", lines=lines), office("branch", lines={"8-812": LineSettings()}))
    names = {line: account_for("main", line, given) for line in ("84951234567", "8800", "branch", "8-812", "", "x")}
    assert [(facts.name, line) for facts, line in names.values() if facts] == [
        ("office", "+7 495 123-45-67"),
        ("office", "8-800"),
        ("branch", ""),
        ("branch", "8-812"),
    ]
    assert account_for("other", "8800", given) == (None, "")


def test_an_unknown_line_is_that_of_the_only_account_that_can_dial() -> None:
    given = rules(office(), office("mute", provider=MUTE))
    facts, line = account_for("main", "nobody knows", given)
    assert facts is not None
    assert (facts.name, line) == ("office", "")


def test_the_own_number_of_the_line_is_dialled_from() -> None:
    driver = Driver({"user.get": ANNA})
    given = rules(office(lines={"84951234567": LineSettings()}))
    prepared = requested(replace(CLICK, line="+74951234567"), driver, given)
    assert prepared is not None
    assert prepared.line == "84951234567"


@pytest.mark.parametrize(
    ("event", "given", "status", "words"),
    [
        (CLICK, rules(), "480", "Укажите внутренний номер"),
        (CLICK, rules(office(provider=MUTE)), "480", "не умеет звонить"),
        (CLICK, rules(office(), office("branch")), "480", "не принадлежит ни одной АТС"),
        (replace(CLICK, phone="[url=x]call[/url]"), rules(), "404", "(url=x)call(/url)"),
        (CLICK, rules(late=121), "480", "не удалось вовремя достучаться"),
        (CLICK, rules(language="en"), "480", "Set your extension number"),
    ],
)
def test_what_cannot_be_placed_is_finished_and_the_user_told_what_to_set(
    event: CallRequested, given: Any, status: str, words: str
) -> None:
    driver = Driver({"user.get": ANNA if given.late else []})
    assert requested(event, driver, given) is None
    [(code, message)] = told(driver)
    assert code == status
    assert words in message
    [finish] = driver.named("telephony.externalCall.finish")
    assert finish.params["ADD_TO_CHAT"] == 0
    assert finish.params["FAILED_REASON"] == message
    [notify] = driver.named("im.notify")
    assert (notify.params["USER_ID"], notify.params["TAG"]) == (12, "call_externalCall.a1")
    assert finish.key
    assert notify.key
    assert driver.returned
    assert not any(kind == "event.click" for kind, _ in driver.links)


def test_a_form_is_registered_as_a_call_back_of_whoever_is_responsible() -> None:
    answers = {
        "telephony.externalCall.searchCrmEntities": OWNED,
        "telephony.externalCall.register": {"CALL_ID": "externalCall.b1"},
        "profile": {"ID": "1"},
        "user.get": ANNA,
    }
    driver = Driver(answers)
    prepared = requested(FORM, driver)
    [register] = driver.named("telephony.externalCall.register")
    assert register.params | {"EXTERNAL_CALL_ID": ""} == {
        "USER_ID": 12,
        "PHONE_NUMBER": PHONE,
        "TYPE": 4,
        "CRM_CREATE": 0,
        "CRM_SOURCE": "CALLBACK",
        "SHOW": 1,
        "LINE_NUMBER": "office",
        "EXTERNAL_CALL_ID": "",
        "CRM_ENTITY_TYPE": "LEAD",
        "CRM_ENTITY_ID": 7,
    }
    assert register.params["EXTERNAL_CALL_ID"].startswith("callback.b24-")
    assert register.key
    assert prepared is not None
    assert (prepared.call_id, prepared.user, prepared.extension) == ("externalCall.b1", 12, "101")
    assert driver.named("im.notify")[0].params["MESSAGE"] == f"Клиент просит перезвонить на {PHONE}: Перезвоните"


def test_the_same_form_twice_in_a_moment_is_one_call_back_and_later_another() -> None:
    answers = {
        "telephony.externalCall.register": {"CALL_ID": "externalCall.b1"},
        "profile": {"ID": "12"},
        "user.get": ANNA,
    }
    driver = Driver(answers)
    assert requested(FORM, driver)
    again = Driver(answers, driver.links)
    assert requested(FORM, again, rules(at=AT + timedelta(seconds=5))) is None
    assert again.returned == clicks.DOUBLED.en
    assert not again.named("telephony.externalCall.register")
    later = Driver(answers, driver.links)
    assert requested(FORM, later, rules(at=AT + timedelta(minutes=3)))
    keys = [each.named("telephony.externalCall.register")[0].key for each in (driver, later)]
    assert len(set(keys)) == 2
    replayed = Driver(answers, driver.links)
    assert requested(FORM, replayed)
    assert replayed.named("telephony.externalCall.register")[0].key == keys[0]


def test_a_call_back_rings_at_the_next_one_when_the_manager_has_no_telephone() -> None:
    answers = {
        "telephony.externalCall.searchCrmEntities": OWNED,
        "telephony.externalCall.register": {"CALL_ID": "externalCall.b1"},
        "profile": {"ID": "5"},
        "user.get": lambda call: [{"ID": "5", "UF_PHONE_INNER": "105"}] if call.params["FILTER"]["ID"] == 5 else [],
    }
    prepared = requested(FORM, Driver(answers))
    assert prepared is not None
    assert (prepared.user, prepared.extension) == (5, "105")


def test_a_call_back_that_nobody_would_make_waits_for_a_person() -> None:
    with pytest.raises(PermanentError) as parked:
        requested(FORM, Driver({"profile": refused("bitrix24.access_denied")}))
    assert parked.value.cause == "call.nobody"
    assert "responsible" in parked.value.hint.ru


def answering(method: str, params: Any) -> Any:
    answers = {
        "telephony.externalCall.searchCrmEntities": OWNED,
        "telephony.externalCall.register": {"CALL_ID": f"externalCall.{params.get('EXTERNAL_CALL_ID')}"},
        "profile": {"ID": "12"},
        "user.get": ANNA,
        "im.notify": 1,
    }
    return answers[method]


@pytest.mark.parametrize("cut", range(1, 6))
def test_wherever_it_is_cut_off_a_form_is_one_call_and_is_prepared_once(cut: int) -> None:
    walk = Walk(answer=answering, cut_after=cut)
    with pytest.raises(TransientError):
        walk.run(clicks.call_requested(FORM, rules()))
    walk.run(clicks.call_requested(FORM, rules()))
    names = {params["EXTERNAL_CALL_ID"] for method, params in walk.calls if method.endswith("register")}
    assert len(names) == 1
    assert [emit.event.kind for emit in walk.emitted] == ["call.prepared", "call.refused"]
    assert {emit.event.call_id for emit in walk.emitted} == {f"externalCall.{names.pop()}"}
