from __future__ import annotations

import pytest

from connector.registry import providers
from tests.unit.cli.conftest import CAUSE


def _said(desk, text="hello"):
    """A request of the stand-in messenger."""
    provider = providers()["telegram"]
    return provider.standin(desk.house.accounts["shop"].settings).say("77", text)


def test_the_list_shows_cause_and_hint_of_what_is_parked(desk):
    (number,) = desk.park()
    shown = desk.run("journal", "list", "--state", "parked").stdout
    assert f"{number}: {CAUSE} blocked by the user" in shown
    assert "→ ask the client to write" in shown
    assert "→ попросите клиента написать" in desk.run("journal", "list", "--lang", "ru").stdout


def test_beside_a_hint_stands_the_command_that_tries_again(desk):
    (number,) = desk.park()
    command = f'connector journal replay {number} --why "…"'
    for shown in (("list",), ("show", str(number)), ("trace", str(number))):
        assert command in desk.run("journal", *shown).stdout
    desk.run("journal", "discard", str(number), "--why", "x", "--yes")
    assert "journal replay" not in desk.run("journal", "list").stdout


def test_filters_narrow_the_list(desk):
    desk.park(2)
    assert len(desk.json("journal", "list", "--cause", CAUSE)) == 2
    assert desk.json("journal", "list", "--cause", "other") == []
    assert desk.json("journal", "list", "--destination", "account:shop") == []
    newest, older = desk.json("journal", "list")
    assert desk.json("journal", "list", "--after", str(newest["id"])) == [older]
    assert len(desk.json("journal", "list", "--envelopes")) == 2


def test_replay_makes_the_delivery_wait_again_and_names_who_and_why(desk):
    (number,) = desk.park()
    assert desk.json("journal", "replay", str(number), "--yes", "--why", "mended", "--who", "anna")["replayed"] == 1
    row = desk.json("journal", "show", str(number))
    assert (row["state"], row["cause"]) == ("waiting", "")
    (deed,) = desk.house.journal.trace(row["trace"])["audit"]
    assert (deed["who"], deed["what"], deed["why"]) == ("anna", "replay", "mended")


def test_a_deed_needs_a_reason_and_an_answer(desk):
    (number,) = desk.park()
    assert desk.run("journal", "replay", str(number)).exit_code == 2
    assert desk.run("journal", "discard", str(number), "--why", "x", answer="n\n").exit_code == 1
    assert desk.json("journal", "show", str(number))["state"] == "parked"
    assert desk.run("journal", "discard", str(number), "--why", "x", answer="y\n").exit_code == 0
    assert desk.json("journal", "show", str(number))["state"] == "discarded"


def test_everything_of_one_cause_is_replayed_at_once(desk):
    desk.park(3)
    assert desk.json("journal", "replay", "--cause", CAUSE, "--yes", "--why", "x")["replayed"] == 3
    assert desk.json("journal", "list", "--state", "parked") == []


def test_a_deed_by_filter_is_one_line_in_the_audit(desk):
    desk.park(3)
    told = desk.json("journal", "discard", "--cause", CAUSE, "--yes", "--why", "spam", "--who", "anna")
    assert told["discarded"] == 3
    (note,) = desk.house.journal.audits()
    assert (note.who, note.what, note.target) == ("anna", "discard", f"deliveries: 3 (cause={CAUSE})")
    assert desk.json("journal", "replay", "--cause", CAUSE, "--yes", "--why", "x")["replayed"] == 0


@pytest.mark.parametrize("arguments", [(), ("1", "--cause", "x"), ("--limit", "0")])
def test_a_vague_wish_is_wrong_usage(desk, arguments):
    assert desk.run("journal", "replay", *arguments, "--why", "x").exit_code == 2


@pytest.mark.parametrize("name", ["99", "²"])
def test_what_is_not_parked_is_refused_with_a_hint(desk, name: str):
    result = desk.run("journal", "replay", name, "--yes", "--why", "x", "--lang", "ru")
    assert result.exit_code == 1
    assert f"journal.unknown: {name}" in result.stderr
    assert "connector journal list" in result.stderr
    assert "Traceback" not in result.output


def test_an_unread_request_is_read_again_by_its_provider(desk):
    trace = desk.park_envelope(_said(desk))
    answer = desk.json("journal", "replay", trace, "--yes", "--why", "updated")
    assert answer["envelopes"] == {trace: 1}
    (row,) = desk.json("journal", "list", "--account", "shop")
    assert (row["kind"], row["state"], row["destination"]) == ("message.received", "waiting", "portal:main")
    assert desk.json("journal", "show", trace)["state"] == "accepted"
    again = desk.run("journal", "replay", trace, "--yes", "--why", "again")
    assert (again.exit_code, "envelope.not_parked" in again.stderr) == (1, True)


def test_a_request_that_still_cannot_be_read_stays_parked(desk):
    request = _said(desk)
    broken = type(request)(**{**request.__dict__, "body": b"\xff{"})
    trace = desk.park_envelope(broken)
    result = desk.run("journal", "replay", trace, "--yes", "--why", "x")
    assert result.exit_code == 1
    assert "parse.failed" in result.stderr
    assert desk.json("journal", "show", trace)["state"] == "parked"


def test_a_portals_event_is_read_again(desk):
    now = desk.house.clock()
    request = type(_said(desk))(
        method="POST",
        path="/bitrix24/events",
        headers={},
        body=b"event=ONSOMETHINGELSE&auth[member_id]=m",
        received_at=now,
    )
    trace = desk.park_envelope(request, account="portal:main")
    assert desk.json("journal", "replay", trace, "--yes", "--why", "x")["envelopes"] == {trace: 0}
    assert desk.json("journal", "show", trace)["state"] == "ignored"


def test_an_account_that_is_gone_is_told(desk):
    trace = desk.park_envelope(_said(desk), account="closed")
    result = desk.run("journal", "replay", trace, "--yes", "--why", "x")
    assert (result.exit_code, "account.gone" in result.stderr) == (1, True)


def test_an_unread_request_may_be_discarded(desk):
    trace = desk.park_envelope(_said(desk))
    assert desk.json("journal", "discard", trace, "--yes", "--why", "spam")["envelopes"] == [trace]
    assert desk.json("journal", "show", trace)["state"] == "ignored"


def test_the_trace_tells_the_story_by_trace_or_by_number(desk):
    (number,) = desk.park()
    found = desk.json("journal", "trace", str(number))
    assert [line["kind"] for line in found["story"]] == ["received", "delivery", "settled"]
    shown = desk.run("journal", "trace", found["trace"]).stdout
    assert "dialog.started → portal:main" in shown
    assert "→ ask the client to write" in shown
