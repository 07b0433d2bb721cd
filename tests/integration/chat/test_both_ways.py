"""A visitor and an operator talk: through the real wire, journal, pump and a pretend portal."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from connector.delivery import Pump
from connector.domain.request import Request
from connector.journal import JournalAway
from connector.providers.webchat import passes
from tests.e2e.faces.chat_stage import ChatHouse
from tests.integration.chat.browsing import PNG
from tests.services import until

PAGE = {"url": "https://acme.example/shoes", "title": "Обувь"}


class Guest:
    """A visitor by HTTP; ``frames`` is what the stream told."""

    def __init__(self, house: ChatHouse) -> None:
        self.house, self.http = house, requests.Session()
        told = self.http.post(f"{house.url}/visitors", json={"language": "ru"}, timeout=20).json()
        self.visitor = str(told["visitor"])
        self.http.headers["Authorization"] = f"Bearer {told['pass']}"
        self.frames: list[dict[str, Any]] = []
        self._said = 0

    def words(self, text: str, **more: Any) -> dict[str, Any]:
        self._said += 1
        return {"id": f"message-{self._said:012}", "text": text, **more}

    def say(self, text: str, **more: Any) -> dict[str, Any]:
        words = self.words(text, **more)
        assert self.post(words).status_code == 202
        return words

    def post(self, words: dict[str, Any]) -> requests.Response:
        return self.http.post(f"{self.house.url}/messages", json=words, timeout=20)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"{self.house.url}/state", timeout=20).json()
        return found

    def shown(self, side: str = "") -> list[str]:
        said = [message for message in self.state()["messages"] if side in ("", message["from"])]
        return ["".join(part["text"] for part in message["parts"]) for message in said]

    def marks(self) -> list[str]:
        return [message["mark"] for message in self.state()["messages"] if message["from"] == "visitor"]

    def sees(self, *texts: str, side: str = "") -> None:
        until(lambda: self.shown(side) == list(texts), f"the visitor sees {texts}", 20)

    def listen(self) -> None:
        """Read the stream until the end."""
        answer = self.http.get(f"{self.house.url}/events?after=0", stream=True, timeout=30)
        threading.Thread(target=self._read, args=(answer,), daemon=True).start()

    def _read(self, answer: requests.Response) -> None:
        for line in _lines(answer):
            if line.startswith("data:"):
                self.frames.append(json.loads(line[5:]))


def _lines(answer: requests.Response) -> Iterator[str]:
    try:
        for line in answer.iter_lines():
            yield line.decode()
    except requests.RequestException:
        return  # the web is gone, the test is over


@pytest.fixture
def guest(chat_house: ChatHouse) -> Guest:
    return Guest(chat_house)


def test_a_message_arrives_with_its_page_and_an_answer_comes_back(chat_house: ChatHouse, guest: Guest):
    guest.say("Есть 42?", page=PAGE, utm={"source": "ya"}, client={"name": "Анна Ли", "email": "anna@acme.example"})
    chat_house.arrived("Есть 42?", visitor=guest.visitor)
    [row] = chat_house.messages(guest.visitor, "client")
    assert row["text"].splitlines() == [
        "[i]Страница: [url=https://acme.example/shoes]Обувь[/url][/i]",
        "[i]Откуда пришли: utm_source=ya[/i]",
        "Есть 42?",
    ]
    assert row["author_name"] == "Анна Ли"
    guest.say("И 43?", page=PAGE, utm={"source": "ya"})
    chat_house.arrived("И 43?", visitor=guest.visitor)
    assert [row["text"] for row in chat_house.messages(guest.visitor, "client")][1:] == ["И 43?"]
    assert {row["author_name"] for row in chat_house.messages(guest.visitor, "client")} == {"Анна Ли"}
    until(lambda: guest.marks() == ["delivered"] * 2, "both are delivered", 20)
    number = chat_house.reply(guest.visitor, "Да, [b]есть[/b]")
    guest.sees("Да, есть", side="operator")
    assert guest.marks() == ["read"] * 2
    assert guest.state()["operator"]["name"]

    def told() -> bool:
        return any(row["id"] == number and row["delivered"] for row in chat_house.messages(guest.visitor))

    until(told, "the portal knows that it stands in the chat", 20)
    chat_house.sandbox.edit(number, "Да, два")
    guest.sees("Да, два", side="operator")
    chat_house.sandbox.delete(number)
    guest.sees("", side="operator")
    assert guest.state()["messages"][-1]["deleted"]


def test_files_go_both_ways(chat_house: ChatHouse, guest: Guest):
    headers = {"Content-Type": "image/png", "X-File-Name": "photo.png"}
    file = guest.http.post(f"{chat_house.url}/files", data=PNG, headers=headers, timeout=20).json()
    guest.say("вот", files=[file["id"]])
    chat_house.arrived("вот", visitor=guest.visitor)
    [row] = chat_house.messages(guest.visitor, "client")
    assert [(one["name"], one["size"]) for one in row["files"]] == [("photo.png", len(PNG))]
    chat_house.sandbox.fault("fail", method="user.get", status=401, code="insufficient_scope", times=-1)
    files = [{"name": "счёт.pdf", "content": b"%PDF-1.4 a"}, {"name": "фото.png", "content": PNG}]
    chat_house.reply(guest.visitor, "держите", files=files)
    guest.sees("держите", "", side="operator")
    given = [one for message in guest.state()["messages"] if message["from"] == "operator" for one in message["files"]]
    assert [(one["name"], one["image"]) for one in given] == [("счёт.pdf", False), ("фото.png", True)]
    assert requests.get(given[0]["url"], timeout=20).content == b"%PDF-1.4 a"
    [*_, first, second] = guest.state()["messages"]
    assert first["name"] == second["name"] != ""


def test_a_rating_is_asked_for_and_given(chat_house: ChatHouse, guest: Guest):
    guest.say("Спасибо", page=PAGE)
    chat_house.arrived("Спасибо", visitor=guest.visitor)
    chat_house.reply(guest.visitor, "Пожалуйста")
    chat_house.ask_rating(guest.visitor)
    until(lambda: bool(guest.state()["rating"]), "a rating is asked for", 20)
    rating = {"id": guest.state()["rating"]["id"], "value": "dislike", "comment": "долго"}
    assert guest.http.post(f"{chat_house.url}/rating", json=rating, timeout=20).status_code == 202

    def voted() -> bool:
        return [one["vote"] for one in chat_house.sandbox.chat(f"site.{guest.visitor}")["sessions"]] == [1]

    until(voted, "the portal took the vote", 20)
    assert guest.state()["rating"] is None
    assert chat_house.messages(guest.visitor, "client")[-1]["text"] == "0 долго"


def test_the_stream_tells_of_everything_by_itself(chat_house: ChatHouse, guest: Guest):
    guest.listen()
    guest.say("раз")
    until(lambda: any(frame["messages"] for frame in guest.frames), "the own words come back", 20)
    chat_house.arrived("раз", visitor=guest.visitor)

    def marked(mark: str) -> bool:
        return any(message["mark"] == mark for frame in guest.frames for message in frame["messages"])

    until(lambda: marked("delivered"), "the mark moves", 20)
    number = chat_house.reply(guest.visitor, "два")
    until(lambda: guest.frames[-1]["unread"] == 1, "the answer comes", 20)
    until(lambda: marked("read"), "the mark moves again", 20)
    chat_house.sandbox.edit(number, "три")
    until(lambda: any(one["edited"] for one in guest.frames[-1]["messages"]), "the edit comes", 20)
    numbers = [frame["seq"] for frame in guest.frames]
    assert numbers == sorted(set(numbers)), "no frame comes twice"


def test_two_messages_at_once_keep_their_order(chat_house: ChatHouse, guest: Guest):
    chat_house.pumping.pause()
    for number in range(12):
        guest.say(f"n{number}", page=PAGE)
    chat_house.pumping.resume()
    chat_house.arrived(*[f"n{number}" for number in range(12)], visitor=guest.visitor)
    texts = [row["text"] for row in chat_house.messages(guest.visitor, "client")]
    assert sum("Страница" in text for text in texts) == 1
    assert len(texts) == 12


def test_the_portal_is_down_and_the_mark_says_the_truth(chat_house: ChatHouse, guest: Guest):
    chat_house.sandbox.set_down("unavailable")
    guest.say("раз")
    journal = chat_house.connector.journal
    until(lambda: any(row["attempts"] for row in journal.list("deliveries", state="waiting")), "it was tried", 20)
    assert guest.marks() == ["kept"]
    chat_house.sandbox.set_down("")
    chat_house.arrived("раз", visitor=guest.visitor)
    until(lambda: guest.marks() == ["delivered"], "it arrived", 20)


@pytest.mark.parametrize("written", ["nothing", "the way into the portal"])
def test_killed_between_the_two_writes_nothing_is_lost_and_nothing_doubled(
    chat_house: ChatHouse, guest: Guest, written: str
):
    """The process dies before, between and after: the browser comes again with the same message."""
    words = guest.words("не пропадёт", page=PAGE)
    journal = chat_house.connector.journal
    if written != "nothing":
        raw = json.dumps(words).encode()
        headers = {"content-type": "application/json", "authorization": str(guest.http.headers["Authorization"])}
        request = Request(
            method="POST",
            path="/chat/site/messages",
            headers=headers,
            body=raw,
            received_at=chat_house.connector.clock(),
        )
        chat_house.connector.intake.accept("site", request)
        chat_house.arrived("не пропадёт", visitor=guest.visitor)
        assert guest.shown() == []
    for _ in range(3):
        assert guest.post(words).status_code == 202
    guest.sees("не пропадёт")
    chat_house.arrived("не пропадёт", visitor=guest.visitor)
    until(lambda: guest.marks() == ["delivered"], "it is delivered", 20)
    assert len(chat_house.messages(guest.visitor, "client")) == 1
    assert len(journal.list("envelopes", account="site")) == 1


class Forgetful:
    """The store of conversations; the first answer is lost after the commit."""

    def __init__(self, journal: Any) -> None:
        self.journal, self.lost = journal, False

    def say_in_chat(self, *args: Any, **kwargs: Any) -> str:
        number: str = self.journal.say_in_chat(*args, **kwargs)
        if not self.lost:
            self.lost = True
            raise JournalAway("the connection was cut after the commit")
        return number


def test_a_reply_whose_answer_was_lost_stands_once(chat_house: ChatHouse, guest: Guest):
    guest.say("раз")
    chat_house.arrived("раз", visitor=guest.visitor)
    chat_house.pumping.pause()
    journal, work = chat_house.connector.journal, chat_house.connector.work
    chats = Forgetful(journal)
    chat_house.reply(guest.visitor, "два")
    until(lambda: "account:site" in journal.due_destinations(), "the reply is here", 20)
    Pump(replace(work, reach=replace(work.reach, chats=chats)), "account:site").run(seconds=5)
    assert chats.lost
    chat_house.pumping.resume()
    until(lambda: not journal.list("deliveries", state="waiting"), "all is settled", 30)
    assert guest.shown("operator") == ["два"]
    assert journal.list("deliveries", state="parked") == []


def test_an_operator_writes_to_a_visitor_of_whom_nothing_is_left(chat_house: ChatHouse, guest: Guest):
    guest.say("раз")
    chat_house.arrived("раз", visitor=guest.visitor)
    with chat_house.connector.journal.store.writing() as db:
        db.exec_driver_sql("DELETE FROM chats")
    chat_house.reply(guest.visitor, "вы ещё здесь?")
    guest.sees("вы ещё здесь?")


def test_the_web_comes_back_and_the_conversation_goes_on(chat_house: ChatHouse, guest: Guest):
    guest.say("раз")
    chat_house.web.stop()
    with pytest.raises(requests.ConnectionError):
        guest.post(guest.words("нет"))
    chat_house.web.start()
    guest.say("два")
    chat_house.arrived("раз", "два", visitor=guest.visitor)


def test_a_thousand_open_conversations_are_few_questions(chat_house: ChatHouse):
    """What the poll of one process asks does not grow with its streams."""
    journal = chat_house.connector.journal
    names = [("site", passes.new_visitor()) for _ in range(1000)]
    for name in names[:50]:
        journal.meet_visitor(*name)
    began = time.monotonic()
    assert len(journal.chat_versions(names)) == 50
    assert time.monotonic() - began < 10
