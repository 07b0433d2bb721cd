"""A finished call is what rules may be written for; the packaged ones want nothing of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.domain.calls import CallFinished
from connector.domain.effects import Emit
from connector.domain.events import EventMapped
from connector.handlers.calls.missed import call_finished
from connector.handlers.mapped import event_mapped, mapped
from connector.handlers.rules import Rules
from connector.handlers.viewing import identity, packed, unpacked, view
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from mappings.loading import load

from .calling import AT, PHONE, rules
from .driving import Driver
from .test_call_missed import MISSED

FOUND = {"crm.duplicate.findbycomm": {"CONTACT": [4]}, "crm.item.get": {"item": {"id": 4, "assignedById": 9}}}


def ruled(text: str = "") -> Rules:
    return replace(rules(), mappings=load({**contents(None), **({"own.yaml": text} if text else {})}, KINDS))


def told(text: str, event: CallFinished = MISSED) -> list[EventMapped]:
    driver = Driver({"crm.activity.todo.add": {"id": 77}})
    driver.run(mapped(call_finished)(event, ruled(text)))
    return [emit.event for emit in driver.of(Emit) if isinstance(emit.event, EventMapped)]


def carried_out(text: str, event: CallFinished = MISSED) -> Driver:
    driver = Driver(FOUND)
    about = packed(view(event, rules()))
    driver.run(event_mapped(EventMapped(portal="main", about=about), ruled(text)))
    return driver


def test_rules_see_of_a_call_exactly_what_the_reference_says() -> None:
    seen = view(MISSED, rules())
    assert seen.keys() == KINDS["call.finished"].keys()
    assert seen["client"].keys() == KINDS["call.finished"]["client"].keys()
    assert (seen["client"]["phone"], seen["client"]["first_name"], seen["owner"]) == (PHONE, "Анна", 5)
    assert (seen["channel"], seen["portal"], seen["at"], seen["conversation"]) == ("asterisk", "main", AT, PHONE)
    assert unpacked(packed(seen)) == seen


def test_a_call_is_known_by_its_account_and_its_id_there() -> None:
    names = {identity(view(each, rules())) for each in (MISSED, replace(MISSED, call_id="externalCall.z", talk=9))}
    assert names == {"office:call.pbx-1"}
    assert identity(view(replace(MISSED, call="pbx-9"), rules())) not in names


def test_the_packaged_rules_want_nothing_of_a_call() -> None:
    assert told("") == []


def test_what_rules_want_leaves_on_the_lane_of_the_client() -> None:
    [event] = told(
        "on: call.finished\nwhen: event.missed\ncrm:\n  contact: {match: [phone], create: false}\ntags: [missed]\n"
    )
    assert event.lane == f"crm.office.{PHONE}"
    assert told("on: call.finished\nwhen: event.talk > 0\ntags: [talked]\n") == []


def test_a_rule_may_ask_why_a_client_reached_nobody() -> None:
    rule = "on: call.finished\nwhen: event.cause == 'voicemail'\ntags: [machine]\ncrm:\n  contact: {match: [phone]}\n"
    assert told(rule) == []
    [event] = told(rule, replace(MISSED, cause="voicemail"))
    assert event.about["cause"] == "voicemail"


def test_a_call_is_bound_to_the_row_that_bitrix24_gave_it() -> None:
    text = "on: call.finished\ncrm:\n  contact: {match: [chat], create: false, set: {COMMENTS: missed}}\n"
    driver = carried_out(text)
    [update] = driver.named("crm.item.update")
    assert (update.params["entityTypeId"], update.params["id"]) == (3, 12)
    assert not driver.named("imopenlines.dialog.get")


def test_a_call_without_a_row_finds_the_client_by_the_number() -> None:
    text = "on: call.finished\ncrm:\n  contact: {match: [phone], create: false, set: {COMMENTS: missed}}\n"
    driver = carried_out(text, replace(MISSED, entity="", entity_id=0))
    assert driver.named("crm.duplicate.findbycomm")[0].params["values"] == [PHONE]
    assert driver.named("crm.item.update")[0].params["id"] == 4


def test_a_hidden_number_is_nobody_and_does_not_stop_the_rules() -> None:
    hidden: Any = replace(MISSED, phone="", name="", entity="", entity_id=0)
    assert view(hidden, rules())["conversation"] == "pbx-1"
    driver = carried_out("on: call.finished\ncrm:\n  contact: {match: [phone], create: false}\n", hidden)
    assert not driver.named("crm.duplicate.findbycomm")
