"""What operators do, and what the connector hears of it (facts/bitrix24-openlines.md §1.9, §2.2, §3.3, §4.4)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox import SandboxServer
from connector.sandbox.forms import parse_query
from tests.contract.sandbox.caller import Caller, item
from tests.contract.sandbox.listener import Listener

PNG = b"\x89PNG\r\n\x1a\n0000"
EVENTS = (
    "OnImConnectorMessageAdd",
    "OnImConnectorMessageUpdate",
    "OnImConnectorMessageDelete",
    "OnImConnectorDialogStart",
    "OnImConnectorDialogFinish",
)


@pytest.fixture
def heard(desk: Caller, listener: Listener) -> Listener:
    for event in EVENTS:
        desk.result("event.bind", event=event, handler=f"{listener.url}/events")
    return listener


def data_of(heard: Listener, sandbox: SandboxServer, event: str) -> list[Any]:
    assert sandbox.settle()
    return [parse_query(seen.body.decode())["data"] for seen in heard.events(event)]


def delivered(desk: Caller, message: dict[str, Any], *ids: str) -> None:
    im = {"chat_id": 1, "message_id": message["id"]}
    entry = {"im": im, "message": {"id": list(ids), "date": 1}, "chat": {"id": "c1"}}
    desk.result("imconnector.send.status.delivery", CONNECTOR="acme_chat", LINE=1, MESSAGES=[entry])


def test_a_reply_is_signed_and_carries_the_original_line_and_thread(heard: Listener, desk: Caller) -> None:
    desk.send(item())
    desk.server.transfer("c1", line=2)
    message = desk.server.say("c1", "Good day", operator=2)
    (data,) = data_of(heard, desk.server, "ONIMCONNECTORMESSAGEADD")
    entry = data["MESSAGES"][0]
    assert (data["CONNECTOR"], data["LINE"], entry["chat"]) == ("acme_chat", "1", {"id": "c1"})
    assert entry["message"] == {"user_id": "2", "text": "[b]Борис Кузнецов:[/b] [br]Good day"}
    assert entry["im"]["message_id"] == str(message["id"])


def test_without_signature_the_text_is_bare(app: Caller, listener: Listener) -> None:
    app.connect(NEED_SIGNATURE="N")
    app.result("event.bind", event="OnImConnectorMessageAdd", handler=f"{listener.url}/e")
    app.send(item())
    app.server.say("c1", "Good day")
    (data,) = data_of(listener, app.server, "ONIMCONNECTORMESSAGEADD")
    assert data["MESSAGES"][0]["message"]["text"] == "Good day"


def test_a_file_of_an_operator_can_be_downloaded_by_its_link(heard: Listener, desk: Caller) -> None:
    desk.send(item())
    desk.server.say("c1", files=[{"name": "a.png", "content": PNG}])
    (data,) = data_of(heard, desk.server, "ONIMCONNECTORMESSAGEADD")
    message = data["MESSAGES"][0]["message"]
    assert "text" not in message
    (file,) = message["files"]
    assert (file["name"], file["type"], file["mime"], file["size"]) == ("a.png", "image", "image/png", str(len(PNG)))
    assert desk.http.get(file["downloadLink"]).content == PNG
    assert desk.http.get(file["downloadLink"].replace("SIGN=", "SIGN=0")).status_code == 404


def test_delivery_is_reported_once_and_gives_the_message_its_ids(heard: Listener, desk: Caller) -> None:
    desk.send(item())
    message = desk.server.say("c1", "one")
    assert message["sending"]
    delivered(desk, message, "ext1", "ext2")
    delivered(desk, message, "other")
    (row,) = desk.server.messages("c1", author="operator")
    assert (row["sending"], row["read"], row["connector_ids"]) == (False, True, ["ext1", "ext2"])


def test_a_delivery_id_that_is_no_list_is_not_kept(desk: Caller) -> None:
    desk.send(item())
    message = desk.server.say("c1", "one")
    entry = {"im": {"message_id": message["id"]}, "message": {"id": "ext"}, "chat": {"id": "c1"}}
    answer = desk.result("imconnector.send.status.delivery", CONNECTOR="acme_chat", LINE=1, MESSAGES=[entry])
    assert answer == {"SUCCESS": True, "DATA": []}
    assert desk.server.messages("c1", author="operator")[0]["sending"]


def test_edits_and_deletions_reach_only_messages_with_ids(heard: Listener, desk: Caller) -> None:
    desk.send(item())
    silent, known = desk.server.say("c1", "one"), desk.server.say("c1", "two")
    delivered(desk, known, "e1", "e2")
    desk.server.edit(silent["id"], "one!")
    desk.server.edit(known["id"], "two!")
    desk.server.delete(silent["id"])
    desk.server.delete(known["id"])
    (update,) = data_of(heard, desk.server, "ONIMCONNECTORMESSAGEUPDATE")
    body = update["MESSAGES"][0]["message"]
    assert body == {"id": ["e1", "e2"], "text": "[b]Анна Смирнова:[/b][br]two!"}
    (deletion,) = data_of(heard, desk.server, "ONIMCONNECTORMESSAGEDELETE")
    assert [entry["message"]["id"] for entry in deletion["MESSAGES"]] == ["e1", "e2"]


def test_a_finished_dialog_is_followed_by_a_new_session_in_the_same_chat(heard: Listener, desk: Caller) -> None:
    first = desk.send(item())[0]["session"]
    desk.server.finish("c1")
    second = desk.send(item("m2"))[0]["session"]
    assert first["CHAT_ID"] == second["CHAT_ID"]
    assert first["ID"] != second["ID"]
    starts = data_of(heard, desk.server, "ONIMCONNECTORDIALOGSTART")
    (finish,) = data_of(heard, desk.server, "ONIMCONNECTORDIALOGFINISH")
    assert [start["DATA"][0]["session"]["id"] for start in starts] == [first["ID"], second["ID"]]
    assert finish["DATA"][0]["session"]["closed"] == "Y"
    assert finish["DATA"][0]["connector"]["chat_id"] == "c1"


def test_a_line_that_wants_a_rating_takes_one_or_zero(heard: Listener, desk: Caller) -> None:
    desk.server.set_line(1, vote=True)
    desk.send(item())
    sid = desk.server.finish("c1")["id"]
    (asked,) = data_of(heard, desk.server, "ONIMCONNECTORMESSAGEADD")
    message = asked["MESSAGES"][0]["message"]
    assert (message["user_id"], message["params"]["IMOL_VOTE_SID"]) == ("0", str(sid))
    assert data_of(heard, desk.server, "ONIMCONNECTORDIALOGFINISH") == []
    desk.send(item("m2", "1 great"))
    session = desk.server.chats()[0]["session"]
    assert (session["vote"], session["open"]) == (5, False)


def test_a_message_instead_of_a_rating_puts_the_session_back_to_work(desk: Caller) -> None:
    desk.server.set_line(1, vote=True)
    first = desk.send(item())[0]["session"]
    desk.server.finish("c1")
    again = desk.send(item("m2", "10 more please"))[0]["session"]
    assert first == again
    assert desk.server.chats()[0]["session"]["status"] == 25


def test_a_welcome_goes_to_the_client_as_a_system_text(heard: Listener, desk: Caller) -> None:
    desk.server.set_line(1, welcome="Welcome!")
    desk.send(item(), item("m2"))
    (data,) = data_of(heard, desk.server, "ONIMCONNECTORMESSAGEADD")
    assert data["MESSAGES"][0]["message"] == {"user_id": "0", "text": "Welcome!"}


def test_system_and_skip_connector_stay_inside(heard: Listener, desk: Caller) -> None:
    chat = desk.send(item())[0]["session"]["CHAT_ID"]
    plain = {"DIALOG_ID": f"chat{chat}", "MESSAGE": "note"}
    desk.result("im.message.add", SYSTEM="Y", **plain)
    desk.result("im.message.add", SKIP_CONNECTOR="Y", **plain)
    assert data_of(heard, desk.server, "ONIMCONNECTORMESSAGEADD") == []
    desk.result("im.message.add", **plain)
    assert len(data_of(heard, desk.server, "ONIMCONNECTORMESSAGEADD")) == 1


def test_only_a_member_writes_and_reads_a_chat(desk: Caller) -> None:
    # The queue turns: the second dialog is operator 2's, and the token is user 1's.
    desk.send(item())
    chat = desk.send(item(chat="c2", user="u2"))[0]["session"]["CHAT_ID"]
    reading = {"DIALOG_ID": f"chat{chat}"}
    assert desk.call("im.message.add", MESSAGE="x", **reading)[1]["error"] == "ACCESS_ERROR"
    assert desk.call("im.dialog.messages.get", **reading)[1]["error"] == "ACCESS_ERROR"
    desk.result("imopenlines.session.join", CHAT_ID=chat)
    assert desk.result("im.dialog.messages.get", **reading)["messages"][0]["params"] == {"CONNECTOR_MID": ["m1"]}


def test_a_post_in_the_name_of_an_employee_comes_back_as_an_event(heard: Listener, desk: Caller) -> None:
    desk.send(item(), item("m2", "from the native client", user_id=2))
    (data,) = data_of(heard, desk.server, "ONIMCONNECTORMESSAGEADD")
    assert data["MESSAGES"][0]["message"]["user_id"] == "2"


def test_operators_methods_move_the_dialog(desk: Caller) -> None:
    chat = desk.send(item())[0]["session"]["CHAT_ID"]
    desk.result("imopenlines.operator.transfer", CHAT_ID=chat, USER_ID=2)
    assert desk.server.chats()[0]["session"]["operator"] == 2
    assert desk.call("imopenlines.operator.finish", CHAT_ID=chat)[1]["error"] == "ACCESS_DENIED"
    assert desk.call("imopenlines.operator.transfer", chat_id=chat, USER_ID=1)[1]["error"] == "CHAT_ID_EMPTY"
    desk.result("imopenlines.session.intercept", CHAT_ID=chat)
    desk.result("imopenlines.operator.finish", chat_id=chat)
    assert desk.server.chats()[0]["session"]["status"] == 60


def test_a_notice_with_the_same_tag_replaces_the_old_one(app: Caller) -> None:
    for text in ("one", "two"):
        app.result("im.notify", USER_ID=2, MESSAGE=text, TAG="t")
    assert [notice["text"] for notice in app.server.notices()] == ["two"]
