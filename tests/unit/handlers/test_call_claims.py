"""A prepared click is dialled once, claimed by the call that it became, and a refusal is told to who clicked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.callbacks import CallPrepared, CallRefused
from connector.domain.effects import Dial, Emit
from connector.domain.values import Receipt
from connector.errors import PermanentError
from connector.handlers.calls import clicks
from connector.speech import Text

from .calling import AT, PHONE, rules
from .driving import Driver
from .test_call_clicks import refused, told

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


def claim(links: Any, *, call: str = "pbx-1", employee: str = "101", after: float = 60, phone: str = PHONE) -> Any:
    driver = Driver({"user.get": []}, links)
    at = AT + timedelta(seconds=after)
    driver.run(clicks.claimed("office", call, phone, employee, at, rules()))
    return driver.returned, {key for (kind, key), value in driver.links.items() if kind == "event.click" and value}


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
    alarm = replace(REFUSAL, cause="lost", why=("", ""))
    driver = Driver(links=LINKS)
    driver.run(clicks.call_refused(alarm, rules()))
    [finish] = driver.named("telephony.externalCall.finish")
    assert finish.params["STATUS_CODE"] == "304"
    assert finish.params["FAILED_REASON"] == "АТС ничего не сообщила об этом звонке"
    assert not driver.named("im.notify")
    claimed = Driver()
    claimed.run(clicks.call_refused(alarm, rules()))
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


def test_a_word_that_comes_too_late_for_a_call_in_progress_is_not_said() -> None:
    late = Driver()
    late.run(clicks.call_prepared(PREPARED, rules(late=300)))
    driver = Driver()
    driver.run(clicks.call_refused(late.of(Emit)[0].event, rules()))
    assert not driver.named("im.notify")
    assert not driver.named("telephony.externalCall.finish")


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
