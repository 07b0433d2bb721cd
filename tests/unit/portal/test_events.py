from __future__ import annotations

from typing import Any

import pytest

from connector.domain.callbacks import CallRequested
from connector.domain.events import (
    AppInstalled,
    AppUninstalled,
    Event,
    Ignored,
    LineDisconnected,
    ReplyWritten,
)
from connector.errors import PermanentError
from connector.portal.events import dedupe_key, parse_event

PREFIX = "c0a1b2_"


def parse(event: str, data: Any, **rest: str) -> list[Event]:
    return parse_event({"event": event, "data": data, **rest}, "main", PREFIX)


def message(number: str, **changes: Any) -> dict[str, Any]:
    fields = {
        "im": {"chat_id": "7", "message_id": number},
        "message": {"user_id": "27", "text": f"text {number}"},
        "chat": {"id": "shop.42"},
    }
    return fields | changes


def add(*messages: Any, connector: str = f"{PREFIX}telegram") -> dict[str, Any]:
    return {"CONNECTOR": connector, "LINE": "3", "MESSAGES": list(messages)}


def test_every_message_of_one_post_is_an_event_of_its_own():
    events = parse("ONIMCONNECTORMESSAGEADD", add(message("1"), message("2")))
    assert [event.text for event in events if isinstance(event, ReplyWritten)] == ["text 1", "text 2"]
    assert [(event.lane, event.position) for event in events] == [("shop.42", 1), ("shop.42", 2)]


def test_messages_written_by_php_as_a_map_are_all_read():
    data = add() | {"MESSAGES": {"1": message("1"), "5": message("5")}}
    assert len(parse("ONIMCONNECTORMESSAGEADD", data)) == 2


def test_the_event_name_may_come_in_any_case():
    assert isinstance(parse("onImConnectorMessageAdd", add(message("1")))[0], ReplyWritten)


def test_a_conversation_keeps_its_own_dots():
    event = parse("ONIMCONNECTORMESSAGEADD", add(message("1", chat={"id": "mail-2.a@b.c|x"})))[0]
    assert isinstance(event, ReplyWritten)
    assert (event.account, event.conversation) == ("mail-2", "a@b.c|x")


@pytest.mark.parametrize("connector", ["livechat", "", "c0a1b3_telegram", "xc0a1b2_telegram"])
def test_events_of_other_connectors_are_ignored(connector):
    for name in ("ADD", "UPDATE", "DELETE"):
        data = add(message("1"), connector=connector)
        assert parse(f"ONIMCONNECTORMESSAGE{name}", data) == [Ignored(what=f"ONIMCONNECTORMESSAGE{name}")]
    assert isinstance(parse("ONIMCONNECTORSTATUSDELETE", {"connector": connector, "line": "3"})[0], Ignored)


def test_without_an_application_nothing_is_ours():
    assert isinstance(
        parse_event({"event": "ONIMCONNECTORMESSAGEADD", "data": add(message("1"))}, "main", "")[0], Ignored
    )


@pytest.mark.parametrize(
    "broken",
    [
        message("1", chat={"id": "no-account"}),
        message("1", chat={"id": "shop."}),
        message("1", chat={"id": "Shop!.42"}),
        message("1", chat={}),
        message("1", im={"chat_id": "7"}),
        message("1", im="x"),
    ],
)
def test_a_reply_that_cannot_be_read_is_parked_and_never_dropped(broken):
    with pytest.raises(PermanentError) as caught:
        parse("ONIMCONNECTORMESSAGEADD", add(message("9"), broken))
    assert caught.value.cause == "portal.event_unreadable"


def test_our_post_without_messages_is_parked():
    with pytest.raises(PermanentError):
        parse("ONIMCONNECTORMESSAGEADD", add())


def test_a_file_without_a_download_link_is_known_by_its_page():
    files = [{"name": "a.pdf", "link": "https://p/~x", "downloadLink": "", "size": "many"}, {"name": "lost.pdf"}]
    event = parse("ONIMCONNECTORMESSAGEADD", add(message("1", message={"files": files})))[0]
    assert isinstance(event, ReplyWritten)
    assert [(file.ref, file.size) for file in event.files] == [("https://p/~x", None)]
    assert (event.text, event.author) == ("", "0")


@pytest.mark.parametrize(
    ("clean", "expected"), [("1", True), ("0", False), ("", False), ("true", False), (None, False)]
)
def test_only_a_plain_one_cleans(clean, expected):
    data = {"LANGUAGE_ID": "ru"} | ({} if clean is None else {"CLEAN": clean})
    assert parse("ONAPPUNINSTALL", data) == [AppUninstalled(portal="main", clean=expected)]


def test_install_and_update_are_the_same_to_us():
    assert parse("ONAPPINSTALL", None) == parse("ONAPPUPDATE", {"VERSION": "2"}) == [AppInstalled(portal="main")]


def test_a_deleted_line_concerns_every_connector():
    assert parse("ONIMCONNECTORLINEDELETE", "107") == [LineDisconnected(portal="main", connector="", line="107")]


@pytest.mark.parametrize(
    "form", [{}, {"event": ["x"]}, {"event": "ONCRMDEALADD", "data": "x"}, {"data": {"event": "1"}}]
)
def test_what_is_unknown_is_a_value(form):
    assert [type(event) for event in parse_event(form, "main", PREFIX)] == [Ignored]


def key(event: str, data: Any, **rest: Any) -> str:
    return dedupe_key({"event": event, "data": data, **rest})


def test_the_same_message_from_two_bindings_has_one_key():
    first = key("ONIMCONNECTORMESSAGEADD", add(message("1")), ts="1", event_handler_id="5", auth={"access_token": "a"})
    again = key("onimconnectormessageadd", add(message("1")), ts="2", event_handler_id="6", auth={"access_token": "b"})
    assert first == again
    assert len(first) <= 100


def test_different_messages_have_different_keys():
    keys = {key("ONIMCONNECTORMESSAGEADD", add(message(number)), ts="1") for number in ("1", "2", "3")}
    keys |= {key("ONIMCONNECTORMESSAGEADD", add(message("1"), connector="other"), ts="1")}
    keys |= {key("ONIMCONNECTORMESSAGEDELETE", add(message("1")), ts="1")}
    assert len(keys) == 5


def test_an_edit_back_to_an_earlier_text_is_not_a_repeat():
    data = add(message("1"))
    assert key("ONIMCONNECTORMESSAGEUPDATE", data, ts="1") != key("ONIMCONNECTORMESSAGEUPDATE", data, ts="60")
    assert key("ONIMCONNECTORMESSAGEUPDATE", data, ts="1") == key("ONIMCONNECTORMESSAGEUPDATE", data, ts="1")


def test_a_line_may_be_switched_off_twice():
    data = {"connector": f"{PREFIX}telegram", "line": "3"}
    assert key("ONIMCONNECTORSTATUSDELETE", data, ts="1") != key("ONIMCONNECTORSTATUSDELETE", data, ts="2")


def test_two_installations_without_a_time_are_two():
    one, two = ({"access_token": token} for token in "ab")
    assert key("ONAPPINSTALL", None, auth=one) != key("ONAPPINSTALL", None, auth=two)


CLICK = {"PHONE_NUMBER": "89123456789", "CALL_ID": "externalCall.1", "USER_ID": "7"}


def test_a_click_is_known_by_its_call_alone():
    first = key("ONEXTERNALCALLSTART", CLICK, ts="1", event_handler_id="5")
    assert first == key("OnExternalCallStart", {**CLICK, "PHONE_NUMBER": "+79123456789"}, ts="2")
    assert first != key("ONEXTERNALCALLSTART", {**CLICK, "CALL_ID": "externalCall.2"}, ts="1")
    assert len(first) <= 100


def test_a_client_may_leave_their_number_twice():
    data = {"PHONE_NUMBER": "+79123456789", "TEXT": "call me"}
    assert key("ONEXTERNALCALLBACKSTART", data, ts="1") == key("ONEXTERNALCALLBACKSTART", data, ts="1")
    assert key("ONEXTERNALCALLBACKSTART", data, ts="1") != key("ONEXTERNALCALLBACKSTART", data, ts="61")


@pytest.mark.parametrize(
    ("event", "data", "name"),
    [
        ("ONEXTERNALCALLSTART", {**CLICK, "CALL_ID": ""}, "CALL_ID"),
        ("ONEXTERNALCALLSTART", {**CLICK, "PHONE_NUMBER": " "}, "PHONE_NUMBER"),
        ("ONEXTERNALCALLSTART", {**CLICK, "PHONE_NUMBER": ["1"]}, "PHONE_NUMBER"),
        ("ONEXTERNALCALLBACKSTART", {"TEXT": "call me"}, "PHONE_NUMBER"),
        ("ONEXTERNALCALLBACKSTART", None, "PHONE_NUMBER"),
    ],
)
def test_a_request_without_what_it_needs_is_kept_and_parked(event, data, name):
    with pytest.raises(PermanentError) as parked:
        parse(event, data)
    assert parked.value.detail == f"{event}: {name}"


@pytest.mark.parametrize(
    ("given", "user", "entity"),
    [
        ({"USER_ID": "x", "CRM_ENTITY_TYPE": "CRM_CONTACT", "CRM_ENTITY_ID": "5"}, 0, ("CONTACT", 5)),
        ({"USER_ID": "-7", "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": "5"}, 0, ("", 0)),
        ({"USER_ID": "9" * 20, "CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": "five"}, 0, ("", 0)),
        ({"USER_ID": "\u0667", "CRM_ENTITY_TYPE": "", "CRM_ENTITY_ID": "5"}, 0, ("", 0)),
    ],
)
def test_what_a_stranger_wrote_into_a_click_does_no_harm(given, user, entity):
    [event] = parse("ONEXTERNALCALLSTART", {**CLICK, **given, "LINE_NUMBER": "l" * 500})
    assert isinstance(event, CallRequested)
    assert (event.user, (event.entity, event.entity_id), len(event.line)) == (user, entity, 100)
