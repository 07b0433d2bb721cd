"""Installing, the settings slider, removing.

facts/bitrix24-platform.md §4.6, §4.8; facts/bitrix24-openlines.md §1.10.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from connector.sandbox import SandboxServer
from connector.sandbox.forms import parse_query
from connector.sandbox.pages import read_form
from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.listener import Answer, Listener

DONE = Answer(body=b"<script>BX24.init(function(){ BX24.installFinish(); });</script>")
FORM = """<form method="post" action="/save?x=1"><input type="hidden" name="token" value="t&amp;1">
<select name="account"><option value="a">A</option><option value="b" selected>B</option></select>
<input type="checkbox" name="on" value="1" checked><input type="checkbox" name="off" value="1">
<input name="dead" value="x" disabled><textarea name="note">hi</textarea>
<button name="act" value="save">Save</button><button name="act" value="drop">Drop</button></form><form></form>"""


def test_the_page_gets_what_a_browser_would_post(sandbox: SandboxServer, listener: Listener) -> None:
    listener.answers["/install"] = DONE
    answer = sandbox.install(f"{listener.url}/install?own=1", lang="ru")
    assert (answer["installed"], answer["status"], answer["frameable"]) == (True, 200, True)
    (seen,) = listener.seen
    assert set(seen.query) == {"own", "DOMAIN", "PROTOCOL", "LANG", "APP_SID"}
    assert (seen.query["DOMAIN"], seen.query["PROTOCOL"], seen.query["LANG"]) == (
        f"127.0.0.1:{sandbox.port}",
        "0",
        "ru",
    )
    form = seen.form
    assert (form["PLACEMENT"], form["PLACEMENT_OPTIONS"], form["status"]) == ("DEFAULT", "[]", "L")
    assert form["APPLICATION_TOKEN"] != seen.query["APP_SID"]
    info = requests.get(form["SERVER_ENDPOINT"] + "app.info", params={"auth": form["AUTH_ID"]}).json()["result"]
    assert info["install"]["member_id"] == form["member_id"]


def test_until_it_is_finished_no_events_are_sent(sandbox: SandboxServer, listener: Listener) -> None:
    answer = sandbox.install(f"{listener.url}/install")
    assert answer["installed"] is False
    token = listener.seen[0].form["AUTH_ID"]

    def call(method: str, **params: str) -> Any:
        return requests.post(f"{sandbox.url}/rest/{method}", json={"auth": token, **params}).json()["result"]

    assert call("app.info")["INSTALLED"] is False
    assert call("event.bind", event="OnAppTest", handler=f"{listener.url}/e") is True
    call("event.test")
    assert sandbox.settle()
    assert listener.events() == []
    sandbox.finish_install()
    call("event.test")
    assert sandbox.settle()
    assert len(listener.events("ONAPPTEST")) == 1


def test_a_page_that_fails_or_forbids_frames_is_told(sandbox: SandboxServer, listener: Listener) -> None:
    listener.answers["/install"] = Answer(status=500, body=DONE.body)
    assert sandbox.install(f"{listener.url}/install")["installed"] is False
    listener.answers["/install"] = Answer(body=DONE.body, headers=(("X-Frame-Options", "SAMEORIGIN"),))
    answer = sandbox.install(f"{listener.url}/install")
    assert (answer["installed"], answer["frameable"]) == (True, False)


def test_an_api_only_application_gets_the_event_with_both_tokens(sandbox: SandboxServer, listener: Listener) -> None:
    answer = sandbox.install(f"{listener.url}/install", mode="event")
    assert (answer["installed"], answer["delivered"]) == (True, True)
    form = parse_query(listener.events("ONAPPINSTALL")[0].body.decode())
    assert form["data"] == {"VERSION": "1", "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "en"}
    assert {"access_token", "refresh_token", "application_token", "member_id"} <= set(form["auth"])


def test_a_reinstallation_brings_a_new_application_token(sandbox: SandboxServer) -> None:
    assert sandbox.grant()["application_token"] != sandbox.grant()["application_token"]


@pytest.mark.parametrize("clean", [True, False])
def test_removal_tells_the_application_last_and_without_tokens(app: Caller, listener: Listener, clean: bool) -> None:
    app.connect()
    for event in ("OnAppUninstall", "OnImConnectorStatusDelete"):
        app.result("event.bind", event=event, handler=f"{listener.url}/e")
    app.server.uninstall(clean=clean)
    assert app.server.settle()
    (seen,) = listener.events()
    form = parse_query(seen.body.decode())
    assert (form["event"], form["data"]["CLEAN"]) == ("ONAPPUNINSTALL", str(int(clean)))
    assert form["auth"]["application_token"] == app.grant["application_token"]
    assert not {"access_token", "refresh_token"} & set(form["auth"])
    state = app.server.state()
    assert (state["connectors"], state["statuses"], state["handlers"]) == ([], [], [])


def test_the_slider_is_posted_with_its_options(app: Caller, listener: Listener) -> None:
    listener.answers["/settings"] = Answer(body="<p>Привет</p>".encode())
    app.connect(handler=f"{listener.url}/settings")
    page = app.server.open_settings("ACME_chat", 2, lang="ru")
    assert (page["status"], page["html"]) == (200, "<p>Привет</p>")
    form = listener.seen[0].form
    options = json.loads(form["PLACEMENT_OPTIONS"])
    assert (form["PLACEMENT"], options["CONNECTOR"], options["LINE"]) == ("SETTING_CONNECTOR", "acme_chat", "2")
    assert (options["STATUS"], options["ACTIVE_STATUS"]) == (False, False)


def test_a_form_is_filled_in_and_sent_as_a_browser_would(app: Caller, listener: Listener) -> None:
    answer = app.server.submit(f"{listener.url}/settings?a=1", FORM, {"account": "a", "note": None, "off": "1"}, "act")
    assert answer["status"] == 200
    (seen,) = listener.seen
    assert (seen.verb, seen.path, seen.query) == ("POST", "/save", {"x": "1"})
    assert seen.pairs == [("token", "t&1"), ("on", "1"), ("account", "a"), ("off", "1"), ("act", "save")]


def test_only_successful_controls_of_the_first_form_count() -> None:
    form = read_form(FORM)
    assert form is not None
    assert form.fields == [("token", "t&1"), ("account", "b"), ("on", "1"), ("note", "hi")]
    assert read_form("<p>none</p>") is None
