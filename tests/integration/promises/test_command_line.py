"""The command line against the running house."""

from __future__ import annotations

from tests.integration.house.house import House
from tests.integration.house.talk import Talks


def test_check_finds_nothing_bad_once_the_account_is_connected(house: House):
    house.cli("account", "connect", "shop")
    told = house.cli("check")
    assert told["bad"] == 0
    assert {finding["of"] for finding in told["findings"]} == {
        "this machine",
        "portal main",
        "account shop",
        "account site",
    }
    assert {finding["state"] for finding in told["findings"]} <= {"ok", "warn"}


def test_status_tells_what_waits_and_what_is_wrong(house: House, talks: Talks):
    talk = talks.new()
    talk.say("before")
    talk.sees("before")
    talk.quiet()
    told = house.cli("status")
    assert (told["ok"], told["database"], told["redis"], told["spool"]) == (True, True, True, False)
    portal = next(row for row in told["destinations"] if row["name"] == "portal:main")
    assert portal["waiting"] == portal["parked"] == 0
    assert portal["done_last_hour"] >= 1
    assert [(row["name"], row["state"]) for row in told["portals"]] == [("main", "active")]
    house.sandbox.set_down("unavailable")
    talk.say("while the portal is away")
    told = house.cli("status")
    portal = next(row for row in told["destinations"] if row["name"] == "portal:main")
    assert (portal["waiting"], portal["lanes"]) == (1, 1)
    house.sandbox.set_down("")
    talk.sees("before", "while the portal is away")


def test_the_journal_tells_the_story_of_a_reply_from_the_event_to_the_proof(house: House, talks: Talks):
    talk = talks.new()
    talk.say("a question")
    talk.sees("a question")
    message = talk.reply("an answer")
    talk.hears("an answer")
    talk.quiet()
    rows = house.cli("journal", "list", "--destination", "account:shop", "--limit", "1")
    assert [(row["kind"], row["state"], row["lane"]) for row in rows] == [("reply.written", "done", talk.chat)]
    shown = house.cli("journal", "show", str(rows[0]["id"]))
    assert shown["event"]["im"]["message_id"] == str(message)
    story = house.cli("journal", "trace", shown["trace"])
    assert [row["kind"] for row in story["deliveries"]] == ["reply.written", "reply.delivered"]
    assert [row["state"] for row in story["ledger"]] == ["done"]
    calls = [row["what"] for row in story["calls"]]
    assert calls == ["send", "imconnector.send.status.delivery"]
    secrets = ("access_token", "application_token", "refresh_token")
    tokens = [house.sandbox.portal.apps["local.house"].application_token, *house.sandbox.portal.access]
    assert not any(token in str(story) for token in tokens)
    assert any(name in story["envelope"]["body"] for name in secrets)


def test_what_is_not_there_is_told_with_exit_code_1(house: House):
    told = house.cli("journal", "show", "999999999", ok=False)
    assert told["error"]["cause"] == "journal.unknown"
    assert told["error"]["hint"]
