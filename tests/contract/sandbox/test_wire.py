"""How requests are read and answers are shaped (facts/bitrix24-platform.md §1)."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox import SandboxServer
from connector.sandbox.forms import encode_form, parse_query
from tests.contract.sandbox.caller import Caller

TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)
NAME = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
TREE = st.recursive(
    TEXT,
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(NAME, inner, min_size=1, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAME, TREE, max_size=4))
def test_what_php_encodes_php_reads_back(tree: dict[str, Any]) -> None:
    assert parse_query(encode_form(tree)) == tree


def test_nulls_and_empty_arrays_vanish_and_booleans_become_digits() -> None:
    assert encode_form({"a": None, "b": [], "c": {}, "d": True, "e": False, "f": ""}) == "d=1&e=0&f="


def test_a_form_is_read_up_to_a_thousand_variables() -> None:
    assert len(parse_query("&".join(f"v{number}=1" for number in range(1200)))) == 1000


@pytest.mark.parametrize("form", ["json", "form", "query", "multipart", "bearer"])
def test_every_carrier_of_parameters_and_token_is_understood(app: Caller, form: str) -> None:
    url, token = app.grant["client_endpoint"] + "Method.GET.json", app.grant["access_token"]
    given = {"name": "profile", "auth": token}
    answers = {
        "json": lambda: requests.post(url, json=given),
        "form": lambda: requests.post(url, data=given),
        "query": lambda: requests.get(url, params=given),
        "multipart": lambda: requests.post(url, files={key: (None, value) for key, value in given.items()}),
        "bearer": lambda: requests.post(
            url, json={"name": "profile", "auth": "wrong"}, headers={"Authorization": f"Bearer {token}"}
        ),
    }
    assert answers[form]().json()["result"] == {"isExisting": True, "isAvailable": True}


def test_the_body_wins_over_the_query(app: Caller) -> None:
    url = app.grant["client_endpoint"] + "method.get?name=nothing"
    body = {"name": "profile", "auth": app.grant["access_token"]}
    assert requests.post(url, data=body).json()["result"]["isExisting"] is True


def test_broken_json_means_no_parameters_and_the_method_still_runs(sandbox: SandboxServer) -> None:
    sandbox.seed("contact", 3)
    url, kind = sandbox.webhook_url() + "crm.contact.list", {"Content-Type": "application/json"}
    filtered = requests.post(url, data=json.dumps({"filter": {"ID": 1}}), headers=kind).json()
    broken = requests.post(url, data='{"filter": {"ID": 1}', headers=kind).json()
    assert (filtered["total"], broken["total"]) == (1, 3)


def test_json_under_another_content_type_is_no_json(sandbox: SandboxServer) -> None:
    sandbox.seed("contact", 3)
    body = json.dumps({"filter": {"ID": 1}})
    answer = requests.post(sandbox.webhook_url() + "crm.contact.list", data=body, headers={"Content-Type": "text/json"})
    assert answer.json()["total"] == 3


def test_an_answer_carries_the_time_of_its_method(app: Caller) -> None:
    _, body = app.call("server.time")
    assert set(body["time"]) >= {"start", "finish", "duration", "processing", "date_start", "date_finish", "operating"}
    assert body["result"].endswith("+03:00")


def test_an_empty_map_is_an_empty_list(app: Caller) -> None:
    app.connect()
    assert app.send({"user": {"id": "u"}, "message": {"text": "x", "files": []}, "chat": {"id": "c"}})[0]["SUCCESS"]
    history = app.result("imopenlines.session.history.get", CHAT_ID=app.server.chats()[0]["id"])
    assert history["files"] == []


@pytest.mark.parametrize(
    ("token", "code"),
    [("", "NO_AUTH_FOUND"), ("nonsense", "NO_AUTH_FOUND"), ("ab" * 35, "invalid_token")],
)
def test_a_token_that_is_none_is_told_from_one_of_another_portal(sandbox: SandboxServer, token: str, code: str) -> None:
    answer = requests.post(f"{sandbox.url}/rest/profile", json={"auth": token})
    assert (answer.status_code, answer.json()["error"]) == (401, code)


def test_a_wrong_webhook_is_refused(sandbox: SandboxServer) -> None:
    answer = requests.get(f"{sandbox.url}/rest/1/wrong/profile")
    assert (answer.status_code, answer.json()["error"]) == (401, "INVALID_CREDENTIALS")


def test_a_method_of_the_application_refuses_the_webhook(sandbox: SandboxServer) -> None:
    answer = requests.get(sandbox.webhook_url() + "imconnector.list")
    assert (answer.status_code, answer.json()["error"]) == (403, "WRONG_AUTH_TYPE")


def test_an_unknown_method_is_404(app: Caller) -> None:
    status, body = app.call("no.such.method")
    assert (status, body["error"]) == (404, "ERROR_METHOD_NOT_FOUND")


def test_a_missing_scope_is_401() -> None:
    with SandboxServer(burst=0, scope="im") as server:
        status, body = Caller(server).call("crm.contact.list")
        assert (status, body["error"]) == (401, "insufficient_scope")
        assert body["error_description"]
        inner = Caller(server).batch({"a": "crm.contact.list"})["result_error"]["a"]
        assert inner == {"error": "insufficient_scope", "error_description": ""}


def test_an_error_code_may_be_empty(app: Caller) -> None:
    status, body = app.call("crm.contact.get", id=77)
    assert (status, body["error"], body["error_description"]) == (400, "", "Not found")


def test_one_connection_serves_many_calls(sandbox: SandboxServer) -> None:
    with closing(HTTPConnection("127.0.0.1", sandbox.port)) as connection:
        sockets = set()
        for _ in range(3):
            connection.request("POST", "/rest/server.time", body=b"{}")
            assert connection.getresponse().read()
            sockets.add(connection.sock)
        assert len(sockets) == 1
        assert None not in sockets


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.com"])
def test_it_binds_to_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(host=host)


def test_a_stopped_portal_comes_back_with_its_state_on_its_port(sandbox: SandboxServer) -> None:
    sandbox.seed("contact", 2)
    url = sandbox.webhook_url() + "crm.contact.list"
    with requests.Session() as http:
        assert http.get(url).json()["total"] == 2
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            http.get(url)
        sandbox.start()
        assert http.get(url).json()["total"] == 2
