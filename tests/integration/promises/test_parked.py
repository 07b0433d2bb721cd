"""What cannot be done is parked with its cause and comes back after the mend; nothing is dropped."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from connector.domain.request import Request
from tests.integration.house import blueprint
from tests.integration.house.house import House
from tests.integration.house.talk import Talk, Talks
from tests.integration.house.waiting import until

# A later edition of the telegram folder, which can read what today's cannot.
MENDED = """

def _message_of_tomorrow(message: Json, position: int, settings: TelegramSettings) -> Event:
    return _message({"chat": {"id": message["chat_id"], "type": "private"}, **message}, position, settings)


_KINDS["message"] = _message_of_tomorrow
"""


@pytest.fixture
def mended(tmp_path: Path) -> Path:
    """A copy of the code with the telegram parser mended."""
    for room in ("connector", "mappings", "jobs", "webhooks"):
        shutil.copytree(blueprint.ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    parser = tmp_path / "connector/providers/telegram/inbound.py"
    parser.write_text(parser.read_text() + MENDED)
    return tmp_path


def unreadable(talk: Talk, text: str) -> Request:
    """A message whose chat stands where no parser of today looks for it."""
    request = talk.words(text)
    update = json.loads(request.body)
    update["message"]["chat_id"] = update["message"].pop("chat")["id"]
    return replace(request, body=json.dumps(update).encode())


def parked_reply(talk: Talk) -> dict[str, object]:
    return until(lambda: talk.deliveries("parked"), what="the reply is parked")[0]


def test_a_message_that_no_parser_reads_is_taken_and_parked_and_delivered_after_the_mend(
    house: House, talks: Talks, mended: Path
):
    talk = talks.new("shop")
    request = unreadable(talk, "from tomorrow")
    assert talk.post(request).status_code == 200
    assert talk.post(request).status_code == 200
    kept = house.journal.list("envelopes", state="parked", account="shop")
    assert [row["cause"] for row in kept] == ["parse.failed"]
    trace = kept[0]["trace"]
    assert f"connector journal replay {trace}" in kept[0]["hint"]["ru"]
    assert house.journal.show(trace)["body"] == request.body.decode()
    refused = house.cli("journal", "replay", trace, "--yes", "--why", "too early", ok=False)
    assert refused["error"]["cause"] == "parse.failed"
    assert talk.rows() == []
    house.cli("journal", "replay", trace, "--yes", "--why", "mended", code=mended)
    talk.settles("from tomorrow")
    assert house.journal.list("envelopes", state="parked", account="shop") == []


@pytest.mark.parametrize(("account", "cause"), [("shop", "telegram.blocked"), ("site", "generic.rejected")])
def test_a_refused_reply_is_parked_the_operator_sees_why_and_a_replay_delivers_it(
    house: House, talks: Talks, account: str, cause: str
):
    talk = talks.new(account)
    talk.say("hello")
    talk.sees("hello")
    house.standin(account).refuse_next()
    message = talk.reply("are you there?")
    row = parked_reply(talk)
    assert (row["cause"], row["state"]) == (cause, "parked")
    assert row["hint"]["en"] != row["hint"]["ru"]  # type: ignore[index]
    notes = until(lambda: talk.rows("system"), what="the operator sees a note")
    assert row["hint"]["en"] in notes[0]["text"]  # type: ignore[index]
    assert not notes[0]["forwarded"]
    assert talk.heard() == []
    assert talk.reply_row(message)["sending"]
    assert house.cli("journal", "replay", str(row["id"]), "--yes", "--why", "unblocked")["replayed"] == 1
    talk.hears("are you there?")
    until(lambda: talk.reply_row(message)["delivered"], what="the portal knows that it was delivered")
    talk.quiet()
    assert talk.heard() == ["are you there?"]
    assert len(talk.rows("system")) == len(notes)
