"""What a channel can do, in words: from the manifest of its provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.domain.provider import Capabilities
from connector.domain.telephony import Telephony
from connector.routes import Account
from connector.speech import Text
from webhooks.console.reading import Reader

_MIB = 1024 * 1024
_YES, _NO, _UNKNOWN = Text("yes", "да"), Text("no", "нет"), Text("not stated", "не указано")
_KINDS = {
    "image": Text("pictures", "картинки"),
    "voice": Text("voice", "голосовые"),
    "audio": Text("audio", "аудио"),
    "video": Text("video", "видео"),
    "document": Text("documents", "документы"),
    "sticker": Text("stickers", "стикеры"),
}


@dataclass(frozen=True, kw_only=True)
class Ability:
    """One line; ``value`` is in the reader's language."""

    name: Text
    value: str


def able(account: Account, read: Reader) -> Sequence[Ability]:
    """What the account's provider can do: as a channel, as a telephone system, or both."""
    provider = account.provider
    talk = abilities(provider.capabilities, read) if provider.channel is not None else ()
    return (*talk, *(phone_abilities(provider.telephony, read) if provider.telephony is not None else ()))


def phone_abilities(phone: Telephony, read: Reader) -> Sequence[Ability]:
    """What of telephony the provider offers."""
    flags = (
        (Text("calls by a click", "звонки по клику"), phone.dial),
        (Text("recordings", "записи разговоров"), phone.recording),
        (Text("calls of an outage from the history", "звонки за время сбоя из истории"), phone.history),
        (Text("asks who is responsible", "запрос ответственного"), phone.asks),
        (Text("tells by a stream", "события потоком"), phone.listen),
    )
    return tuple(Ability(name=name, value=read.say(_YES if able is not None else _NO)) for name, able in flags)


def abilities(capable: Capabilities, read: Reader) -> Sequence[Ability]:
    """All of them, the text first."""
    flags = (
        (Text("edit a sent message", "изменение отправленного"), capable.edit),
        (Text("delete a sent message", "удаление отправленного"), capable.delete),
        (Text("read receipts", "отметки о прочтении"), capable.read_receipts),
        (Text("buttons", "кнопки"), capable.buttons),
    )
    return (
        Ability(name=Text("text at once, characters", "текст за раз, знаков"), value=_number(capable.text, read)),
        Ability(
            name=Text("caption of a file, characters", "подпись к файлу, знаков"), value=_number(capable.caption, read)
        ),
        Ability(name=Text("files", "файлы"), value=_files(capable, read)),
        Ability(name=Text("file to a client", "файл клиенту"), value=_size(capable.upload, read)),
        Ability(name=Text("file from a client", "файл от клиента"), value=_size(capable.download, read)),
        *(Ability(name=name, value=read.say(_YES if able else _NO)) for name, able in flags),
        Ability(name=Text("time to answer, hours", "время на ответ, часов"), value=_number(capable.window_hours, read)),
    )


def _number(value: int | None, read: Reader) -> str:
    return read.say(_UNKNOWN) if value is None else read.number(value)


def _size(value: int | None, read: Reader) -> str:
    if value is None:
        return read.say(_UNKNOWN)
    return read.say(Text("up to {n} MB", "до {n} МБ").with_(n=read.number(value / _MIB)))


def _files(capable: Capabilities, read: Reader) -> str:
    kinds = [read.say(words) for kind, words in _KINDS.items() if kind in capable.files]
    return ", ".join(kinds) or read.say(_NO)
