"""Scripted misbehaviour does what it says, as often as it says."""

from __future__ import annotations

import time

import pytest
import requests

from connector.sandbox.answers import ApiError
from tests.contract.sandbox.caller import Caller, item


def contacts(app: Caller) -> int:
    return int(app.server.state()["crm"]["contact"])


def test_the_next_calls_fail_as_told_and_then_all_is_well(app: Caller) -> None:
    app.server.fault("fail", method="crm.*", times=2, status=500, code="ERROR_UNEXPECTED_ANSWER")
    answers = [app.call("crm.contact.add", fields={"NAME": "A"}) for _ in range(3)]
    assert [status for status, _ in answers] == [500, 500, 200]
    assert answers[0][1]["error"] == "ERROR_UNEXPECTED_ANSWER"
    assert contacts(app) == 1
    assert app.call("profile")[0] == 200


def test_a_failure_may_be_a_page(app: Caller) -> None:
    app.server.fault("fail", status=502, body="<html>Bad gateway</html>")
    answer = app.http.post(app.grant["client_endpoint"] + "profile", json={"auth": app.grant["access_token"]})
    assert (answer.status_code, answer.text) == (502, "<html>Bad gateway</html>")
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("kind", "executed"), [("reset_before", 0), ("reset_after", 1)])
def test_a_cut_connection_leaves_the_effect_on_its_side_of_the_cut(app: Caller, kind: str, executed: int) -> None:
    app.server.fault(kind, method="crm.contact.add")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        app.call("crm.contact.add", fields={"NAME": "A"})
    assert contacts(app) == executed


def test_a_batch_may_be_cut_in_the_middle(app: Caller) -> None:
    app.server.fault("reset_before", method="crm.lead.add")
    with pytest.raises(requests.ConnectionError):
        app.batch({"a": "crm.contact.add?fields[NAME]=A", "b": "crm.lead.add?fields[TITLE]=T"})
    crm = app.server.state()["crm"]
    assert (crm["contact"], crm["lead"]) == (1, 0)


def test_one_command_of_a_batch_may_fail(app: Caller) -> None:
    app.server.fault("fail", method="server.time", status=429, code="OPERATION_TIME_LIMIT")
    answer = app.batch({"a": "server.time", "b": "server.time"})
    assert answer["result_error"]["a"]["error"] == "OPERATION_TIME_LIMIT"
    assert set(answer["result"]) == {"b"}


def test_slowness_delays_and_still_executes(app: Caller) -> None:
    app.server.fault("slow", method="profile", seconds=0.15)
    began = time.monotonic()
    assert app.call("profile")[0] == 200
    assert time.monotonic() - began >= 0.15


def test_a_rule_may_last_until_it_is_cleared(app: Caller) -> None:
    app.server.fault("fail", method="profile", times=-1, code="X", status=400)
    assert [app.call("profile")[0] for _ in range(5)] == [400] * 5
    app.server.clear_faults()
    assert app.call("profile")[0] == 200


def test_a_lost_token_answer_has_spent_the_refresh_token(app: Caller) -> None:
    app.server.fault("reset_after", method="oauth.token")
    url = app.grant["server_endpoint"].removesuffix("/rest/") + "/oauth/token/"
    given = {
        "grant_type": "refresh_token",
        "client_id": "local.sandbox",
        "client_secret": "sandbox-secret",
        "refresh_token": app.grant["refresh_token"],
    }
    with pytest.raises(requests.ConnectionError):
        requests.get(url, params=given)
    assert requests.get(url, params=given).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("mode", "status"), [("unavailable", 503), ("html", 502)])
def test_a_portal_that_is_down_answers_pages(app: Caller, mode: str, status: int) -> None:
    app.server.set_down(mode)
    answer = requests.get(app.server.webhook_url() + "profile")
    assert (answer.status_code, answer.text.startswith("<html>")) == (status, True)
    # The desk stays reachable.
    assert requests.get(f"{app.server.url}/_sandbox/state").json()["down"] == mode
    app.server.set_down("")
    assert requests.get(app.server.webhook_url() + "profile").status_code == 200


def test_a_portal_that_is_down_may_cut_connections(app: Caller) -> None:
    app.server.set_down("reset")
    with pytest.raises(requests.ConnectionError):
        app.call("profile")
    app.server.clear_faults()
    assert app.call("profile")[0] == 200


def test_every_call_is_logged_and_every_provoked_error_counted(app: Caller) -> None:
    app.connect()
    app.send(item())
    app.call("no.such")
    app.batch({"a": "no.such", "b": "profile"})
    log = app.server.calls()
    assert [(row["method"], row["status"], row["error"]) for row in log[-4:]] == [
        ("no.such", 404, "ERROR_METHOD_NOT_FOUND"),
        ("no.such", 404, "ERROR_METHOD_NOT_FOUND"),
        ("profile", 200, ""),
        ("batch", 200, ""),
    ]
    assert [row.get("batch", False) for row in log[-4:]] == [False, True, True, False]
    assert len(app.server.calls(method="imconnector.*")) == 3
    counters = app.server.counters()
    assert (counters["commands"], counters["errors"]) == (2, {"ERROR_METHOD_NOT_FOUND": 2})


def test_a_request_is_followed_by_the_id_it_came_with(app: Caller) -> None:
    body = {"auth": app.grant["access_token"], "cmd": {"a": "profile", "b": "no.such"}}
    app.http.post(app.grant["client_endpoint"] + "batch", json=body, headers={"X-Request-ID": "r-1"})
    app.http.post(app.grant["client_endpoint"] + "no.such", json=body, headers={"X-Request-ID": "r-2"})
    app.call("profile")
    log = app.server.calls()[-5:]
    assert [(row["method"], row["request"]) for row in log] == [
        ("profile", "r-1"),
        ("no.such", "r-1"),
        ("batch", "r-1"),
        ("no.such", "r-2"),
        ("profile", ""),
    ]


def test_a_rule_that_makes_no_sense_is_refused(app: Caller) -> None:
    for fields in ({"kind": "explode"}, {"kind": "fail", "colour": "red"}):
        with pytest.raises(ApiError):
            app.server.fault(**fields)


def test_the_empty_portal_comes_back_on_reset(app: Caller) -> None:
    app.connect()
    app.send(item())
    app.server.fault("fail")
    app.server.reset()
    state = app.server.state()
    assert (state["chats"], state["connectors"], state["faults"]) == (0, [], [])
    assert app.call("profile")[1]["error"] == "invalid_token"
