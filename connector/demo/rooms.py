"""What the server of the demo page has: page, shop, telephone, mail, warehouse, and changes as server-sent events."""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from connector.demo.door import Door
from connector.demo.letterbox import SHOP_ADDRESS
from connector.demo.page import Answer, Asked, as_json, plain
from connector.demo.people import ADDRESS
from connector.demo.phone import PhoneError, Picked
from connector.demo.stage import Stage
from connector.demo.words import MAIL, PHONE, PHRASES, SHOP, STEPS, WORDS, spoken

FILES = Path(__file__).parent / "page_files"
STATIC = frozenset(file.name for file in FILES.iterdir() if file.suffix in (".css", ".js", ".svg"))
BEAT, KEEP_ALIVE = 0.25, 5.0
TEXT_LIMIT, NAME_LIMIT, FILE_LIMIT = 4096, 200, 8 * 2**20
LETTER_LIMIT, TABLE_LIMIT = 50_000, 50_000


class DemoRooms:
    """Answers by a table of paths; ``stop`` ends the streams."""

    def __init__(self, stage: Stage, door: Door, stop: threading.Event) -> None:
        self._stage, self._door, self._stop = stage, door, stop
        self._pages = Environment(
            loader=FileSystemLoader(FILES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._table: dict[tuple[str, str], Callable[[Asked], Answer]] = {
            ("GET", "/"): self._page,
            ("GET", "/events"): lambda asked: self._stream(lambda: self._stage.seen(asked.language)),
            ("GET", "/shop"): self._shop,
            ("GET", "/phone"): self._phone,
            ("GET", "/phone/events"): lambda asked: self._stream(self._stage.phone.screen),
            ("GET", "/phone/file"): self._phone_file,
            ("POST", "/phone/say"): self._phone_says,
            ("GET", "/mail"): self._mail,
            ("GET", "/mail/events"): lambda asked: self._stream(self._stage.letterbox.screen),
            ("GET", "/mail/file"): self._mail_file,
            ("POST", "/mail/write"): self._mail_writes,
            ("POST", "/call"): self._call,
            ("POST", "/warehouse"): self._warehouse,
            ("POST", "/trouble"): self._trouble,
        }

    def __call__(self, asked: Asked) -> Answer:
        """The answer to one request; 404 for what is not there."""
        found = self._table.get((asked.method, asked.path))
        if found is not None:
            return found(asked)
        name = asked.path.removeprefix("/files/")
        if asked.method == "GET" and asked.path != name and name in STATIC:
            mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
            return Answer(body=(FILES / name).read_bytes(), content_type=f"{mime}; charset=utf-8")
        return plain(404)

    def _page(self, asked: Asked) -> Answer:
        language = asked.language
        steps = [{"name": name, "do": do.say(language), "how": how.say(language)} for name, (do, how) in STEPS.items()]
        words = spoken(WORDS, language)
        body = self._render(
            "demo.html",
            language=language,
            words=words,
            steps=steps,
            chat=self._stage.chat,
            colleagues=self._stage.colleagues,
            shipments=self._stage.warehouse.text,
            console=f"{self._door.connector}/ops",
            desk=f"{self._door.portal}/desk?lang={language}",
            told={"words": words, "steps": steps, "console": f"{self._door.connector}/ops"},
        )
        cookies = self._cookies(language) if self._door.may_enter(asked.headers) else ()
        return Answer(body=body, headers=(("Content-Security-Policy", self._door.page_policy()), *cookies))

    def _cookies(self, language: str) -> tuple[tuple[str, str], ...]:
        """Cookies know no ports: the console, on the same host, finds its visitor signed in."""
        kept = "Path=/ops; HttpOnly; SameSite=Lax"
        return (
            ("Set-Cookie", f"ops_session={self._stage.session()}; {kept}"),
            ("Set-Cookie", f"ops_language={language}; {kept}"),
        )

    def _shop(self, asked: Asked) -> Answer:
        script = f"{self._door.connector}/chat/{self._stage.chat}/widget.js"
        body = self._render("shop.html", language=asked.language, words=spoken(SHOP, asked.language), script=script)
        return Answer(body=body, headers=(("Content-Security-Policy", self._door.shop_policy()),))

    def _phone(self, asked: Asked) -> Answer:
        words = spoken(PHONE, asked.language)
        phrases = [phrase.say(asked.language) for phrase in PHRASES]
        body = self._render("phone.html", language=asked.language, words=words, phrases=phrases, told={"words": words})
        return Answer(body=body, headers=(("Content-Security-Policy", self._door.inner_policy()),))

    def _phone_file(self, asked: Asked) -> Answer:
        number = asked.query.get("id", "")
        return _file(self._stage.phone.file(int(number)) if _small(number) else None)

    def _mail(self, asked: Asked) -> Answer:
        told = {"words": spoken(MAIL, asked.language), "me": ADDRESS, "to": SHOP_ADDRESS}
        body = self._render("mail.html", language=asked.language, told=told, **told)
        return Answer(body=body, headers=(("Content-Security-Policy", self._door.inner_policy()),))

    def _mail_file(self, asked: Asked) -> Answer:
        number = asked.query.get("file", "")
        return _file(self._stage.letterbox.file(asked.query.get("id", ""), int(number)) if _small(number) else None)

    def _mail_writes(self, asked: Asked) -> Answer:
        """``{subject, text, name?, content? (base64), answers? (letter id)}``."""
        body = {name: str(asked.body.get(name, "")) for name in ("subject", "text", "name", "content", "answers")}
        try:
            content = base64.b64decode(body["content"], validate=True)
            if len(content) > FILE_LIMIT or not (body["text"].strip() or body["name"]):
                return plain(400)
            files = [(_line(body["name"]), content)] if body["name"] else []
            subject = _line(body["subject"])
            self._stage.letterbox.write(subject, body["text"][:LETTER_LIMIT], files, body["answers"])
        except (binascii.Error, LookupError, ValueError):
            return plain(400)
        return as_json({"sent": True})

    def _phone_says(self, asked: Asked) -> Answer:
        """``{text, name?, content? (base64), edit? (message id)}``; 503 when the connector does not answer."""
        text, name = str(asked.body.get("text", ""))[:TEXT_LIMIT], str(asked.body.get("name", ""))[:NAME_LIMIT]
        phone = self._stage.phone
        try:
            content = base64.b64decode(str(asked.body.get("content", "")), validate=True)
            if len(content) > FILE_LIMIT or not (text.strip() or name):
                return plain(400)
            if asked.body.get("edit"):
                phone.edit(int(asked.body["edit"]), text)
            elif name:
                phone.attach(name, content, text)
            else:
                phone.say(text)
        except PhoneError:
            return plain(503)
        except (binascii.Error, LookupError, ValueError, TypeError):
            return plain(400)
        return as_json({"sent": True})

    def _call(self, asked: Asked) -> Answer:
        """``{deed: call | answer | hang_up, as? (extension)}``: 409 when that cannot be done now."""
        try:
            done = self._stage.handset.press(str(asked.body.get("deed", "")), str(asked.body.get("as", "")))
        except KeyError:
            return plain(400)
        return as_json({"done": done}, 200 if done else 409)

    def _warehouse(self, asked: Asked) -> Answer:
        """``{deed: try | run, text}``: 409 while another deed goes on."""
        text = str(asked.body.get("text", ""))
        if len(text) > TABLE_LIMIT:
            return plain(400)
        try:
            done = self._stage.warehouse.press(str(asked.body.get("deed", "")), text)
        except (KeyError, UnicodeEncodeError):
            return plain(400)
        return as_json({"done": done}, 200 if done else 409)

    def _trouble(self, asked: Asked) -> Answer:
        """``{name}``: 409 while another trouble is under way."""
        try:
            begun = self._stage.troubles.press(str(asked.body.get("name", "")))
        except KeyError:
            return plain(400)
        return as_json({"begun": begun}, 200 if begun else 409)

    def _render(self, template: str, **values: Any) -> bytes:
        return self._pages.get_template(template).render(**values).encode()

    def _stream(self, read: Callable[[], Any]) -> Answer:
        return Answer(body=self._frames(read), content_type="text/event-stream")

    def _frames(self, read: Callable[[], Any]) -> Iterator[bytes]:
        """What ``read`` tells, again whenever it differs from the last; until the demo ends."""
        yield b"retry: 1000\n\n"
        sent, spoke = "", time.monotonic()
        while not self._stop.wait(BEAT):
            told = json.dumps(read(), ensure_ascii=False)
            if told != sent:
                yield f"data: {told}\n\n".encode()
                sent, spoke = told, time.monotonic()
            elif time.monotonic() - spoke > KEEP_ALIVE:
                yield b": still here\n\n"
                spoke = time.monotonic()


def _file(file: Picked | None) -> Answer:
    """Pictures are shown, everything else is only saved, nothing of it can run."""
    if file is None:
        return plain(404)
    saved = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    return Answer(
        body=file.content,
        content_type=file.mime if file.image else "application/octet-stream",
        headers=(
            ("Content-Security-Policy", "default-src 'none'; sandbox"),
            *(() if file.image else (("Content-Disposition", saved),)),
        ),
    )


def _small(number: str) -> bool:
    return number.isdecimal() and len(number) < 10


def _line(text: str) -> str:
    """What a header takes: one line."""
    return " ".join(text.split())[:NAME_LIMIT]
