from __future__ import annotations

import pytest

from connector.domain.events import ReplyWritten
from connector.domain.values import File, Im
from connector.portal import decode_form, dedupe_key, parse_event
from connector.reconcile.history import Handed, handed_over, session_of
from tests.unit.reconcile.histories import CODE, PREFIX, history, message


def seen(*rows, **more) -> list[Handed]:
    return handed_over(history(*rows, **more), PREFIX)


def test_what_was_handed_over_comes_oldest_first_by_number():
    assert [found.message_id for found in seen(message(999), message(1000), message(86))] == ["86", "999", "1000"]


@pytest.mark.parametrize(
    "params",
    [
        {"sending": "N"},
        {"sending": None},
        {"connectorMid": ["t.1"]},
        {"componentId": "HiddenMessage"},
    ],
)
def test_only_what_bears_the_mark_of_sending_and_no_delivery_is_taken(params):
    assert seen(message(1, **params)) == []


def test_a_message_without_parameters_is_nobodys():
    row = {**message(1), "params": []}
    assert seen(row) == []


@pytest.mark.parametrize("code", ["", "livechat|3|1807|585", "cabc123_telegram", "cother_telegram|3|shop.77|585"])
def test_chats_of_other_connectors_are_left_alone(code):
    assert seen(message(1), code=code) == []


@pytest.mark.parametrize("answer", [None, [], {}, {"chatId": 5, "message": [], "chat": []}, "text"])
def test_an_answer_of_any_shape_is_read(answer):
    assert (handed_over(answer, PREFIX), session_of(answer)) == ([], "")


def test_the_time_of_handing_over_counts_and_the_date_serves_when_it_is_missing():
    stamped, dated = seen(message(1, sendingTs=1772000000), message(2, sendingTs=0))
    assert (stamped.at, dated.at) == (1772000000.0, 1772366400.0)


def test_the_form_says_what_the_event_would_have_said():
    (found,) = seen(message(86497, "See\nfile [b]now[/b]", imolVoteSid=7, isDelivered="Y", **{"class": "x"}))
    form = decode_form(found.body(signed=True))
    (event,) = parse_event(form, "main", PREFIX)
    assert event == ReplyWritten(
        portal="main",
        connector="cabc123_telegram",
        line="3",
        account="shop",
        conversation="77",
        im=Im(chat_id="1807", message_id="86497"),
        text="[b]Ann Lee:[/b] [br]See\nfile [b]now[/b]",
        author="27",
        params={"IMOL_VOTE_SID": "7", "IS_DELIVERED": "Y"},
        written_at=event.written_at,
    )
    assert event.written_at is not None
    assert event.written_at.timestamp() == 1772366400


def test_it_is_a_repeat_of_the_event_that_comes_late():
    (found,) = seen(message(86497, "text"))
    late = {
        "event": "ONIMCONNECTORMESSAGEADD",
        "event_handler_id": "555",
        "ts": "1772366999",
        "data": {
            "CONNECTOR": "cabc123_telegram",
            "LINE": "3",
            "MESSAGES": [{"im": {"chat_id": "1807", "message_id": "86497"}, "message": {"text": "other"}}],
        },
        "auth": {"member_id": "m"},
    }
    assert dedupe_key(decode_form(found.body(signed=False))) == dedupe_key(late)


def test_lines_that_hide_names_and_the_system_do_not_sign():
    (hidden,) = seen(message(1))
    (system,) = seen(message(2, sender=0))
    for found, signed in ((hidden, False), (system, True)):
        (event,) = parse_event(decode_form(found.body(signed=signed)), "main", PREFIX)
        assert (event.text, event.author) == ("Hi", found.author)


def test_files_are_listed_as_an_event_lists_them():
    files = {
        "9": {"id": 9, "name": "a.pdf", "type": "file", "size": 1024, "urldownload": "/download/9"},
        "10": {"id": 10, "name": "b.png", "type": "image", "size": 7, "urldownload": "https://p/10"},
    }
    (found,) = seen(message(1, "", fileId=[9, 10, 11]), files=files)
    (event,) = parse_event(decode_form(found.body(signed=True)), "main", PREFIX)
    assert event.files == (
        File(ref="/download/9", name="a.pdf", mime="application/pdf", size=1024, kind="document"),
        File(ref="https://p/10", name="b.png", mime="image/png", size=7, kind="image"),
    )
    assert event.text == ""


def test_the_chats_code_is_where_the_conversation_began():
    (found,) = seen(message(1), code=CODE.replace("|3|", "|12|"))
    assert (found.connector, found.line) == ("cabc123_telegram", "12")
