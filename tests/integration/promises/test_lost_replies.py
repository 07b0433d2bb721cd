"""What Bitrix24 told nobody is found, once; statuses and handlers come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from connector.cli import cli
from connector.cli.shape import Tools
from connector.portal import encode_params
from connector.reconcile import check_handlers, mark_of
from jobs import tasks
from jobs.dispatch import House
from tests.integration.promises.one_process import OneProcess, one_process
from tests.services import Redis


@pytest.fixture
def house(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[OneProcess]:
    with one_process(tmp_path, redis_server, journal_url) as running:
        yield running


def look_back(house: OneProcess, **later: float) -> int:
    """The clock's task, after the grace of a young message (or so much later); then all that came of it."""
    house.clock.add(**(later or {"minutes": 6}))
    found = tasks.reconcile(House(connector=house.connector, wake=lambda destination: None))  # type: ignore[arg-type]
    house.pump()
    return found


def test_replies_written_while_the_web_was_down_arrive_once_and_in_order(house: OneProcess):
    house.say("7", "hello")
    heard = house.reply("7", "heard")
    house.pump()
    house.web.stop()
    numbers = [house.reply("7", text) for text in ("one", "two", "three")]
    assert house.sandbox.counters()["events_lost"] == 3
    house.web.start()
    house.pump()
    assert house.heard("7") == ["heard"]
    assert look_back(house) == 3
    assert house.heard("7") == ["heard", "one", "two", "three"]
    assert not any(house.rows("7")[number]["sending"] for number in (heard, *numbers))
    assert [look_back(house), look_back(house)] == [0, 0]
    assert house.heard("7") == ["heard", "one", "two", "three"]


def test_a_found_reply_reads_like_the_one_that_an_event_brings(house: OneProcess):
    house.say("7", "hello")
    house.reply("7", "an [b]event[/b]")
    house.pump()
    house.sandbox.drop_events(1)
    house.reply("7", "an [b]event[/b]")
    assert look_back(house) == 1
    brought, found = house.stage.heard("shop", "7")
    assert brought == found
    written = [row["event"] for row in house.connector.journal.list() if row["kind"] == "reply.written"]
    apart = ("im", "written_at")
    first, second = ({key: value for key, value in event.items() if key not in apart} for event in written)
    assert first == second


def test_an_event_that_comes_late_after_all_is_known(house: OneProcess):
    house.say("7", "hello")
    house.web.stop()
    house.reply("7", "late")
    house.web.start()
    assert look_back(house) == 1
    lost = house.sandbox.events(failed=True)
    house.sandbox.resend_event(lost[-1]["id"])
    assert house.sandbox.settle()
    house.pump()
    assert house.heard("7") == ["late"]
    rows = house.connector.journal.list()
    assert len([row for row in rows if row["kind"] == "reply.written"]) == 1


def test_the_trace_tells_that_a_reply_was_found_late(house: OneProcess):
    house.say("7", "hello")
    house.sandbox.drop_events(1)
    house.reply("7", "lost")
    look_back(house)
    (envelope,) = house.envelopes("reply.found_late")
    story = house.connector.journal.trace(envelope["trace"])["story"]
    assert (story[0]["what"], story[0]["outcome"]) == ("RECONCILE imopenlines.session.history.get", "reply.found_late")


def test_files_of_a_lost_reply_arrive_too(house: OneProcess):
    house.say("7", "hello")
    house.sandbox.drop_events(1)
    house.reply("7", "see", files=[{"name": "a.txt", "content": "YWJj"}])
    assert look_back(house) == 1
    assert house.heard("7") == ["see", "[a.txt]"]


def test_notes_and_what_is_said_in_silent_mode_never_reach_the_client(house: OneProcess):
    house.say("7", "hello")
    chat = str(next(row["id"] for row in house.sandbox.chats() if row["external"] == "shop.7"))
    portal = house.connector.portals["main"]
    portal.call("im.message.add", {"DIALOG_ID": f"chat{chat}", "MESSAGE": "a note of ours", "SYSTEM": "Y"})
    whisper = {"DIALOG_ID": f"chat{chat}", "MESSAGE": "a whisper", "SKIP_CONNECTOR": "Y"}
    portal.call("im.message.add", whisper)
    portal.call("imopenlines.session.mode.silent", {"CHAT_ID": chat, "ACTIVATE": "Y"})
    house.reply("7", "among colleagues")
    portal.call("imopenlines.session.mode.silent", {"CHAT_ID": chat, "ACTIVATE": "N"})
    assert look_back(house) == 0
    assert house.heard("7") == []


def test_a_reply_from_a_session_that_has_ended_since_is_found(house: OneProcess):
    house.say("7", "hello")
    house.sandbox.drop_events(1)
    house.reply("7", "goodbye")
    house.sandbox.finish("shop.7")
    assert house.sandbox.settle()
    house.say("7", "one more thing")
    assert look_back(house) == 1
    assert house.heard("7") == ["goodbye"]


def test_a_reply_too_old_for_a_conversation_waits_for_a_person(house: OneProcess):
    house.say("7", "hello")
    assert look_back(house) == 0
    house.sandbox.drop_events(1)
    house.reply("7", "yesterday")
    assert look_back(house, hours=30) == 1
    assert house.heard("7") == []
    (envelope,) = house.envelopes("reply.too_late")
    assert envelope["state"] == "parked"
    assert look_back(house) == 0


def test_a_young_message_is_left_to_its_event(house: OneProcess):
    house.say("7", "hello")
    house.sandbox.drop_events(1)
    house.reply("7", "just now")
    assert look_back(house, seconds=60) == 0
    assert look_back(house) == 1


def test_while_the_portal_is_away_the_window_waits(house: OneProcess):
    house.say("7", "hello")
    look_back(house)
    house.sandbox.drop_events(1)
    house.reply("7", "in between")
    house.sandbox.set_down("unavailable")
    assert look_back(house) == 0
    assert mark_of(house.connector.journal, "main").failed
    house.sandbox.clear_faults()
    assert look_back(house, minutes=1) == 1
    assert house.heard("7") == ["in between"]


def test_a_delivery_status_that_got_lost_is_told_again(house: OneProcess):
    house.say("7", "hello")
    number = house.reply("7", "sent")
    house.sandbox.fault("fail", method="imconnector.send.status.delivery", status=400, code="ERROR_ARGUMENT", times=1)
    house.pump()
    assert house.heard("7") == ["sent"]
    assert house.rows("7")[number]["sending"]
    assert look_back(house) == 1
    assert not house.rows("7")[number]["sending"]
    assert house.heard("7") == ["sent"]
    assert look_back(house) == 0


def test_a_delivery_status_that_the_portal_took_and_forgot_is_told_again_once(house: OneProcess):
    house.say("7", "hello")
    number = house.reply("7", "sent")
    house.pump()
    for told in (1, 0):
        forgotten = house.sandbox.portal.messages[number]
        forgotten.sending, forgotten.mids = True, []
        assert look_back(house) == told
        assert house.rows("7")[number]["sending"] is not bool(told)
    assert len(house.envelopes("status.lost")) == 1
    assert house.heard("7") == ["sent"]


def test_a_late_event_of_several_messages_brings_only_those_that_were_not_found(house: OneProcess):
    house.say("7", "hello")
    house.sandbox.drop_events(2)
    found, missed = house.reply("7", "found"), house.reply("7", "missed")
    house.sandbox.portal.messages[missed].sending = False
    assert look_back(house) == 1
    chat = house.sandbox.portal.messages[missed].chat_id
    entries = [
        {"im": {"chat_id": chat, "message_id": number}, "message": {"text": text}, "chat": {"id": "shop.7"}}
        for number, text in ((found, "found"), (missed, "missed"))
    ]
    connector = house.connector.portals["main"].connector_id("telegram")
    app = next(iter(house.sandbox.portal.apps.values()))
    form = {
        "event": "ONIMCONNECTORMESSAGEADD",
        "data": {"CONNECTOR": connector, "LINE": 1, "MESSAGES": entries},
        "ts": 1,
        "auth": {"member_id": house.sandbox.portal.config.member_id, "application_token": app.application_token},
    }
    url = f"{house.connector.settings.public_url}/bitrix24/events"
    assert requests.post(url, data=encode_params(form), timeout=10).ok
    house.pump()
    assert house.heard("7") == ["found", "missed"]


def test_handlers_that_were_unbound_or_doubled_are_mended(house: OneProcess):
    url = f"{house.connector.settings.public_url}/bitrix24/events"
    portal = house.connector.portals["main"]
    assert check_handlers(house.connector, "main") == []
    house.sandbox.unbind("ONIMCONNECTORMESSAGEADD")
    portal.call("event.bind", {"event": "ONIMCONNECTORMESSAGEUPDATE", "handler": url, "auth_type": 2})
    portal.call("event.bind", {"event": "ONIMCONNECTORMESSAGEDELETE", "handler": f"{url}/"})
    portal.call("event.bind", {"event": "ONIMCONNECTORMESSAGEADD", "handler": "http://other.example.com/x"})
    wrong = [
        "doubled ONIMCONNECTORMESSAGEDELETE",
        "doubled ONIMCONNECTORMESSAGEUPDATE",
        "missing ONIMCONNECTORMESSAGEADD",
    ]
    assert check_handlers(house.connector, "main") == wrong
    house.pump()
    assert check_handlers(house.connector, "main") == []
    bound = [(row["event"], row["handler"]) for row in portal.call("event.get")]
    assert ("ONIMCONNECTORMESSAGEADD", "http://other.example.com/x") in bound
    house.say("7", "hello")
    house.reply("7", "heard again")
    house.pump()
    assert house.heard("7") == ["heard again"]


def test_a_person_can_have_it_done_now_and_sees_it_in_the_status(house: OneProcess):
    house.say("7", "hello")
    house.sandbox.drop_events(1)
    house.reply("7", "lost")
    house.sandbox.unbind("ONAPPUPDATE")
    house.clock.add(minutes=6)

    def run(*arguments: str) -> dict[str, Any]:
        answer = CliRunner().invoke(cli, [*arguments, "--json"], obj=Tools(connector=lambda: house.connector))
        assert answer.exit_code == 0, answer.output
        return dict(json.loads(answer.stdout))

    told = run("portal", "reconcile", "main")["main"]
    assert told == {
        "chats": 1,
        "found": 1,
        "late": 0,
        "statuses": 0,
        "unreadable": 0,
        "ended": True,
        "handlers": ["missing ONAPPUPDATE"],
    }
    house.pump()
    assert house.heard("7") == ["lost"]
    assert run("status")["portals"][0]["found"] == 1
