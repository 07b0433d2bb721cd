"""What a line of the audit was done to, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connector.speech import Text
from webhooks.console.kinds import kind_of
from webhooks.console.reading import Reader

_ONE: Mapping[str, Text] = MappingProxyType(
    {
        "delivery": Text("delivery №", "доставка №"),
        "envelope": Text("request", "запрос"),
        "portal": Text("portal", "портал"),
        "account": Text("account", "аккаунт"),
        "mapping": Text("version", "версия"),
        "source": Text("source", "источник"),
        "record": Text("record of", "запись из"),
        "rows": Text("records of", "записи из"),
        "rules": Text("file", "файл"),
    }
)
_MANY = MappingProxyType({"deliveries": "delivery", "envelopes": "request"})
_FILTER = MappingProxyType(
    {
        "cause": Text("cause", "причина"),
        "destination": Text("to", "куда"),
        "account": Text("from", "откуда"),
        "kind": Text("what", "что"),
        "since": Text("parked since", "отложено с"),
        "until": Text("parked before", "отложено до"),
        "text": Text("with the text", "с текстом"),
    }
)
_ALL = Text("all of them", "все, что были")
_SWEPT = re.compile(r"(deliveries|envelopes): (\d{1,9}) \((.*)\)", re.DOTALL)
_PART = re.compile(r'(text)=("(?:[^"\\]|\\.)*")|(\w+)=(\S*)')


@dataclass(frozen=True, kw_only=True)
class Aim:
    """``word`` is ours, ``value`` anybody's; either may be empty."""

    word: str = ""
    value: str = ""


def aims(target: str, read: Reader, who: str = "") -> list[Aim]:
    """One thing, or how many fitted which filter; nothing for what ``who`` did to itself; an odd shape as it is."""
    swept = _SWEPT.fullmatch(target)
    if swept:
        return list(_swept(swept[1], int(swept[2]), swept[3], read))
    side, colon, name = target.partition(":")
    if side == "user":
        return [] if name == who else [Aim(word="→", value=name)]
    if not colon or side not in _ONE:
        return [Aim(value=target)]
    return [Aim(word=read.say(_ONE[side]), value=name)]


def _swept(of: str, count: int, told: str, read: Reader) -> Iterator[Aim]:
    """``told`` is what ``journal.sweeps.described`` writes."""
    yield Aim(word=read.count(count, _MANY[of]))
    if told == "all":
        yield Aim(word=read.say(_ALL))
        return
    if told.startswith("#"):
        yield Aim(value=told)
        return
    for part in _PART.finditer(told):
        name, value = (part[1], _unquoted(part[2])) if part[1] else (part[3], part[4])
        if name == "kind":
            value = read.say(kind_of(value))
        yield Aim(word=read.say(_FILTER.get(name, Text(name, name))), value=value)


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text
