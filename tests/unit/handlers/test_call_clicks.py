"""A click in Bitrix24 becomes a call of the PBX, which claims what was clicked; a refusal is told to who clicked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.callbacks import CallPrepared, CallRefused, CallRequested
from connector.domain.effects import Dial, Emit
from connector.domain.telephony import LineSettings
from connector.domain.values import Receipt
from connector.errors import PermanentError
from connector.handlers.calls import clicks
from connector.handlers.calls.placing import account_for
from connector.speech import Text

from .calling import AT, MUTE, PHONE, office, rules
from .driving import Driver

CLICK = CallRequested(portal="main", phone="8 900 123-45-67", user=12, call_id="externalCall.a1")
FORM = CallRequested(portal="main", phone=PHONE, text="Перезвоните", entity="LEAD", entity_id=7)
ANNA = [{"ID": "12", "ACTIVE": True, "UF_PHONE_INNER": "101"}]
OWNED = [{"CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": 7, "ASSIGNED_BY_ID": 12, "ASSIGNED_BY": {}}]
PREPARED = CallPrepared(
    portal="main",
    account="office",
    call_id="externalCall.a1",
    call="b24-x",
    user=12,
    extension="101",
    phone=PHONE,
)
CLICKED = {
    "call_id": "externalCall.a1",
    "user": 12,
    "extension": "101",
    "phone": PHONE,
    "call": "b24-x",
    "at": AT.isoformat(),
}
LINKS = {
    ("event.click", "office/#b24-x"): CLICKED,
    ("event.click", f"office/{PHONE}/101"): CLICKED,
    ("event.click", f"office/{PHONE}"): CLICKED,
}
FINISHED = PermanentError("bitrix24.call_not_found", hint=Text("finished already", "уже завершён"))


def refused(cause: str, words: str = "your telephone did not answer") -> PermanentError:
    return PermanentError(cause, hint=Text(words, f"ru {words}"))


def requested(event: CallRequested, driver: Driver, given: Any = None) -> CallPrepared | None:
    driver.run(clicks.call_requested(event, given or rules()))
    emitted = driver.of(Emit)
    assert all(emit.destination == "account:office" for emit in emitted)
    return emitted[0].event if emitted else None


def told(driver: Driver) -> list[tuple[str, Any]]:
    """The status that the call was finished with, and what its user was notified of."""
    finished = [call.params["STATUS_CODE"] for call in driver.named("telephony.externalCall.finish")]
    return list(zip(finished, [call.params["MESSAGE"] for call in driver.named("im.notify")], strict=True))


def claim(links: Any, *, call: str = "pbx-1", employee: str = "101", after: float = 60, phone: str = PHONE) -> Any:
    driver = Driver({"user.get": []}, links)
    at = AT + timedelta(seconds=after)
    driver.run(clicks.claimed("office", call, phone, employee, at, rules()))
    return driver.returned, {key for (kind, key), value in driver.links.items() if kind == "event.click" and value}


def test_a_click_is_prepared_for_the_users_own_telephone() -> None:
    driver = Driver({"user.get": ANNA})
    prepared = requested(CLICK, driver)
    assert prepared is not None
    assert (prepared.extension, prepared.phone, prepared.user, prepared.line) == ("101", PHONE, 12, "")
    assert prepared.call_id == "externalCall.a1"
    assert not driver.named("telephony.externalCall.register")


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
    given = rules(office("office", lines=lines), office("branch", lines={"sip7": LineSettings()}))
    names = {line: account_for("main", line, given) for line in ("84951234567", "8800", "branch", "sip7", "", "x")}
    assert [(facts.name, line) for facts, line in names.values() if facts] == [
        ("office", "+7 495 123-45-67"),
        ("office", "8-800"),
        ("branch", ""),
        ("branch", "sip7"),
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


def test_the_pbx_is_asked_once_and_a_doubt_is_left_to_a_person() -> None:
    driver = Driver({Dial: Receipt()})
    driver.run(clicks.call_prepared(PREPARED, rules()))
    [dial] = driver.of(Dial)
    assert (dial.key, dial.on_unknown) == ("dial:main:externalCall.a1", "park")
    assert (dial.extension, dial.phone, dial.call) == ("101", PHONE, "b24-x")
    doubtful = Driver({Dial: refused("effect.unknown")})
    with pytest.raises(PermanentError, match="unknown"):
        doubtful.run(clicks.call_prepared(PREPARED, rules()))
    assert not doubtful.of(Emit)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("asterisk.busy", "busy"),
        ("asterisk.no_answer", "missed"),
        ("mango.declined", "refused"),
        ("uis.offline", "unreachable"),
        ("zadarma.balance", "no_money"),
        ("pbx.anything", "failed"),
    ],
)
def test_a_refusal_goes_to_the_portal_in_the_operators_words(error: str, cause: str) -> None:
    driver = Driver({Dial: refused(error)})
    driver.run(clicks.call_prepared(PREPARED, rules()))
    [emit] = driver.of(Emit)
    assert emit.destination == "portal:main"
    assert emit.after == 0
    assert emit.event.cause == cause
    assert "your telephone did not answer" in emit.event.why[0]
    assert PHONE in emit.event.why[1]


def test_an_id_of_the_pbxs_own_choice_claims_the_click_too() -> None:
    driver = Driver({Dial: Receipt(ids=("pbx-1",))}, LINKS)
    driver.run(clicks.call_prepared(PREPARED, rules()))
    found, left = claim(driver.links, employee="somebody", phone="", after=7200)
    assert found == {"call_id": "externalCall.a1", "user": 12}
    assert not left


def test_who_clicked_long_ago_is_not_rung_any_more() -> None:
    driver = Driver()
    driver.run(clicks.call_prepared(PREPARED, rules(late=300)))
    assert not driver.of(Dial)
    [emit] = driver.of(Emit)
    assert emit.event.cause == "lost"
    assert "could not be reached in time" in emit.event.why[0]


def test_a_call_that_the_pbx_never_tells_of_is_finished_after_half_an_hour_without_a_word() -> None:
    prepared = Driver({Dial: Receipt()}, LINKS)
    prepared.run(clicks.call_prepared(PREPARED, rules()))
    [emit] = prepared.of(Emit)
    assert emit.after > 1800
    driver = Driver(links=LINKS)
    driver.run(clicks.call_refused(emit.event, rules()))
    [finish] = driver.named("telephony.externalCall.finish")
    assert finish.params["STATUS_CODE"] == "304"
    assert finish.params["FAILED_REASON"] == "АТС ничего не сообщила об этом звонке"
    assert not driver.named("im.notify")
    claimed = Driver()
    claimed.run(clicks.call_refused(emit.event, rules()))
    assert not claimed.named("telephony.externalCall.finish")


REFUSAL = CallRefused(
    portal="main",
    account="office",
    call_id="externalCall.a1",
    call="b24-x",
    user=12,
    phone=PHONE,
    cause="busy",
    why=("The line is busy", "Линия занята"),
)


@pytest.mark.parametrize(
    ("cause", "status"),
    [("busy", "486"), ("missed", "304"), ("refused", "603"), ("unreachable", "480"), ("failed", "503")],
)
def test_a_refused_click_is_finished_with_its_status_told_and_forgotten(cause: Any, status: str) -> None:
    driver = Driver(links=LINKS)
    driver.run(clicks.call_refused(replace(REFUSAL, cause=cause), rules()))
    assert told(driver) == [(status, "Линия занята")]
    assert not any(driver.links.values())


def test_a_call_that_has_claimed_its_click_ends_by_itself_and_the_user_is_still_told() -> None:
    driver = Driver()
    driver.run(clicks.call_refused(REFUSAL, rules()))
    assert not driver.named("telephony.externalCall.finish")
    assert [call.params["MESSAGE"] for call in driver.named("im.notify")] == ["Линия занята"]


def test_what_is_finished_already_and_a_portal_without_im_leave_a_note_and_nothing_to_replay() -> None:
    denied = PermanentError("bitrix24.scope", hint=Text("give the scope im", "добавьте право im"))
    driver = Driver({"telephony.externalCall.finish": FINISHED, "im.notify": denied}, LINKS)
    driver.run(clicks.call_refused(REFUSAL, rules()))
    assert "finished already" in driver.returned
    assert "give the scope im" in driver.returned


def test_the_call_of_who_clicked_claims_the_click_once() -> None:
    found, left = claim(LINKS)
    assert found == {"call_id": "externalCall.a1", "user": 12}
    assert not left
    assert claim({})[0] is None


@pytest.mark.parametrize(
    ("about", "claims"),
    [
        ({"employee": ""}, True),
        ({"employee": "102"}, False),
        ({"employee": "102", "call": "b24-x"}, True),
        ({"after": 1801}, False),
        ({"after": -299}, True),
        ({"after": -301}, False),
        ({"phone": "+79000000000"}, False),
    ],
)
def test_a_click_is_claimed_by_its_employee_in_its_time_or_by_its_id(about: Any, claims: bool) -> None:
    found, left = claim(LINKS, **about)
    assert (found is not None) is claims
    assert bool(left) is not claims


def test_a_login_that_is_the_same_user_claims_the_click() -> None:
    driver = Driver(links={**LINKS, ("phone.user", "main/anna@pbx"): {"user": 12, "at": AT.isoformat()}})
    driver.run(clicks.claimed("office", "pbx-1", PHONE, "anna@pbx", AT, rules()))
    assert driver.returned == {"call_id": "externalCall.a1", "user": 12}


def test_two_employees_who_clicked_one_number_each_get_their_own() -> None:
    second = {**CLICKED, "call_id": "externalCall.a2", "user": 13, "extension": "102", "call": "b24-y"}
    links = {
        **LINKS,
        ("event.click", "office/#b24-y"): second,
        ("event.click", f"office/{PHONE}/102"): second,
        ("event.click", f"office/{PHONE}"): second,
    }
    found, left = claim(links, employee="101")
    assert found["call_id"] == "externalCall.a1"
    assert left == {"office/#b24-y", f"office/{PHONE}/102", f"office/{PHONE}"}
