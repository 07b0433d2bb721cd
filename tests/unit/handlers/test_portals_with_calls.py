"""What an installation sets up for telephone systems, and what it does without where it may not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.domain.events import AppInstalled
from connector.domain.telephony import LineSettings, PbxSettings, Telephony
from connector.errors import PermanentError
from connector.handlers import portals
from connector.handlers.rules import AccountFacts, Rules
from connector.portal import wanted
from connector.speech import Text

from .driving import PROVIDER, Driver, rules
from .test_portals import CONNECTOR, REGISTERED, activations, bound


@pytest.mark.parametrize("talk", [True, False])
@pytest.mark.parametrize("calls", [True, False])
def test_what_the_portal_tells_and_what_is_bound_is_one_list(talk: bool, calls: bool) -> None:
    asked = wanted(talk=talk or not calls, calls=calls)
    kinds = {**({"office": pbx()} if calls else {}), **({"shop": rules().accounts["shop"]} if talk else {})}
    assert sorted(portals.wanted("main", replace(rules(), accounts=kinds))) == sorted(asked)


LINES = {
    "+7 495 123-45-67": LineSettings(name="Sales", crm_create=False),
    "8-800-100": LineSettings(),
}


def pbx(name: str = "office", **said: Any) -> AccountFacts:
    telephony = Telephony(verify=lambda r, s: None, dedupe_key=lambda r, s: "", parse=lambda r, s: [])
    provider = replace(PROVIDER, slug="asterisk", title=Text("Asterisk", "Астериск"), telephony=telephony)
    settings = PbxSettings(account=name, provider="asterisk", portal="main", **{"lines": LINES, **said})
    return AccountFacts(name=name, provider=provider, portal="main", line=None, pbx=settings)


def with_pbx(*accounts: AccountFacts) -> Rules:
    known = rules()
    return replace(known, accounts={**known.accounts, **{account.name: account for account in accounts}})


def installed(driver: Driver, known: Rules) -> Driver:
    driver.run(portals.app_installed(AppInstalled(portal="main"), known))
    return driver


def test_a_telephone_system_is_no_connector_and_gets_its_lines() -> None:
    driver = installed(Driver({**REGISTERED, "event.get": []}), with_pbx(pbx(), pbx("second", lines={})))
    assert [call.params["ID"] for call in driver.named("imconnector.register")] == [CONNECTOR]
    assert activations(driver) == [(CONNECTOR, "1", 1)]
    assert [call.params for call in driver.named("telephony.externalLine.add")] == [
        {"NUMBER": "+7 495 123-45-67", "NAME": "Sales", "CRM_AUTO_CREATE": "N"},
        {"NUMBER": "8-800-100", "NAME": "Астериск: office", "CRM_AUTO_CREATE": "Y"},
        {"NUMBER": "second", "NAME": "Астериск: second", "CRM_AUTO_CREATE": "Y"},
    ]
    assert not driver.returned


def test_events_of_calls_are_bound_where_there_is_a_telephone_system() -> None:
    driver = installed(Driver({**REGISTERED, "event.get": []}), with_pbx(pbx()))
    assert sorted(call.params["event"] for call in driver.named("event.bind")) == sorted(
        [*portals.EVENTS, *portals.CALL_EVENTS]
    )
    gone = installed(Driver({**REGISTERED, "event.get": bound(*portals.EVENTS, *portals.CALL_EVENTS)}), rules())
    assert [call.params["event"] for call in gone.named("event.unbind")] == list(portals.CALL_EVENTS)


def test_a_portal_with_nothing_but_telephony_binds_no_talk() -> None:
    alone = replace(rules(), accounts={"office": pbx()})
    driver = installed(Driver({"event.get": []}), alone)
    assert driver.named("imconnector.register") == []
    assert not {call.params["event"] for call in driver.named("event.bind")} & set(portals.TALK_EVENTS)


def test_lines_that_are_there_stay_and_those_that_differ_follow_the_settings() -> None:
    kept = [
        {"NUMBER": "+7 495 123-45-67", "NAME": "Sales", "CRM_AUTO_CREATE": "N"},
        {"NUMBER": "8-800-100", "NAME": "", "CRM_AUTO_CREATE": "Y"},
        {"NUMBER": "somebody's", "NAME": "Theirs", "CRM_AUTO_CREATE": "N"},
    ]
    driver = installed(Driver({**REGISTERED, "event.get": [], "telephony.externalLine.get": kept}), with_pbx(pbx()))
    assert driver.named("telephony.externalLine.add") == []
    assert [call.params["NUMBER"] for call in driver.named("telephony.externalLine.update")] == ["8-800-100"]


def test_a_line_that_somebody_else_added_meanwhile_is_there() -> None:
    exists = PermanentError("bitrix24.line_exists", hint=Text("x", "x"))
    driver = Driver({**REGISTERED, "event.get": [], "telephony.externalLine.add": exists})
    installed(driver, with_pbx(pbx()))
    assert len(driver.named("telephony.externalLine.add")) == 2
    assert not driver.returned


def test_one_number_of_two_accounts_is_one_line() -> None:
    driver = installed(Driver({**REGISTERED, "event.get": []}), with_pbx(pbx(), pbx("second")))
    assert len(driver.named("telephony.externalLine.add")) == 2


@pytest.mark.parametrize("cause", ["scope", "no_such_method", "access_denied", "plan", "needs_application"])
def test_open_lines_are_installed_where_telephony_is_not_allowed(cause: str) -> None:
    barred = PermanentError(f"bitrix24.{cause}", hint=Text("Not allowed.", "Нельзя."))
    lacking = PermanentError("bitrix24.no_such_event", hint=Text("x", "x"))
    answers = {
        **REGISTERED,
        "event.get": [],
        "event.bind": lambda call: lacking if "EXTERNALCALL" in call.params["event"] else True,
        "telephony.externalLine.get": barred,
    }
    driver = installed(Driver(answers), with_pbx(pbx()))
    assert activations(driver) == [(CONNECTOR, "1", 1)]
    assert "Not allowed. Calls of the accounts office wait" in driver.returned
    assert "telephony" in driver.returned


def test_another_trouble_with_the_lines_parks_after_open_lines_are_in_place() -> None:
    trouble = PermanentError("bitrix24.bad_argument", hint=Text("x", "x"))
    driver = Driver({**REGISTERED, "event.get": [], "telephony.externalLine.add": trouble})
    with pytest.raises(PermanentError):
        installed(driver, with_pbx(pbx()))
    assert activations(driver) == [(CONNECTOR, "1", 1)]
