"""A command of ours as a letter that left: what all accounts of mail do the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connector.domain.effects import Acknowledge, Edit, Send
from connector.domain.provider import Outgoing, Upload
from connector.domain.values import Receipt
from connector.errors import PermanentError
from connector.letters.rendering import Link, as_text
from connector.letters.writing import BASE64, Enclosure, Paper, Writer, compose
from connector.providers.postal import PostalSettings, SmtpSettings
from connector.providers.postman import Postman
from connector.providers.smtp import Refusal
from connector.speech import Text

Copy = Literal["append", "server", "bcc", "none"]
Notes = tuple[tuple[str, str], ...]

# They put what leaves by their SMTP into the mailbox's Sent folder themselves (facts/providers.md §4.1).
KEEPING = (
    ".gmail.com",
    ".googlemail.com",
    ".yandex.ru",
    ".yandex.com",
    ".yandex.net",
    ".office365.com",
    ".outlook.com",
)
HEAD = 4096  # bytes of a letter without text and files
MIB = 1024 * 1024

_UNCHANGEABLE = Text(
    "A letter that was sent cannot be changed: the client has it already. Write another one.",
    "Отправленное письмо изменить нельзя: оно уже у клиента. Напишите ещё одно.",
)
_IRREVOCABLE = Text(
    "A letter that was sent cannot be taken back: the client has it already.",
    "Отправленное письмо отозвать нельзя: оно уже у клиента.",
)
_NO_HEADING = Text(
    "Nobody said whom the letter is for. Write to the client from the mail program.",
    "Неизвестно, кому отправить письмо. Напишите клиенту из почтовой программы.",
)
_EMPTY = Text(
    "There is nothing in this message that a letter can say; write some text.",
    "В этом сообщении нет ничего, что можно написать в письме; напишите текст.",
)
_AS_LINK = Text(
    "{name} ({mib} MiB) is too large for a letter: the client got a link, which expires.",
    "Файл {name} ({mib} МиБ) слишком велик для письма: клиент получил ссылку, срок её действия ограничен.",
)
_NOT_TO = Text(
    "The letter was sent, but not to {address} in copy. {why}",
    "Письмо отправлено, но не адресату копии {address}. {why}",
)
_NO_COPY = Text(
    "The letter was sent, but the server did not take our own hidden copy. {why}",
    "Письмо отправлено, но сервер не принял нашу скрытую копию. {why}",
)
_UNFIT = Text("A letter cannot be sent to such an address.", "На такой адрес письмо отправить нельзя.")


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A letter that left, and what the operator should know of it."""

    paper: Paper
    notes: Notes = ()

    def receipt(self, *more: Text) -> Receipt:
        """With further notes."""
        return Receipt(ids=(self.paper.message_id,), notes=(*self.notes, *((note.en, note.ru) for note in more)))


def send(outgoing: Outgoing, settings: PostalSettings, http: Any) -> Receipt:
    """Carry out a command of an account that has no folders of its own. Raises like :func:`post`."""
    if not isinstance(outgoing.command, Send):
        return other(outgoing.command)
    return post(outgoing.command, outgoing.uploads, settings, http, copy_of(settings.smtp, folders=False)).receipt()


def other(command: Any) -> Receipt:
    """What a letter cannot do: ``PermanentError`` for an edit and a deletion; a press needs no answer."""
    if isinstance(command, Acknowledge):
        return Receipt()
    raise PermanentError("mail.unchangeable", hint=_UNCHANGEABLE if isinstance(command, Edit) else _IRREVOCABLE)


def post(command: Send, uploads: Sequence[Upload], settings: PostalSettings, postman: Postman, copy: Copy) -> Posted:
    """Write the letter and send it. Raises ``TransientError``, ``PermanentError`` or ``Stopped``."""
    if command.heading is None:
        raise PermanentError("mail.no_heading", hint=_NO_HEADING)
    if not uploads and not as_text(command.text).strip():
        raise PermanentError("mail.empty", hint=_EMPTY)
    within, beside = parted(uploads, postman.largest - HEAD - 8 * len(command.text))
    paper = compose(
        command.heading,
        command.text,
        [Enclosure(name=upload.name, mime=upload.mime, data=upload.read()) for upload in within],
        [_link(upload) for upload in beside],
        writer=Writer(address=settings.address, name=settings.name, mark=settings.mark),
        conversation=command.conversation,
        at=postman.now(),
    )
    own = (paper.writer,) if copy == "bcc" else ()
    refused = postman.deliver(paper, own)
    notes = [_AS_LINK.with_(name=each.name, mib=max(1, round(each.size / MIB))) for each in beside]
    notes += [_NOT_TO.with_(address=address, why=_UNFIT) for address in paper.unfit]
    notes += [_note(refusal, own) for refusal in refused]
    return Posted(paper=paper, notes=tuple((note.en, note.ru) for note in notes))


def parted(uploads: Sequence[Upload], room: float) -> tuple[list[Upload], list[Upload]]:
    """``(those that find room, the others)``: in their order, a file that is too large lets the next ones in."""
    within: list[Upload] = []
    beside: list[Upload] = []
    for upload in uploads:
        needs = upload.size * BASE64 + HEAD
        (within if needs <= room else beside).append(upload)
        room -= needs if needs <= room else 0
    return within, beside


def copy_of(smtp: SmtpSettings, *, folders: bool) -> Copy:
    """Who keeps what we sent; ``folders``: we can put it into one. Without any only a hidden copy can be kept."""
    if not folders:
        return "bcc" if smtp.copy_ == "bcc" else "none"
    if smtp.copy_ != "auto":
        return smtp.copy_
    return "server" if f".{smtp.host.lower()}".endswith(KEEPING) else "append"


def _link(upload: Upload) -> Link:
    return upload.name, upload.url


def _note(refusal: Refusal, own: Sequence[str]) -> Text:
    if refusal.address in own:
        return _NO_COPY.with_(why=refusal.error.hint)
    return _NOT_TO.with_(address=refusal.address, why=refusal.error.hint)
