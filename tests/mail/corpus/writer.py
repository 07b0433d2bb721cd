"""A person at a mail program, of which ``programs.yaml`` knows the habits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import yaml

from tests.mail.corpus.case import ADDRESS
from tests.mail.corpus.mime import Headers, letter, multipart, word, written

HERE = Path(__file__).parent
BEGAN = datetime(2025, 11, 3, 8, 0, tzinfo=UTC)
SIGNATURE = "+7 495 000-00-00"


@cache
def data(name: str) -> Mapping[str, Any]:
    """A file of this folder."""
    found: Mapping[str, Any] = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def programs() -> list[str]:
    """All mail programs."""
    return list(data("programs"))


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a person means to send. ``number`` makes it one of its kind; ``answers`` is the text under it."""

    number: int
    program: str
    name: str
    address: str
    subject: str
    said: str
    answers: str = ""
    in_reply_to: str = ""
    references: Sequence[str] = ()
    to: str = ADDRESS
    charset: str = ""
    encoding: str = ""
    more: Headers = field(default_factory=tuple)

    @property
    def message_id(self) -> str:
        """As the program makes it, without ``<>``."""
        return Template(self.habits["id"]).substitute(id=f"{self.number:08x}")

    @property
    def habits(self) -> Mapping[str, Any]:
        """The program's."""
        habits: Mapping[str, Any] = data("programs")[self.program]
        return habits

    @property
    def hidden(self) -> tuple[str, ...]:
        """What must not be shown: the quote and the signature, where there is one."""
        shapes = self.habits.get("html", "") + self.habits.get("text", "")
        return (*([self.answers] if self.answers else []), *([SIGNATURE] if SIGNATURE in shapes else []))

    def headers(self) -> list[tuple[str, str | bytes]]:
        """Its headers; ``more`` come last."""
        charset = self.charset or self.habits["charset"]
        told: list[tuple[str, str | bytes]] = [
            ("Received", "from mx.client.example by mx.acme.example with ESMTPS; Mon, 3 Nov 2025 11:00:00 +0300"),
            ("Date", format_datetime(BEGAN + timedelta(minutes=self.number))),
            ("From", f"{word(self.name, charset)} <{self.address}>"),
            ("To", f"ACME Support <{self.to}>"),
            ("Subject", word(self.subject, charset, "q" if self.number % 2 else "b")),
            ("Message-ID", f"<{self.message_id}>"),
        ]
        told += [("In-Reply-To", f"<{self.in_reply_to}>")] if self.in_reply_to else []
        told += [("References", "\r\n ".join(f"<{each}>" for each in self.references))] if self.references else []
        return [*told, *self.habits.get("headers", {}).items(), *self.more]

    def body(self) -> bytes:
        """The part, or the alternatives."""
        parts = [self._part(kind) for kind in ("text", "html") if kind in self.habits]
        return parts[0] if len(parts) == 1 else multipart("alternative", parts, f"=_{self.number:08x}_alt")

    def raw(self) -> bytes:
        """The whole letter."""
        return letter(self.headers(), self.body())

    def _part(self, kind: str) -> bytes:
        plain = kind == "text"
        told = {"us": ADDRESS, "name": self.name, "from": self.address, "subject": self.subject}
        told |= {"said": self.said, "quoted": self.answers}
        told = told if plain else {name: escape(value, quote=False) for name, value in told.items()}
        quote = Template(self.habits.get(f"{kind}_quote", "")).substitute(told) if self.answers else ""
        text = Template(self.habits[kind]).substitute(told, quote=quote)
        more = "; format=flowed" if plain and self.habits.get("flowed") else ""
        charset, encoding = self.charset or self.habits["charset"], self.encoding or self.habits["encoding"]
        return written(text, charset, encoding, "plain" if plain else "html", more)
