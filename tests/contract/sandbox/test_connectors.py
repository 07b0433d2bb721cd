"""Registering and switching connectors (facts/bitrix24-openlines.md §1.1-1.6)."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import ICON, Caller, item
from tests.contract.sandbox.listener import Listener

GOOD = {"ID": "Acme_Chat", "NAME": "ACME", "ICON": ICON, "PLACEMENT_HANDLER": "http://127.0.0.1:9/s"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ID": "a.b"}, "APPLICATION_REGISTRATION_ERROR_POINT"),
        ({"ID": None}, "CONNECTOR_ID_REQUIRED"),
        ({"NAME": ""}, "NAME_REQUIRED"),
        ({"ICON": None}, "ICON_REQUIRED"),
        ({"ICON": {}}, "ICON_REQUIRED"),
        ({"PLACEMENT_HANDLER": None}, "NO_PLACEMENT_HANDLER"),
    ],
)
def test_errors_of_registering_come_with_200_inside_the_result(app: Caller, change: dict[str, Any], code: str) -> None:
    status, body = app.call("imconnector.register", **(GOOD | change))
    assert status == 200
    assert "error" not in body
    assert (body["result"]["result"], body["result"]["error"]) == (False, code)


def test_an_id_is_lower_cased_and_registering_again_updates(app: Caller) -> None:
    assert app.result("imconnector.register", **GOOD) == {"result": True}
    app.result("imconnector.register", **(GOOD | {"NAME": "Other"}))
    assert app.result("imconnector.list") == {"livechat": "Live Chat", "acme_chat": "Other"}


def test_another_application_takes_a_connector_over(app: Caller, sandbox: SandboxServer) -> None:
    app.result("imconnector.register", **GOOD)
    sandbox.add_app("local.other", "secret")
    other = sandbox.grant("local.other")
    answer = requests.post(
        other["client_endpoint"] + "imconnector.register", json={"auth": other["access_token"], **GOOD}
    )
    assert answer.json()["result"] == {"result": True}
    assert sandbox.state()["connectors"][0]["client_id"] == "local.other"


@pytest.mark.parametrize(("active", "on"), [(1, True), ("Y", True), ("N", True), (0, False), ("0", False), ("", False)])
def test_only_php_emptiness_switches_off(app: Caller, active: Any, on: bool) -> None:
    app.result("imconnector.register", **GOOD)
    assert app.result("imconnector.activate", CONNECTOR="ACME_CHAT", LINE="1", ACTIVE=active) is True
    status = app.result("imconnector.status", CONNECTOR="acme_chat", LINE=1)
    assert (status["CONFIGURED"], status["STATUS"], status["LINE"]) == (on, on, 1)


def test_activate_needs_its_argument(app: Caller) -> None:
    status, body = app.call("imconnector.activate", CONNECTOR="acme_chat", LINE=1)
    assert (status, body["error"], body["argument"]) == (400, "ERROR_ARGUMENT", "ACTIVE")


def test_an_activation_may_take_a_moment() -> None:
    with SandboxServer(burst=0, activation_delay=0.2) as server:
        app = Caller(server)
        app.connect()
        early = app.call("imconnector.send.messages", CONNECTOR="acme_chat", LINE=1, MESSAGES=[item()])
        assert early[1]["error"] == "NOT_ACTIVE_LINE"
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            status, _ = app.call("imconnector.send.messages", CONNECTOR="acme_chat", LINE=1, MESSAGES=[item()])
            if status == 200:
                return
        pytest.fail("the line never became active")


def test_switching_off_always_tells_the_application_with_lower_case_keys(app: Caller, listener: Listener) -> None:
    app.connect()
    app.result("event.bind", event="OnImConnectorStatusDelete", handler=f"{listener.url}/e")
    for _ in range(2):
        app.result("imconnector.activate", CONNECTOR="acme_chat", LINE=1, ACTIVE=0)
    assert app.server.settle()
    forms = [seen.form for seen in listener.events("ONIMCONNECTORSTATUSDELETE")]
    assert [(form["data[connector]"], form["data[line]"]) for form in forms] == [("acme_chat", "1")] * 2


def test_unregistering_takes_it_off_every_line(app: Caller, listener: Listener) -> None:
    app.connect()
    app.connect(line=2)
    app.result("event.bind", event="OnImConnectorStatusDelete", handler=f"{listener.url}/e")
    assert app.result("imconnector.unregister", ID="acme_chat") == {"result": True}
    assert app.server.settle()
    assert len(listener.events()) == 2
    gone = app.result("imconnector.unregister", ID="acme_chat")
    assert gone["error"] == "APPLICATION_UNREGISTRATION_ERROR"


def test_a_deleted_line_is_a_scalar_for_every_subscriber(app: Caller, listener: Listener) -> None:
    app.result("event.bind", event="OnImConnectorLineDelete", handler=f"{listener.url}/e")
    app.server.delete_line(2)
    assert app.server.settle()
    (seen,) = listener.events("ONIMCONNECTORLINEDELETE")
    assert seen.form["data"] == "2"


def test_data_is_merged_and_never_blanked(app: Caller) -> None:
    app.connect()
    where = {"CONNECTOR": "acme_chat", "LINE": 1}
    app.result("imconnector.connector.data.set", DATA={"id": "x", "NAME": "N"}, **where)
    app.result("imconnector.connector.data.set", DATA={"NAME": "", "URL": "http://u"}, **where)
    assert app.server.state()["statuses"][0]["data"] == {"ID": "x", "NAME": "N", "URL": "http://u"}


def test_lines_can_be_listed_and_read(app: Caller) -> None:
    rows = app.result("imopenlines.config.list.get", PARAMS={"select": ["ID", "LINE_NAME"], "filter": {"ACTIVE": "Y"}})
    assert [row["ID"] for row in rows] == ["1", "2", "3"]
    assert app.result("imopenlines.config.get", CONFIG_ID=1)["QUEUE"] == ["1", "2"]
    assert app.result("imopenlines.config.get", CONFIG_ID=99) is False
