"""The application's life: registered once, bound exactly once, lines as people wish."""

from __future__ import annotations

from typing import Any

import pytest

from connector.domain.effects import Adopt, Forget
from connector.domain.events import AppInstalled, AppUninstalled, LineConnected, LineDisconnected
from connector.errors import PermanentError
from connector.handlers import portals
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
