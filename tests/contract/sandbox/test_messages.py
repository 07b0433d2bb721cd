"""Messages from the connector into the chat (facts/bitrix24-openlines.md §0.2, §1.7, §1.8, §3.2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from connector.sandbox.answers import ApiError
from tests.contract.sandbox.caller import Caller, item
from tests.contract.sandbox.listener import Answer, Listener

PNG = b"\x89PNG\r\n\x1a\n0000"


def test_the_same_message_twice_is_two_messages(desk: Caller) -> None:
    first, second = desk.send(item()), desk.send(item())
    assert first[0]["session"] == second[0]["session"]
    assert [row["connector_ids"] for row in desk.server.messages("c1")] == [["m1"], ["m1"]]


def test_results_stand_beside_their_items_and_one_failure_fails_no_other(desk: Caller) -> None:
    bad = item("m2", user="u2")
    bad["user"]["email"] = "no mail"
    results = desk.send(item("m1"), bad, item("m3", text=""), item("m4"))
    assert [result["SUCCESS"] for result in results] == [True, False, False, True]
    assert results[1]["ERRORS"] == ["Invalid e-mail."]
    assert "session" not in results[2]
    assert results[0]["session"].keys() == {"ID", "CHAT_ID"}
    assert results[0]["message"]["date"] == {}


def test_the_arrival_is_the_time_and_the_order(desk: Caller) -> None:
    desk.send(item("late", date=2_000_000_000))
    desk.send(item("early", date=5))
    rows = desk.server.messages("c1")
    assert [row["connector_ids"][0] for row in rows] == ["late", "early"]
    assert all(row["at"] > 1_700_000_000 for row in rows)


def test_a_chat_belongs_to_connector_line_thread_and_client(desk: Caller) -> None:
    desk.connect(line=2)
    desk.send(item())
    desk.send(item(chat="c2"))
    desk.send(item(user="u2"))
    desk.send(item(), line=2)
    codes = [chat["code"].split("|") for chat in desk.server.chats()]
    assert len(codes) == 4
    # One user of the portal per client, on every line; the last part of the code is the portal's own user id.
    assert len({code[3] for code in codes}) == 2
    assert all(code[3].isdigit() for code in codes)


def test_a_grouped_chat_gathers_its_people(app: Caller) -> None:
    app.connect(CHAT_GROUP=True)
    app.send(item(user="u1"), item("m2", user="u2"))
    (chat,) = app.server.chats()
    assert chat["code"] == "acme_chat|1|c1|0"
    assert chat["session"]["activity"] == 0


def test_two_words_become_first_and_last_name_and_a_changed_block_updates(desk: Caller) -> None:
    desk.send(item())
    assert desk.server.chats()[0]["client"]["name"] == "Ann Lee"
    changed = item("m2")
    changed["user"] = {"id": "u1", "name": "Ann", "phone": "+79001112233", "gender": "female"}
    desk.send(changed)
    client = desk.server.chats()[0]["client"]
    assert (client["name"], client["fields"]["phone"], client["fields"]["gender"]) == ("Ann", "+79001112233", "female")
    desk.send(item("m3"))
    fields = desk.server.chats()[0]["client"]["fields"]
    assert (fields["phone"], fields["gender"]) == ("+79001112233", "")


def test_a_client_without_id_is_somebody_new_each_time(desk: Caller) -> None:
    desk.send(item(user=""))
    desk.send(item(user=""))
    assert len(desk.server.chats()) == 2


@pytest.mark.parametrize("mid", ["x" * 101])
def test_an_id_longer_than_a_hundred_is_refused(desk: Caller, mid: str) -> None:
    assert desk.send(item(mid))[0]["SUCCESS"] is False


def test_a_long_text_is_cut_and_br_breaks_lines(desk: Caller) -> None:
    desk.send(item("m1", "a[br]b"), item("m2", "x" * 20_001))
    first, second = (row["text"] for row in desk.server.messages("c1"))
    assert first == "a\nb"
    assert second == "x" * 20_000 + " (...)"


def test_files_are_fetched_at_once_and_dead_ones_silently_dropped(desk: Caller, listener: Listener) -> None:
    listener.answers = {
        "/a": Answer(body=b"text", content_type="text/plain"),
        "/gone": Answer(status=404),
        "/p": Answer(body=PNG, content_type="image/png"),
    }
    files = [{"url": f"{listener.url}/{name}", "name": name * 60} for name in ("gone", "a", "p")]
    result = desk.send(item("m1", "see", files=files))[0]
    assert set(result["message"]["files"]) == {"1", "2"}
    names = [file["name"] for file in desk.server.messages("c1")[0]["files"]]
    assert names == [("a" * 50) + ".txt", ("p" * 50) + ".png"]
    assert listener.seen[0].headers["User-Agent"] == "Bitrix Connector Client"
    only_dead = desk.send(item("m2", "", files=files[:1]))[0]
    assert (only_dead["SUCCESS"], len(desk.server.messages("c1"))) == (False, 1)


def test_a_picture_is_fetched_only_when_the_block_changes_and_must_be_one(desk: Caller, listener: Listener) -> None:
    listener.answers = {"/face": Answer(body=PNG, content_type="image/png"), "/html": Answer(body=b"<html>")}
    for mid in ("m1", "m2"):
        message = item(mid)
        message["user"]["picture"] = {"url": f"{listener.url}/face"}
        assert desk.send(message)[0]["SUCCESS"]
    assert len(listener.seen) == 1
    bad = item("m3")
    bad["user"]["picture"] = {"url": f"{listener.url}/html"}
    assert desk.send(bad)[0]["SUCCESS"] is False


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"CONNECTOR": ""}, "ERROR_ARGUMENT"),
        ({"MESSAGES": "x"}, "ERROR_ARGUMENT"),
        ({"MESSAGES": [{"user": {"id": "u"}}]}, "ERROR_ARGUMENT"),
        ({"CONNECTOR": "other"}, "IMCONNECTOR_NO_CORRECT_PROVIDER"),
        ({"LINE": 2}, "NOT_ACTIVE_LINE"),
        ({"LINE": 77}, "NOT_ACTIVE_LINE"),
    ],
)
def test_a_call_that_cannot_be_routed_is_400(desk: Caller, fields: dict[str, Any], code: str) -> None:
    status, body = desk.call(
        "imconnector.send.messages", **{"CONNECTOR": "acme_chat", "LINE": 1, "MESSAGES": [item()], **fields}
    )
    assert (status, body["error"]) == (400, code)


def test_a_connector_in_error_blocks_both_directions_until_activated(desk: Caller) -> None:
    desk.send(item())
    desk.result("imconnector.set.error", CONNECTOR="acme_chat", LINE=1)
    assert desk.call("imconnector.send.messages", CONNECTOR="acme_chat", LINE=1, MESSAGES=[item()])[0] == 400
    with pytest.raises(ApiError, match="not active"):
        desk.server.say("c1", "hello")
    desk.result("imconnector.activate", CONNECTOR="acme_chat", LINE=1, ACTIVE=1)
    assert desk.server.say("c1", "hello")["sending"] is True


def test_an_edit_of_the_client_changes_the_text_and_an_unknown_id_is_a_success(desk: Caller) -> None:
    desk.send(item())
    for mid in ("m1", "nobody"):
        answer = desk.result("imconnector.update.messages", CONNECTOR="acme_chat", LINE=1, MESSAGES=[item(mid, "New")])
        assert answer["DATA"]["RESULT"][0]["SUCCESS"] is True
        assert "session" not in answer["DATA"]["RESULT"][0]
    (row,) = desk.server.messages("c1")
    assert (row["text"], row["edited"]) == ("New", True)
    desk.result("imconnector.delete.messages", CONNECTOR="acme_chat", LINE=1, MESSAGES=[item()])
    assert desk.server.messages("c1")[0]["deleted"]


def test_history_shows_the_connectors_ids(desk: Caller) -> None:
    session = desk.send(item("m1"), item("m2"))[1]["session"]
    history = desk.result("imopenlines.session.history.get", SESSION_ID=session["ID"])
    assert [row["params"]["connectorMid"] for row in history["message"].values()] == [["m1"], ["m2"]]
    dialog = desk.result("imopenlines.dialog.get", CHAT_ID=session["CHAT_ID"])
    assert dialog["entity_data_1"].split("|")[5] == session["ID"]
    by_code = desk.result("imopenlines.session.open", USER_CODE="imol|" + dialog["entity_id"])
    assert by_code == {"chatId": session["CHAT_ID"]}


def test_every_session_is_one_activity_and_an_unknown_client_one_lead(desk: Caller) -> None:
    desk.server.seed("contact", 1)
    known = item(chat="c2", user="u2")
    known["user"]["phone"] = "+79000000001"
    desk.send(item(), known)
    desk.server.say("c1", "hi")
    desk.server.finish("c1")
    desk.send(item("m3"))
    found = desk.result("crm.activity.list", filter={"PROVIDER_ID": "IMOPENLINES_SESSION"}, order={"ID": "ASC"})
    assert [(row["OWNER_TYPE_ID"], row["COMPLETED"], row["RESULT_STATUS"]) for row in found] == [
        ("1", "Y", "2"),
        ("3", "N", "1"),
        ("1", "N", "1"),
    ]
    assert found[0]["ORIGIN_ID"] == f"IMOL_{found[0]['ASSOCIATED_ENTITY_ID']}"
    assert desk.server.state()["crm"]["lead"] == 1


def test_a_chat_is_renamed_only_while_its_session_is_open(desk: Caller) -> None:
    rename = {"CONNECTOR": "acme_chat", "LINE": 1, "CHAT_ID": "c1", "NAME": "Order 5"}
    desk.send(item())
    assert desk.call("imconnector.chat.name.set", **rename)[1]["error"] == "ERROR_ARGUMENT"
    desk.result("imconnector.chat.name.set", USER_ID="u1", **rename)
    assert desk.server.chats()[0]["name"] == "Order 5"
    desk.server.finish("c1")
    assert desk.call("imconnector.chat.name.set", USER_ID="u1", **rename)[1]["error"] == "CHAT_RENAMING_FAILED"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"NAME": ""}, "ERROR_ARGUMENT"),
        ({"CHAT_ID": None}, "ERROR_ARGUMENT"),
        ({"CONNECTOR": "unknown"}, "IMCONNECTOR_NO_CORRECT_PROVIDER"),
        ({"LINE": 2}, "NOT_ACTIVE_LINE"),
        ({"CHAT_ID": "c2"}, "CHAT_RENAMING_FAILED"),
        ({"USER_ID": "u2"}, "CHAT_RENAMING_FAILED"),
    ],
)
def test_a_chat_that_cannot_be_renamed_says_why(desk: Caller, change: dict[str, Any], error: str) -> None:
    desk.send(item())
    named = {"CONNECTOR": "acme_chat", "LINE": 1, "CHAT_ID": "c1", "USER_ID": "u1", "NAME": "Order 5"}
    status, body = desk.call("imconnector.chat.name.set", **{**named, **change})
    assert (status, body["error"]) == (400, error)
    assert desk.server.chats()[0]["name"] != "Order 5"


def test_a_grouped_chat_is_renamed_without_a_client(app: Caller) -> None:
    app.connect(CHAT_GROUP=True)
    app.send(item())
    named = {"CONNECTOR": "acme_chat", "LINE": 1, "CHAT_ID": "c1", "NAME": "Order 5"}
    assert app.result("imconnector.chat.name.set", **named) == {"SUCCESS": True, "DATA": {"RESULT": {}}}
    assert app.server.chats()[0]["name"] == "Order 5"


def test_many_at_once_lose_nothing_and_share_one_session(desk: Caller) -> None:
    def send(number: int) -> str:
        grant = {"auth": desk.grant["access_token"]}
        body = grant | {"CONNECTOR": "acme_chat", "LINE": 1, "MESSAGES": [item(f"m{number}")]}
        url = desk.grant["client_endpoint"] + "imconnector.send.messages"
        return requests.post(url, json=body).json()["result"]["DATA"]["RESULT"][0]["session"]["ID"]

    with ThreadPoolExecutor(8) as pool:
        sessions = set(pool.map(send, range(80)))
    assert len(sessions) == 1
    rows = desk.server.messages("c1")
    assert {row["connector_ids"][0] for row in rows} == {f"m{number}" for number in range(80)}
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
