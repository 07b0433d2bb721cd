"""The Procfile as it stands: customers, operators and the portal's administrator go through their day."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import requests

from tests.integration.house.house import TOGETHER, House, running_house
from tests.integration.house.reaper import marked
from tests.integration.house.talk import Talk, Talks
from tests.integration.house.waiting import until

pytestmark = pytest.mark.e2e

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
OFFER = b"%PDF-1.4\n" + b"offer " * 500


@pytest.fixture(params=["shop", "site"])
def talk(talks: Talks, request: pytest.FixtureRequest) -> Talk:
    """A conversation by Telegram and one by the generic channel."""
    return talks.new(request.param)


def delivered(talk: Talk, message: int) -> None:
    """Wait until the portal knows that a reply was delivered, under which ids."""
    until(lambda: talk.reply_row(message)["delivered"], what=f"message {message} is delivered")
    assert talk.reply_row(message)["connector_ids"]


def attach(talk: Talk, name: str, content: bytes, caption: str) -> None:
    talk.deliver(talk.house.standin(talk.account).attach(talk.name, name, content, caption))


def test_a_customers_text_file_and_edit_arrive_once_in_the_right_chat(talk: Talk):
    first = talk.say("good morning")
    talk.deliver(first)
    attach(talk, "shot.png", PICTURE, "see for yourself")
    talk.sees("good morning", "see for yourself")
    files = [file for row in talk.rows("client") for file in row["files"]]
    assert [requests.get(file["url"], timeout=5).content for file in files] == [PICTURE]
    edit = talk.house.standin(talk.account).edit(first, "good evening")
    assert edit is not None
    talk.deliver(edit)
    talk.settles("good evening", "see for yourself")
    chat = talk.house.sandbox.chat(talk.chat)
    assert chat["line"] == {"shop": 1, "site": 2}[talk.account]
    assert chat["connector"] == talk.house.connector(talk.account)
    assert len(chat["sessions"]) == 1


def test_an_operators_text_file_edit_and_deletion_reach_the_customer_and_are_proven(talk: Talk):
    talk.say("what does it cost?")
    talk.sees("what does it cost?")
    price = talk.reply("a hundred")
    talk.hears("a hundred")
    delivered(talk, price)
    offer = talk.reply("the offer", files=[{"name": "offer.pdf", "content": OFFER}])
    talk.hears("a hundred", "the offer", "[offer.pdf]")
    delivered(talk, offer)
    talk.house.sandbox.edit(price, "ninety")
    talk.hears("ninety", "the offer", "[offer.pdf]")
    talk.house.sandbox.delete(price)
    talk.hears("the offer", "[offer.pdf]")
    talk.quiet()
    assert talk.rows("system") == []


@pytest.mark.slow
def test_what_is_said_while_the_application_is_gone_arrives_after_the_reinstallation(house: House, talks: Talks):
    talk = talks.new()
    talk.say("before")
    talk.sees("before")
    house.sandbox.uninstall()
    until(lambda: state(house) == "uninstalled", what="the house knows that it is uninstalled")
    talk.say("while it was gone")
    talk.say("and more")
    until(lambda: [row for row in talk.deliveries("waiting") if row["attempts"] or row["cause"]], what="it was tried")
    house.install()
    assert state(house) == "active"
    talk.settles("before", "while it was gone", "and more", seconds=90)
    talk.reply("welcome back")
    talk.hears("welcome back")
    handlers = [(row["event"], row["handler"]) for row in house.sandbox.state()["handlers"]]
    assert len(handlers) == len(set(handlers)) > 0


def state(house: House) -> str:
    """What we know of our installation in the portal."""
    installation = house.journal.installation("main")
    return installation.state if installation else ""


def test_a_polite_stop_ends_every_process_and_a_start_goes_on(tmp_path: Path):
    with running_house("sqlite", tmp_path, commands=TOGETHER) as house:
        talk, run, mark = Talks(house).new("site"), house.services["run"], str(tmp_path / "connector.yaml")
        talk.say("before")
        talk.sees("before")
        house.sandbox.stop()
        talk.say("meanwhile")
        run.kept = False
        os.kill(run.pid, signal.SIGTERM)
        until(lambda: not marked(mark), seconds=30, what="every process is gone")
        house.sandbox.start()
        run.kept = True
        talk.settles("before", "meanwhile", seconds=40)
