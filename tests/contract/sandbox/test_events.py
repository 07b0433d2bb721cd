"""Events: binding, form, order, and no second chance (facts/bitrix24-platform.md §5)."""

from __future__ import annotations

import pytest
import requests

from connector.sandbox import SandboxServer
from connector.sandbox.forms import parse_query
from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.listener import Answer, Listener

HANDLER = "http://127.0.0.1:9/e"


def test_binding_twice_is_an_error_and_a_slash_makes_another_handler(app: Caller) -> None:
    assert app.result("event.bind", event="OnCrmLeadAdd", handler=HANDLER) is True
    status, body = app.call("event.bind", EVENT="oncrmleadadd", HANDLER=HANDLER)
    assert (status, body["error"]) == (400, "ERROR_CORE")
    assert "already binded" in body["error_description"]
    app.result("event.bind", event="OnCrmLeadAdd", handler=HANDLER + "/")
    rows = app.result("event.get")
    assert rows[0] == {"event": "ONCRMLEADADD", "handler": HANDLER, "auth_type": "0", "offline": 0}
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"handler": HANDLER}, 400, "ERROR_ARGUMENT"),
        ({"event": "OnNothing", "handler": HANDLER}, 400, "ERROR_EVENT_NOT_FOUND"),
        ({"event": "OnCrmLeadAdd"}, 400, "ERROR_ARGUMENT"),
        ({"event": "OnCrmLeadAdd", "handler": "ftp://a.b/"}, 400, "ERROR_UNSUPPORTED_PROTOCOL"),
        ({"event": "OnCrmLeadAdd", "handler": "http://localhost/e"}, 400, "ERROR_WRONG_HANDLER_URL"),
        ({"event": "OnCrmLeadAdd", "handler": HANDLER, "event_type": "later"}, 400, "ERROR_ARGUMENT"),
        ({"event": "OnOfflineEvent", "event_type": "offline"}, 400, "ERROR_ARGUMENT"),
        ({"event": "OnCrmLeadAdd", "handler": HANDLER, "auth_connector": "x"}, 403, "WRONG_LICENSE"),
    ],
)
def test_what_cannot_be_bound_says_why(app: Caller, params: dict[str, str], status: int, code: str) -> None:
    got, body = app.call("event.bind", **params)
    assert (got, body["error"]) == (status, code)


def test_events_are_for_applications_only(sandbox: SandboxServer) -> None:
    for method in ("events", "event.bind", "event.get", "event.unbind", "event.test"):
        assert requests.get(sandbox.webhook_url() + method).json()["error"] == "WRONG_AUTH_TYPE"


def test_unbinding_counts_what_it_removed(app: Caller) -> None:
    app.result("event.bind", event="OnCrmLeadAdd", handler=HANDLER)
    app.result("event.bind", event="OnCrmLeadAdd", handler=HANDLER, auth_type=2)
    assert app.result("event.unbind", event="OnCrmLeadAdd", handler=HANDLER + "/") == {"count": 0}
    assert app.result("event.unbind", event="OnCrmLeadAdd", handler=HANDLER) == {"count": 2}
    assert app.result("event.get") == []


def test_an_event_is_a_bracketed_form_with_the_acting_users_token(app: Caller, listener: Listener) -> None:
    app.result("event.bind", event="OnCrmLeadAdd", handler=f"{listener.url}/e")
    number = app.result("crm.lead.add", fields={"TITLE": "T"})
    assert app.server.settle()
    (seen,) = listener.events()
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert f"data%5BFIELDS%5D%5BID%5D={number}" in seen.body.decode()
    form = parse_query(seen.body.decode())
    assert (form["event"], form["data"]) == ("ONCRMLEADADD", {"FIELDS": {"ID": str(number)}})
    assert form["ts"].isdigit()
    assert form["event_handler_id"].isdigit()
    assert form["auth"]["application_token"] == app.grant["application_token"]
    assert form["auth"]["member_id"] == app.grant["member_id"]
    assert "refresh_token" not in form["auth"]
    token = {"auth": form["auth"]["access_token"]}
    assert requests.post(form["auth"]["client_endpoint"] + "profile", json=token).json()["result"]["ID"] == "1"


def test_a_test_event_brings_a_refresh_token_and_the_query(app: Caller, listener: Listener) -> None:
    app.result("event.bind", event="OnAppTest", handler=f"{listener.url}/e")
    assert app.result("event.test", any="thing", nothing=None) == 1
    assert app.server.settle()
    form = parse_query(listener.events("ONAPPTEST")[0].body.decode())
    assert form["data"]["QUERY"] == {"any": "thing"}
    assert form["auth"]["refresh_token"]


def test_a_failed_post_is_not_repeated_and_is_listed(app: Caller, listener: Listener) -> None:
    listener.answers["/e"] = Answer(status=500)
    app.result("event.bind", event="OnCrmLeadAdd", handler=f"{listener.url}/e")
    app.result("event.bind", event="OnCrmLeadAdd", handler="http://127.0.0.1:9/nobody")
    app.result("crm.lead.add", fields={"TITLE": "T"})
    assert app.server.settle()
    assert len(listener.events()) == 1
    failed = app.server.events(failed=True)
    assert [(post["status"], bool(post["error"])) for post in failed] == [(500, False), (0, True)]
    assert app.server.counters()["events_lost"] == 2


def test_a_handler_that_is_too_slow_loses_the_event(listener: Listener) -> None:
    with SandboxServer(burst=0, event_timeout=0.2) as server:
        app = Caller(server)
        app.result("event.bind", event="OnAppTest", handler=f"{listener.url}/e")
        listener.hold.clear()
        app.result("event.test")
        assert server.settle()
        assert server.events(failed=True)[0]["error"] == "ReadTimeout"


def test_events_can_be_lost_on_the_way_without_a_trace_at_the_handler(app: Caller, listener: Listener) -> None:
    for event in ("OnAppTest", "OnCrmLeadAdd"):
        app.result("event.bind", event=event, handler=f"{listener.url}/e")
    app.server.drop_events(2, event="OnApp*")
    app.result("crm.lead.add", fields={"TITLE": "T"})
    for number in range(3):
        app.result("event.test", n=number)
    assert app.server.settle()
    assert [seen.form["event"] for seen in listener.events()] == ["ONCRMLEADADD", "ONAPPTEST"]
    assert listener.events("ONAPPTEST")[0].form["data[QUERY][n]"] == "2"
    assert [post["error"] for post in app.server.events(failed=True)] == ["Dropped", "Dropped"]
    assert app.server.counters()["events_lost"] == 2


def test_handlers_can_vanish_behind_the_applications_back(app: Caller) -> None:
    for event in ("OnAppTest", "OnCrmLeadAdd", "OnCrmLeadUpdate"):
        app.result("event.bind", event=event, handler=HANDLER)
    assert app.server.unbind(event="OnCrm*") == {"unbound": 2}
    assert [row["event"] for row in app.result("event.get")] == ["ONAPPTEST"]
    assert app.server.unbind(client_id="app.other") == {"unbound": 0}
    assert app.server.unbind(handler=HANDLER) == {"unbound": 1}
    # What vanished can be bound anew.
    assert app.result("event.bind", event="OnAppTest", handler=HANDLER) is True


def test_events_leave_in_the_order_they_happened(app: Caller, listener: Listener) -> None:
    app.result("event.bind", event="OnAppTest", handler=f"{listener.url}/e")
    for number in range(20):
        app.result("event.test", n=number)
    assert app.server.settle()
    assert [seen.form["data[QUERY][n]"] for seen in listener.events()] == [str(number) for number in range(20)]


def test_the_same_event_can_be_posted_again_byte_for_byte(app: Caller, listener: Listener) -> None:
    app.result("event.bind", event="OnAppTest", handler=f"{listener.url}/e")
    app.result("event.test")
    assert app.server.settle()
    app.server.resend_event(app.server.events()[0]["id"])
    assert app.server.settle()
    first, second = listener.events()
    assert first.body == second.body


def test_offline_events_wait_on_the_portal_and_merge(app: Caller) -> None:
    app.result("event.bind", event="OnCrmLeadUpdate", event_type="offline")
    number = app.result("crm.lead.add", fields={"TITLE": "T"})
    for title in ("A", "B"):
        app.result("crm.lead.update", id=number, fields={"TITLE": title})
    assert app.call("event.offline.get", clear=0)[1]["error"] == "WRONG_LICENSE"
    taken = app.result("event.offline.get")
    assert taken["process_id"] is None
    assert [(row["EVENT_NAME"], row["EVENT_DATA"]) for row in taken["events"]] == [
        ("ONCRMLEADUPDATE", {"FIELDS": {"ID": number}})
    ]
    assert app.result("event.offline.get")["events"] == []


def test_a_reserved_batch_of_offline_events_is_confirmed_row_by_row() -> None:
    with SandboxServer(burst=0, features={"rest_offline_extended": "Y"}) as server:
        app = Caller(server)
        app.result("event.bind", event="OnCrmLeadAdd", event_type="offline")
        for _ in range(3):
            app.result("crm.lead.add", fields={"TITLE": "T"})
        batch = app.result("event.offline.get", clear=0)
        first, second, _ = (row["MESSAGE_ID"] for row in batch["events"])
        app.result("event.offline.clear", process_id=batch["process_id"], message_id=[first])
        app.result("event.offline.error", process_id=batch["process_id"], message_id=[second])
        left = app.result("event.offline.get", process_id=batch["process_id"], clear=0)
        assert len(left["events"]) == 1
        assert [row["MESSAGE_ID"] for row in app.result("event.offline.get", error=1)["events"]] == [second]
