"""What is right and wrong with an account of mail beyond its provider's own check."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from connector.domain.mailbox import MailSettings
from connector.domain.provider import Finding
from connector.errors import ConnectorError
from connector.journal.finding import Wish
from connector.listening.health import CONNECTED, REFUSED, state_in_words
from connector.listening.mailboxes import Mailbox, mailboxes
from connector.portal.phrases import age
from connector.repair import House
from connector.speech import Text

_LITTLE, _SCARCE = 2 << 30, 200 << 20  # bytes that are free where letters and their files are kept
_MIB = 1 << 20
_NAMED, _LOOKED = 5, 20

_UNSEEN = Text("What is known of the letters can be read", "Сведения о письмах читаются")
_STREAM = Text("The mailbox is read: {state}", "Чтение ящика: {state}")
_FOLDERS = Text("Read so far: {names}", "Прочитано: {names}")
_FOLDER = Text("{name} up to letter {uid}", "{name} до письма {uid}")
_UNREAD = Text("No folder has been read yet", "Ни одна папка ещё не прочитана")
_READ_SOON = Text(
    "It begins with the connection: look again in a minute", "Чтение начинается сразу: взгляните через минуту"
)
_LETTER = Text("The last letter came {age} ago", "Последнее письмо пришло {age} назад")
_NO_LETTER = Text("A letter has come", "Письма приходили")
_WRITE_ONE = Text(
    "None yet. Write one to {address} from another mailbox: it is seen here within a minute.",
    "Пока ни одного. Напишите на {address} с другого ящика: письмо появится здесь в течение минуты.",
)
_HELD = Text("Letters in quarantine, taken for spam: {count}", "Писем в карантине, приняты за спам: {count}")
_ROOM = Text("Room for letters and their files: {free} MB are free", "Место для писем и файлов: свободно {free} МБ")
_NO_ROOM = Text("Room for letters and their files can be seen", "Место для писем и файлов видно")
_MAKE_ROOM = Text(
    "Make room on the disk of {folder}. While nothing fits there, letters wait at the server and nothing is lost.",
    "Освободите место на диске, где {folder}. Пока места нет, письма ждут на сервере, ничего не теряется.",
)
_PAUSE = Text(
    "What an operator writes within {seconds} s becomes one letter",
    "Что оператор напишет за {seconds} с, уйдёт одним письмом",
)
_AT_ONCE = Text("Every line of an operator leaves as a letter of its own", "Каждая строка оператора уходит письмом")
_SET_PAUSE = Text(
    "Clients get a letter a line. Write `pause: 30` into the account.",
    "Клиенты получают по письму на строку. Впишите в аккаунт `pause: 30`.",
)


def mail_findings(
    house: House, name: str, *, free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
) -> Iterator[Finding]:
    """The stream, the folders, the last letter, the quarantine, the disk (``free`` bytes of a folder) and the pause of
    the account ``name``. Never raises.
    """
    try:
        one = next(box for box in mailboxes(house) if box.name == name)
        yield from _stream(one)
        yield _letter(house, one)
        yield _held(house, name)
    except ConnectorError as error:
        yield Finding(_UNSEEN, "bad", error.hint, "letters.unseen")
    yield _room(house.settings.var, free)
    yield _pause(house, name)


def _stream(one: Mailbox) -> Iterator[Finding]:
    """One that was lost a moment ago is nobody's trouble yet; a refusal does not go by itself."""
    if not one.state:
        return
    what, good = _STREAM.with_(state=state_in_words(one.state)), one.state == CONNECTED
    bad = bool(one.problems) or one.state == REFUSED
    why = one.why if any(one.why) else next(iter(one.problems), None)
    yield Finding(what, "ok" if good else "bad" if bad else "warn", None if good else why, "letters.stream")
    if one.folders:
        yield Finding(_FOLDERS.with_(names=_names(one)), "ok", code="letters.folders")
    elif good:
        yield Finding(_UNREAD, "warn", _READ_SOON, "letters.folders")


def _names(one: Mailbox) -> Text:
    told = [_FOLDER.with_(name=folder.name[:80], uid=folder.uid) for folder in one.folders[:_NAMED]]
    more = ", …" if len(one.folders) > _NAMED else ""
    return Text(", ".join(text.en for text in told) + more, ", ".join(text.ru for text in told) + more)


def _letter(house: House, one: Mailbox) -> Finding:
    rows = house.journal.envelopes_page(Wish(account=one.name), limit=_LOOKED).rows
    last = next((row.received_at for row in rows if row.method != "TEST"), None)
    if last is None:
        return Finding(_NO_LETTER, "warn", _WRITE_ONE.with_(address=one.address), "letters.last")
    seconds = max(0.0, (house.clock() - last).total_seconds())
    return Finding(_LETTER.with_(age=age(seconds)), "ok", code="letters.last")


def _held(house: House, name: str) -> Finding:
    held = int(house.journal.stats().get(f"account:{name}", {}).get("held", 0))
    return Finding(_HELD.with_(count=held), "ok", code="letters.quarantine")


def _room(var: Path, free: Callable[[Path], int]) -> Finding:
    folder = next((one for one in (var / "media", var) if one.is_dir()), Path())
    try:
        left = free(folder)
    except OSError as error:
        return Finding(_NO_ROOM, "warn", Text(str(error), str(error)), "letters.room")
    hint = _MAKE_ROOM.with_(folder=folder) if left < _LITTLE else None
    what = _ROOM.with_(free=left // _MIB)
    if left < _SCARCE:
        return Finding(what, "bad", hint, "letters.room")
    return Finding(what, "warn" if hint else "ok", hint, "letters.room")


def _pause(house: House, name: str) -> Finding:
    settings = house.accounts[name].settings
    assert isinstance(settings, MailSettings)
    if not settings.pause:
        return Finding(_AT_ONCE, "warn", _SET_PAUSE, "letters.pause")
    return Finding(_PAUSE.with_(seconds=f"{settings.pause:g}"), "ok", code="letters.pause")
