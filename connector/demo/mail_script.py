"""Scripted letters through the pretend mail server and the real listener, checked in the portal and at the customer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connector.demo.house import DemoHouse, until
from connector.demo.letterbox import ACCOUNT, PAUSE, SHOP_ADDRESS
from connector.demo.script import PICTURE, REPEATS, Row, check, timed
from connector.providers.mail.standin import Letter
from connector.speech import Text

SECONDS = 20.0
VERA, SUBJECT = "vera@example.com", "Order 17"
AWAY = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}


@dataclass(kw_only=True)
class Post:
    """The customer with her mail program, and the same conversation at the portal."""

    house: DemoHouse
    memory: dict[str, Letter] = field(default_factory=dict)

    def write(self, subject: str, text: str, **more: Any) -> Letter:
        """She writes to the shop."""
        return self.house.mail.write(VERA, subject, text, name="Vera Sokolova", **more)

    def letters(self, many: int) -> list[Letter]:
        """What she got, once there are so many letters. Raises ``TimeoutError``."""
        return list(until(f"{many} letters at the customer", lambda: self._got(many), SECONDS))

    def chat(self) -> dict[str, Any]:
        """Her chat, which is named after her letter. Raises ``TimeoutError``."""

        def found() -> list[dict[str, Any]]:
            return [row for row in self.house.sandbox.chats() if row["name"] == SUBJECT]

        chats = until("the chat named after the letter", found, SECONDS)
        check(len(chats) == 1, f"{len(chats)} chats are named after the letter")
        return dict(chats[0])

    def at_portal(self, author: str = "client") -> list[dict[str, Any]]:
        """What stands in her chat."""
        return self.house.sandbox.messages(self.chat()["id"], author)

    def comes(self, text: str) -> dict[str, Any]:
        """Her message with this text, which stands once in the chat."""
        until(f"{text!r} in the chat", lambda: any(text in row["text"] for row in self.at_portal()), SECONDS)
        found = [row for row in self.at_portal() if text in row["text"]]
        check(len(found) == 1, f"{text!r} stands {len(found)} times in the chat")
        return dict(found[0])

    def reply(self, text: str, files: Any = ()) -> int:
        """The operator writes; the portal's message id."""
        return int(self.house.sandbox.say(self.chat()["external"], text, files=files)["id"])

    def delivered(self, *messages: int) -> None:
        """Wait until the portal knows that she has them."""

        def all_told() -> bool:
            known = {row["id"] for row in self.at_portal("operator") if row["delivered"]}
            return known >= set(messages)

        until("the delivery marks in the chat", all_told, SECONDS)

    def _got(self, many: int) -> list[Letter]:
        letters = self.house.mail.inbox(VERA)
        return letters if len(letters) >= many else []


def play_mail(house: DemoHouse) -> Iterator[Row]:
    """Every step, one row each."""
    post = Post(house=house)
    for step, act in _STEPS:
        yield timed(ACCOUNT, step, partial(act, post))


def _writes(post: Post) -> None:
    post.memory["first"] = post.write(SUBJECT, "Good day, is it ready?", files=[("receipt.png", PICTURE)])
    row = post.comes("Good day, is it ready?")
    check(row["text"].startswith(f"[b]{SUBJECT}[/b]"), "the subject is not the first line, bold")
    files = {file["name"]: file["size"] for file in row["files"]}
    check(files.get("receipt.png") == len(PICTURE), f"the files are {files}")
    check(any(name.endswith(".eml") for name in files), f"the whole letter is not among the files {list(files)}")


def _two_lines(post: Post) -> None:
    lines = post.reply("It is [b]ready[/b]."), post.reply("Come by until six.")
    [letter] = post.letters(1)
    whole = all(text in letter.text for text in ("It is ready.", "Come by until six."))
    check(whole, f"the letter says {letter.text!r}")
    check("<b>ready</b>" in letter.html or "<strong>ready</strong>" in letter.html, "the letter lost its bold words")
    post.delivered(*lines)
    time.sleep(PAUSE)
    check(len(post.house.mail.inbox(VERA)) == 1, "a second letter came")
    post.memory["answer"] = letter


def _in_thread(post: Post) -> None:
    first, letter = post.memory["first"], post.memory["answer"]
    check(letter.subject == f"Re: {SUBJECT}", f"the subject is {letter.subject!r}")
    check(SHOP_ADDRESS in letter.sender, f"it is from {letter.sender}")
    check(letter.headers.get("in-reply-to") == first.message_id, "In-Reply-To is not the customer's letter")
    check(letter.references == (first.message_id,), f"References are {letter.references}")

    def kept() -> bool:
        return any(sent.message_id == letter.message_id for sent in post.house.mail.folder("Sent"))

    until("the copy among what was sent", kept, SECONDS)


def _answers(post: Post) -> None:
    letter = post.memory["answer"]
    quoted = "\n".join(f"> {line}" for line in letter.text.splitlines())
    said = f"Thank you, I am on my way!\n\nOn Mon, 2 Feb 2026 at 10:00, Acme shop <{SHOP_ADDRESS}> wrote:\n{quoted}\n"
    post.memory["second"] = post.write(letter.subject, said, answers=letter)
    row = post.comes("I am on my way")
    check("Come by until six" not in row["text"], "what she quoted came along")
    check(not row["text"].startswith("[b]"), "the subject stands there once more")


def _copies(post: Post) -> None:
    inbox = post.house.mail.boxes
    raw = inbox.of(SHOP_ADDRESS)[-1].raw
    for _ in range(REPEATS):
        inbox.put("INBOX", raw)
    post.write(f"Re: {SUBJECT}", "And one cup, please.", answers=post.memory["answer"])
    post.comes("And one cup")
    post.comes("I am on my way")


def _file(post: Post) -> None:
    content = b"%PDF-1.4 demo"
    message = post.reply("The invoice", [{"name": "invoice.pdf", "content": content}])
    letter = post.letters(2)[-1]
    files = [(piece.name, piece.content) for piece in letter.files]
    check(files == [("invoice.pdf", content)], f"the files are {[name for name, _ in files]}")
    check(letter.references[:1] == (post.memory["first"].message_id,), "it left the thread")
    post.delivered(message)


def _away(post: Post) -> None:
    before, letter = len(post.at_portal()), post.letters(2)[-1]
    post.write(f"Automatic reply: {letter.subject}", "I am away until Monday.", answers=letter, headers=AWAY)

    def noted() -> bool:
        return any("I am away until Monday" in row["text"] for row in post.at_portal("system"))

    until("the note to the operator", noted, SECONDS)
    check(len(post.at_portal()) == before, "it stands there as the customer's message")


def _refused(post: Post) -> None:
    post.house.mail.manners.next = ["never"]
    before, notes = len(post.house.mail.inbox(VERA)), len(post.at_portal("system"))
    post.reply("You will not read this.")
    until("the note to the operator", lambda: len(post.at_portal("system")) > notes, SECONDS)
    check(len(post.house.mail.inbox(VERA)) == before, "the customer got something")


_STEPS: tuple[tuple[Text, Callable[[Post], None]], ...] = (
    (Text("a letter opens a chat", "письмо открывает чат"), _writes),
    (Text("two lines, one letter", "две реплики, одно письмо"), _two_lines),
    (Text("it stands in the thread", "письмо стоит в цепочке"), _in_thread),
    (Text("the customer answers", "клиент отвечает на письмо"), _answers),
    (Text("five copies of a letter", "пять копий письма"), _copies),
    (Text("operator sends a file", "оператор шлёт файл"), _file),
    (Text("out of office: a note", "автоответ: только заметка"), _away),
    (Text("the server refuses a letter", "сервер отклоняет письмо"), _refused),
)
