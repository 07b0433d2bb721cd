"""The application's life: registered once, bound exactly once, lines as people wish."""

from __future__ import annotations

from typing import Any

import pytest

from connector.domain.effects import Adopt, Forget
from connector.domain.events import AppInstalled, AppUninstalled, LineConnected, LineDisconnected
from connector.errors import PermanentError, Refused
from connector.handlers import portals
from connector.handlers.abilities import USED
from connector.speech import Text

from .driving import Driver, rules

URL = "https://hub.example/bitrix24/events"
REGISTERED = {"imconnector.register": {"result": True}}
CONNECTOR = "cabc123_telegram"


def bound(*names: str, url: str = URL) -> list[dict[str, Any]]:
    return [{"event": name, "handler": url, "auth_type": "0", "offline": 0} for name in names]


def activations(driver: Driver) -> list[tuple[str, str, int]]:
    calls = driver.named("imconnector.activate")
    return [(call.params["CONNECTOR"], call.params["LINE"], call.params["ACTIVE"]) for call in calls]


def test_an_installation_adopts_registers_binds_and_connects() -> None:
    driver = Driver({**REGISTERED, "event.get": []})
    driver.run(portals.app_installed(AppInstalled(portal="main", grant="sealed"), rules()))
    assert driver.of(Adopt) == [Adopt("main", "sealed")]
    [register] = driver.named("imconnector.register")
    assert register.params["ID"] == CONNECTOR
    assert register.params["PLACEMENT_HANDLER"] == "https://hub.example/bitrix24/settings"
    assert sorted(call.params["event"] for call in driver.named("event.bind")) == sorted(portals.EVENTS)
    assert activations(driver) == [(CONNECTOR, "1", 1)]
    assert driver.links["line", "shop"] == {"connector": CONNECTOR, "line": "1"}


@pytest.mark.parametrize(("language", "title"), [("ru", "Телеграм"), ("en", "Telegram"), ("de", "Telegram")])
def test_the_portal_shows_the_channel_in_its_own_language(language: str, title: str) -> None:
    driver = Driver({**REGISTERED, "event.get": []})
    driver.run(portals.app_installed(AppInstalled(portal="main"), rules(language=language)))
    [register] = driver.named("imconnector.register")
    [data] = driver.named("imconnector.connector.data.set")
    assert (register.params["NAME"], data.params["DATA"]["NAME"]) == (title, f"{title}: shop")


def test_a_repeat_binds_nothing_and_unbinds_the_doubled_handler() -> None:
    rows = [
        *bound(*portals.EVENTS),
        *bound("ONIMCONNECTORMESSAGEADD", url=URL + "/"),
        *bound("ONX", url="https://else"),
    ]
    driver = Driver({**REGISTERED, "event.get": rows})
    driver.run(portals.app_installed(AppInstalled(portal="main"), rules()))
    assert driver.named("event.bind") == []
    assert [call.params["handler"] for call in driver.named("event.unbind")] == [URL + "/"]


def test_already_bound_counts_as_bound() -> None:
    twice = PermanentError("bitrix24.handler_already_bound", hint=Text("x", "x"))
    driver = Driver({**REGISTERED, "event.get": [], "event.bind": twice})
    driver.run(portals.app_installed(AppInstalled(portal="main"), rules()))
    assert len(driver.named("event.bind")) == len(portals.EVENTS)


def test_a_registration_refused_with_http_200_parks() -> None:
    answer = {"imconnector.register": {"result": False, "error": "ICON_REQUIRED"}, "event.get": []}
    with pytest.raises(PermanentError) as refusal:
        Driver(answer).run(portals.app_installed(AppInstalled(portal="main"), rules()))
    assert "ICON_REQUIRED" in refusal.value.hint.ru


def test_an_uninstall_forgets() -> None:
    driver = Driver()
    driver.run(portals.app_uninstalled(AppUninstalled(portal="main", clean=True), rules()))
    assert driver.of(Forget) == [Forget("main", True)]


def test_a_line_has_one_account_and_an_account_one_line() -> None:
    links = {
        ("line", "shop"): {"connector": CONNECTOR, "line": "1"},
        ("account", f"{CONNECTOR}/1"): {"account": "shop"},
        ("line", "other"): {"connector": CONNECTOR, "line": "2"},
        ("account", f"{CONNECTOR}/2"): {"account": "other"},
    }
    driver = Driver(links=links)
    driver.run(
        portals.line_connected(LineConnected(portal="main", connector=CONNECTOR, line="2", account="shop"), rules())
    )
    assert activations(driver) == [(CONNECTOR, "1", 0), (CONNECTOR, "2", 1)]
    assert driver.links["line", "other"] is None
    assert driver.links["line", "shop"] == {"connector": CONNECTOR, "line": "2"}
    assert driver.links["account", f"{CONNECTOR}/1"] is None


def test_the_portals_own_word_of_a_switched_off_line_is_not_answered_by_switching_off() -> None:
    links = {
        ("account", f"{CONNECTOR}/1"): {"account": "shop"},
        ("line", "shop"): {"connector": CONNECTOR, "line": "1"},
    }
    driver = Driver(links=links)
    driver.run(portals.line_disconnected(LineDisconnected(portal="main", connector=CONNECTOR, line="1"), rules()))
    assert activations(driver) == []
    assert driver.links["line", "shop"] is None


def test_a_person_switches_a_line_off_and_a_deleted_line_releases_every_connector() -> None:
    links = {
        ("account", f"{CONNECTOR}/1"): {"account": "shop"},
        ("line", "shop"): {"connector": CONNECTOR, "line": "1"},
    }
    asked = LineDisconnected(portal="main", connector=CONNECTOR, line="1", asked=True)
    driver = Driver(links=links)
    driver.run(portals.line_disconnected(asked, rules()))
    assert activations(driver) == [(CONNECTOR, "1", 0)]
    gone = Driver(links=links)
    gone.run(portals.line_disconnected(LineDisconnected(portal="main", connector="", line="1"), rules()))
    assert gone.links["line", "shop"] is None


def abilities(driver: Driver) -> Any:
    return driver.links.get(("abilities", "main"))


def test_an_installation_asks_once_what_the_portal_can_do() -> None:
    def told(call: Any) -> Any:
        able = {"isExisting": True, "isAvailable": True}
        rows = {key: dict(able) for key in call.params["cmd"]}
        rows["m0"]["isExisting"], rows["m1"]["isAvailable"] = False, False
        del rows["m2"]
        return {"result": rows, "result_error": {"m2": {"error": "ERROR_CORE"}}}

    driver = Driver({**REGISTERED, "event.get": [], "batch": told})
    driver.run(portals.app_installed(AppInstalled(portal="main"), rules()))
    [asked] = driver.named("batch")
    assert sorted(asked.params["cmd"].values()) == [f"method.get?name={name}" for name in USED]
    known = abilities(driver)
    assert {name for name, able in known.items() if not able} == {USED[0], USED[1]}
    assert USED[2] not in known


@pytest.mark.parametrize(
    "answer",
    [
        PermanentError("bitrix24.no_such_method", hint=Text("x", "x")),
        {"result": [], "result_error": {"m0": {"error": "ERROR_METHOD_NOT_FOUND"}}},
        None,
    ],
)
def test_a_portal_too_old_to_be_asked_is_assumed_to_lack_nothing(answer: Any) -> None:
    driver = Driver({**REGISTERED, "event.get": [], "batch": answer})
    driver.run(portals.app_installed(AppInstalled(portal="main"), rules()))
    assert abilities(driver) is None
    assert activations(driver) == [(CONNECTOR, "1", 1)]


def test_an_event_that_the_portal_lacks_is_done_without() -> None:
    lacking = PermanentError("bitrix24.no_such_event", hint=Text("x", "x"))
    driver = Driver(
        {**REGISTERED, "event.get": [], "event.bind": lambda c: lacking if "DIALOG" in c.params["event"] else True}
    )
    driver.run(portals.app_installed(AppInstalled(portal="main"), rules()))
    assert len(driver.named("event.bind")) == len(portals.EVENTS)
    assert activations(driver) == [(CONNECTOR, "1", 1)]


def test_without_the_event_of_the_replies_the_installation_parks() -> None:
    lacking = PermanentError("bitrix24.no_such_event", hint=Text("x", "x"))
    driver = Driver(
        {**REGISTERED, "event.get": [], "event.bind": lambda c: lacking if "MESSAGEADD" in c.params["event"] else True}
    )
    with pytest.raises(PermanentError) as parked:
        driver.run(portals.app_installed(AppInstalled(portal="main"), rules()))
    assert parked.value is lacking


def test_a_line_is_connected_without_a_method_that_only_adorns_it() -> None:
    lacking = PermanentError("bitrix24.no_such_method", hint=Text("x", "x"))
    refused = PermanentError("bitrix24.access_denied", hint=Text("x", "x"))
    event = LineConnected(portal="main", connector=CONNECTOR, line="2", account="shop")
    driver = Driver({"imconnector.connector.data.set": lacking})
    driver.run(portals.line_connected(event, rules()))
    assert driver.links["line", "shop"] == {"connector": CONNECTOR, "line": "2"}
    with pytest.raises(PermanentError):
        Driver({"imconnector.connector.data.set": refused}).run(portals.line_connected(event, rules()))


def test_a_pair_that_is_not_ours_parks_with_what_the_authorization_server_said() -> None:
    refused = Refused("portal.other_application", hint=Text("another", "другое"), status=403)
    with pytest.raises(PermanentError) as parked:
        Driver({Adopt: refused}).run(portals.app_installed(AppInstalled(portal="main", grant="sealed"), rules()))
    assert (parked.value.cause, parked.value.hint.ru) == ("portal.other_application", "другое")
